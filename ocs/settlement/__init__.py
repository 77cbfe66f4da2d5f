"""Settlement with partners: what each owes the other for a month of traffic, and where records differ."""


class SettlementError(Exception):
    """What was asked for can not be done; the message says why."""
