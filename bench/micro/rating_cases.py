"""Pricing one call, and what money buys of one, under tariffs of several kinds."""

from __future__ import annotations

from functools import partial
from typing import Final

from bench.calls import calls_of, catalogue_of, numbers_in_deck
from bench.micro.cases import Case
from rating.engine import afford, price
from rating.usage import Context, Funds

PREFIXES: Final = 10_000
FUNDS: Final = Funds(5_000_000)
HOUR: Final = 3600


def rating_cases() -> list[Case]:
    """Bands, everything at once, a deck, and the inverse of each kind."""
    catalogue = catalogue_of(10, PREFIXES)
    abroad = numbers_in_deck(catalogue, 1)[0]
    found = []
    for name, number in (
        ("bands", b"49301234567"),
        ("bands, tiers, fee, caps, discount", b"49151234567"),
        ("a deck", abroad),
    ):
        calls = calls_of(catalogue, [number])
        usage, context = calls.usages[0], calls.contexts[0]
        found.append(Case(f"price a call, {name}", partial(price, usage, context)))
        found.append(Case(f"affordable seconds, {name}", partial(afford, FUNDS, context, usage, HOUR)))
        if number == b"49301234567":
            traced = Context(catalogue, context.plan_id, trace=True)
            found.append(Case("price a call, bands, with its trace", partial(price, usage, traced)))
    return found
