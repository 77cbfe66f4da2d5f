"""Charging data records: from the store's outbox to files."""
