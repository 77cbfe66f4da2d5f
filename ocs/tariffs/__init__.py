"""Trying price lists: what a usage costs and why, what differs between two, past records under a new one."""
