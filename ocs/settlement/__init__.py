"""Settlement with partners: what each owes the other for a month of traffic, and where two sides' records differ."""
