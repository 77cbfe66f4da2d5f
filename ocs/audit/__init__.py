"""The audit: proof that the books of all accounts, sessions and records agree."""
