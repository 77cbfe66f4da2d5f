"""Money in: payments, what they pay, what is still owed."""
