"""Usages that stand for a rule: small, usual and large, with what the rule asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from balance.quantity import OCTETS, SECONDS
from config.quantity_text import Quantity, format_quantity
from rating.attributes import ATTRIBUTE_NAMES, DESTINATION, DESTINATION_GROUP, NETWORK, NETWORK_GROUP
from rating.calendar import band_at
from rating.catalogue import Catalogue
from rating.conditions import Attributes
from rating.decks import RateDeck
from rating.prefixes import PrefixZones
from rating.rule import Rule
from rating.usage import Usage

TUESDAY_NOON_MS: Final = 1_795_521_600_000
"""2026-11-24 12:00 UTC: when a sample is used whose rule does not begin later."""
HOURS: Final = 168
"""A week, in which every band of a calendar is looked for but those of holidays."""
MOST_PREFIXES: Final = 1000
"""How many prefixes of a deck are tried."""
SIZES: Final = {OCTETS: (1_000_000, 1_000_000_000), SECONDS: (60, 300, 3600)}


@dataclass(frozen=True)
class Sample:
    """A usage and what it is in words."""

    words: str
    usage: Usage


def samples_of(service: str, rule: Rule, catalogue: Catalogue, since_ms: int = 0) -> list[Sample]:
    """Usages from some time on that a rule would price, in each band of its calendar.

    None where no prefix leads to its zone.
    """
    attributes = Attributes()
    words = [service]
    for condition in rule.conditions:
        if condition.attribute in {DESTINATION, DESTINATION_GROUP}:
            attributes.called = _number_in(catalogue.destinations, condition.members)
            if not attributes.called:
                return []
            words.append(f"to {min(condition.values).decode()}")
        elif condition.attribute in {NETWORK, NETWORK_GROUP}:
            attributes.network = _number_in(catalogue.networks, condition.members)
            if not attributes.network:
                return []
            words.append(f"in network {min(condition.values).decode()}")
        else:
            value = min(condition.values)
            name = ATTRIBUTE_NAMES[condition.attribute]
            setattr(attributes, name, value)
            if value:
                words.append(f"{name.replace('_', ' ')} {value.decode()}")
    if rule.tariff is not None and rule.tariff.deck is not None and not attributes.called:
        attributes.called = _number_of_decks(rule.tariff.band_decks or [rule.tariff.deck])
        words.append(f"to {attributes.called.decode()}")
    return [
        _sample(service, rule.unit_kind(), units, start_ms, attributes, [*words, *band])
        for start_ms, band in _starts(rule, catalogue, since_ms)
        for units in SIZES.get(rule.unit_kind(), (1,))
    ]


def _sample(
    service: str, kind: int, units: int, start_ms: int, attributes: Attributes, words: list[str]
) -> Sample:
    usage = Usage(service, start_ms, attributes=attributes)
    if kind == OCTETS:
        usage.octets = units
        usage.input_octets, usage.output_octets = units, 0
    elif kind == SECONDS:
        usage.seconds = units
    else:
        usage.units = units
    return Sample(f"{', '.join(words)}: {format_quantity(Quantity(kind, units))}", usage)


def _number_of_decks(decks: list[RateDeck]) -> bytes:
    """The first prefix of the first deck for which all of them have a price; its very first where none has."""
    prefixes = decks[0].prefixes
    for index in range(min(prefixes.count, MOST_PREFIXES)):
        if all(deck.prefixes.find(prefixes.at(index)) >= 0 for deck in decks):
            return prefixes.at(index)
    return prefixes.at(0)


def _number_in(zones: PrefixZones | None, wanted: frozenset[bytes]) -> bytes:
    """A number of one of the zones: the shortest of their prefixes; b"" = there is none."""
    if zones is None:
        return b""
    count = zones.prefixes.count
    found = (zones.prefixes.at(index) for index in range(count) if zones.zone_at(index) in wanted)
    return min(found, key=lambda prefix: (len(prefix), prefix), default=b"")


def _starts(rule: Rule, catalogue: Catalogue, since_ms: int) -> list[tuple[int, list[str]]]:
    """When samples begin: once in each band of the rule's calendar, with the band's name."""
    start_ms = max(TUESDAY_NOON_MS, rule.valid_from_ms, since_ms)
    calendar = None if rule.tariff is None else rule.tariff.calendar
    if calendar is None:
        return [(start_ms, [])]
    found: dict[int, int] = {}
    for hour in range(HOURS):
        at_ms = start_ms + hour * 3_600_000
        band, _ = band_at(calendar, catalogue.zone, at_ms)
        found.setdefault(band, at_ms)
    return [(at_ms, [calendar.bands[band]]) for band, at_ms in sorted(found.items())]
