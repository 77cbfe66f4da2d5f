"""Catalogues with any number of plans and prefixes, and calls to price under them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from balance.quantity import SECONDS
from rating.attributes import DESTINATION, DIRECTION
from rating.calendar import Calendar, Zone
from rating.catalogue import Catalogue, GrantPolicy, Plan
from rating.conditions import Attributes, Condition
from rating.decks import DeckRow, RateDeck, deck_of
from rating.periods import DAY, MONTH, USAGE
from rating.prefixes import zones_of
from rating.rates import ROUND_HALF_UP, Rate
from rating.rule import CHARGE, Rule
from rating.selection import Entry, build_selectors
from rating.sharing import Sharing
from rating.tariff import MICROS, UNITS, Cap, Counter, Discount, Tariff, Tier
from rating.usage import Context, Standing, Usage

STARTED_MS: Final = 1_795_546_680_000
"""Tuesday 2026-11-24 18:58 UTC, two minutes before peak ends in Berlin's winter... and on for ten days."""
SPREAD_S: Final = 864_000
LAST: Final = 1 << 62
MOST_SECONDS: Final = 600
PRICES: Final = 500
"""Different prices of a deck, and of plans where nothing else is said."""
GRANT: Final = GrantPolicy(60, 3600, 3600, 0, -1)


@dataclass(frozen=True)
class Calls:
    """What is priced: each usage in its context."""

    usages: list[Usage]
    contexts: list[Context]


def berlin() -> Zone:
    """Central European time with a change each half year."""
    changes = [1_774_746_000 + half_year * 15_724_800 for half_year in range(-20, 20)]
    return Zone("Europe/Berlin", [-(1 << 40), *changes], [7200 if place % 2 else 3600 for place in range(41)])


def per_minute(price_micros: int) -> Rate:
    """A price for 60 seconds."""
    return Rate(SECONDS, price_micros, 60, 1, ROUND_HALF_UP)


def random_prefixes(count: int, chance: random.Random) -> list[bytes]:
    """Different prefixes of one to nine digits, none of which begins with 49."""
    longest = 3 if count <= 100 else 9
    found: dict[bytes, None] = {}
    while len(found) < count:
        length = chance.randint(1 if count <= 100 else 3, longest)
        prefix = b"%d" % chance.randrange(10 ** (length - 1), 10**length)
        if not prefix.startswith(b"49"):
            found[prefix] = None
    return list(found)


def priced(prefixes: list[bytes], chance: random.Random) -> RateDeck:
    """A deck with a price for each prefix, one second by one after the first minute."""
    rates = [per_minute(1000 * number) for number in range(1, PRICES + 1)]
    rows = {
        prefix: [DeckRow(b"abroad", chance.choice(rates), 1, 60, line=line)]
        for line, prefix in enumerate(prefixes, 2)
    }
    return deck_of("international", rows, "international.csv")


def rich_tariff(calendar: Calendar) -> Tariff:
    """Bands, tiers of the month's minutes, a connection fee, caps, a counter and a discount."""
    minutes = Counter("month-minutes", UNITS, SECONDS, MONTH)
    caps = [Cap("call", 3_000_000, USAGE), Cap("day", 9_000_000, DAY, Counter("day", MICROS, 0, DAY))]
    tiers = [
        Tier(6000, [per_minute(90_000), per_minute(45_000)]),
        Tier(LAST, [per_minute(60_000), per_minute(30_000)]),
    ]
    return Tariff(
        SECONDS,
        tiers,
        increment=60,
        connection_fee_micros=50_000,
        calendar=calendar,
        tier_counter=minutes,
        counts=[minutes],
        caps=caps,
        discounts=[Discount("happy", numerator=4, denominator=5, calendar=calendar, bands=frozenset([1]))],
    )


def catalogue_of(plans: int, prefixes: int, *, zones: int = 2, prices: int = PRICES) -> Catalogue:
    """Plans with calls at home in bands, rich ones to ``eu``, others by a deck of so many prefixes.

    ``prices`` is how many different ones calls at home have.
    """
    chance = random.Random(prefixes)
    day = [(0, 1), (8 * 3600, 0), (20 * 3600, 1)]
    calendar = Calendar("standard", ["peak", "off-peak"], [day] * 5 + [[(0, 1)]] * 3, frozenset(), False)
    deck = priced(random_prefixes(prefixes, chance), chance)
    of_zone = dict.fromkeys(random_prefixes(zones, chance), b"abroad") if zones > 2 else {}
    of_zone |= {b"49": b"germany", b"4915": b"mobile"}
    sharing = Sharing()
    made = {
        name: _plan(name, calendar, deck, sharing, 1000 * (50 + number % prices))
        for number, name in enumerate(f"plan-{number}" for number in range(plans))
    }
    return Catalogue("bench", made, {}, frozenset(), destinations=zones_of(of_zone), zone=berlin())


def _plan(plan_id: str, calendar: Calendar, deck: RateDeck, sharing: Sharing, price_micros: int) -> Plan:
    outgoing = Condition(DIRECTION, frozenset([b"outgoing"]))
    bands = Tariff(
        SECONDS, [Tier(LAST, [per_minute(price_micros), per_minute(price_micros // 2)])], calendar=calendar
    )
    found = []
    for name, tariff, zone in (
        ("home", bands, b"germany"),
        ("mobile", rich_tariff(calendar), b"mobile"),
        ("abroad", Tariff(SECONDS, [], deck=deck), b""),
    ):
        asked = [Condition(DESTINATION, frozenset([zone])), outgoing] if zone else [outgoing]
        rule = Rule(f"{plan_id}/{name}", CHARGE, per_minute(0), GRANT, tariff=tariff, conditions=asked)
        found.append(Entry("voice", rule))
    selectors = build_selectors(found, sharing).selectors
    return Plan(plan_id, plan_id, "EUR", True, {}, {}, [], selectors=selectors)


def calls_of(catalogue: Catalogue, numbers: list[bytes], seed: int = 1) -> Calls:
    """One call to each number, on plans, at times and of lengths by chance."""
    chance = random.Random(seed)
    standing = Standing()
    contexts = [Context(catalogue, plan_id, standing=standing) for plan_id in catalogue.plans]
    usages = [
        Usage(
            "voice",
            STARTED_MS + chance.randrange(SPREAD_S) * 1000,
            seconds=chance.randrange(1, MOST_SECONDS),
            attributes=Attributes(called=number, direction=b"outgoing"),
        )
        for number in numbers
    ]
    return Calls(usages, [chance.choice(contexts) for _ in usages])


def numbers_of(prefix: bytes, count: int, seed: int = 2) -> list[bytes]:
    """Numbers that begin with a prefix."""
    chance = random.Random(seed)
    return [prefix + b"%08d" % chance.randrange(10**8) for _ in range(count)]


def numbers_in_deck(catalogue: Catalogue, count: int, seed: int = 3) -> list[bytes]:
    """Numbers behind the deck's prefixes, each prefix as likely as another."""
    chance = random.Random(seed)
    tariff = next(iter(catalogue.plans.values())).selectors["voice"].all_rules()[-1].tariff
    if tariff is None or tariff.deck is None:
        raise ValueError("the plan's weakest rule has no deck")
    listed = tariff.deck.prefixes
    prefixes = [listed.at(index) for index in range(listed.count)]
    return [chance.choice(prefixes) + b"%06d" % chance.randrange(10**6) for _ in range(count)]
