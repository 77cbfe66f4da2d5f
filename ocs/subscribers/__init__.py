"""Subscribers: loading them from files and looking at one."""
