"""Revisions of the tables."""
