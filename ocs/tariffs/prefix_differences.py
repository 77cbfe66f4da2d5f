"""What changes in long lists of prefixes: how many, and the largest changes by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from balance.quantity import SECONDS
from config.quantity_text import Quantity, format_quantity
from config.tariff_text import format_money
from ocs.tariffs.facts import validity_words
from rating.calendar import Zone
from rating.decks import DeckRow, RateDeck
from rating.prefixes import PrefixZones

MOST_LISTED: Final = 10
"""So many of each kind of change are listed, the largest changes of prices first."""


def zone_lines(name: str, old: PrefixZones | None, new: PrefixZones | None) -> list[str]:
    """The prefixes that come, go and change their zone."""
    was, is_now = _zones_by_prefix(old), _zones_by_prefix(new)
    moved = [prefix for prefix in was.keys() & is_now.keys() if was[prefix] != is_now[prefix]]
    added, gone = is_now.keys() - was.keys(), was.keys() - is_now.keys()
    if not (added or gone or moved):
        return []
    lines = [f"{name}: {len(added)} new prefixes, {len(gone)} gone, {len(moved)} in another zone"]
    lines += [f"  + {prefix.decode()} {is_now[prefix].decode()}" for prefix in _first(added)]
    lines += [f"  - {prefix.decode()} {was[prefix].decode()}" for prefix in _first(gone)]
    return lines + [
        f"  {prefix.decode()} {was[prefix].decode()} -> {is_now[prefix].decode()}" for prefix in _first(moved)
    ]


def deck_lines(deck_id: str, old: RateDeck | None, new: RateDeck | None, zone: Zone) -> list[str]:
    """The rows of a deck that come, go and change; of a prefix all rows are compared, the latest is shown."""
    if old is None or new is None:
        return [f"rate deck {deck_id} is {'new' if old is None else 'gone'}"]
    was, is_now = _rows_by_prefix(old), _rows_by_prefix(new)
    added, gone = is_now.keys() - was.keys(), was.keys() - is_now.keys()
    changed = []
    for prefix in was.keys() & is_now.keys():
        pair = _first_change(_rows(old, was[prefix]), _rows(new, is_now[prefix]))
        if pair is not None:
            changed.append((prefix, *pair))
    if not (added or gone or changed):
        return []
    dearer = sum(1 for _, before, after in changed if _cross(after, before) > 0)
    counts = f"{len(added)} new prefixes, {len(gone)} gone, {len(changed)} changed, {dearer} of them dearer"
    lines = [f"rate deck {deck_id}: {counts}"]
    for sign, deck, prefixes, places in (("+", new, added, is_now), ("-", old, gone, was)):
        for prefix in _first(prefixes):
            row = deck.row_at(places[prefix])
            lines.append(f"  {sign} {prefix.decode()} {row.destination.decode()}: {_row_words(row, zone)}")
    changed.sort(key=lambda each: (-abs(_cross(each[2], each[1])), each[0]))
    for prefix, before, after in changed[:MOST_LISTED]:
        where = before.destination.decode()
        if before.destination != after.destination:
            where += f" -> {after.destination.decode()}"
        words = f"{_row_words(before, zone)} -> {_row_words(after, zone)}"
        lines.append(f"  {prefix.decode()} {where}: {words}")
    return lines


def _first(prefixes: Iterable[bytes]) -> list[bytes]:
    return sorted(prefixes)[:MOST_LISTED]


def _rows_by_prefix(deck: RateDeck) -> dict[bytes, int]:
    """The place of each prefix's last row."""
    return {deck.prefixes.at(index): index for index in range(deck.prefixes.count)}


def _rows(deck: RateDeck, last: int) -> list[DeckRow]:
    """All rows of a prefix, the latest first."""
    prefix = deck.prefixes.at(last)
    found = []
    while last >= 0 and deck.prefixes.at(last) == prefix:
        found.append(deck.row_at(last))
        last -= 1
    return found


def _first_change(was: list[DeckRow], is_now: list[DeckRow]) -> tuple[DeckRow, DeckRow] | None:
    """The latest rows that differ."""
    for before, after in zip(was, is_now, strict=False):
        if _values(before) != _values(after):
            return before, after
    return None if len(was) == len(is_now) else (was[0], is_now[0])


def _zones_by_prefix(zones: PrefixZones | None) -> dict[bytes, bytes]:
    if zones is None:
        return {}
    return {zones.prefixes.at(index): zones.zone_at(index) for index in range(zones.prefixes.count)}


def _values(row: DeckRow) -> tuple[object, ...]:
    rate = row.rate
    counting = (row.increment, row.minimum, row.connection_fee_micros, row.valid_from_ms, row.valid_until_ms)
    return (row.destination, rate.price_micros, rate.per_units, rate.rounding, *counting)


def _cross(one: DeckRow, other: DeckRow) -> int:
    """How much dearer one price is than another, times both quantities."""
    return one.rate.price_micros * other.rate.per_units - other.rate.price_micros * one.rate.per_units


def _row_words(row: DeckRow, zone: Zone) -> str:
    rate = row.rate
    per = (
        f"{rate.per_units} s"
        if rate.unit_kind == SECONDS
        else format_quantity(Quantity(rate.unit_kind, rate.per_units))
    )
    words = f"{format_money(rate.price_micros, '').strip()} per {per}"
    if row.increment != 1 or row.minimum:
        words += f" by {row.minimum or row.increment}/{row.increment}"
    if row.connection_fee_micros:
        words += f" and {format_money(row.connection_fee_micros, '').strip()} to connect"
    return words + validity_words(row.valid_from_ms, row.valid_until_ms, zone)
