"""Accounts: topping up and looking at one."""
