"""The bill: what was used and what is due by contract, on one invoice for each billing account."""
