"""What the rows of a deck cost: each different price once, in octets, made an object when it is asked for."""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from rating.deck_row import ALONE, DeckRow
from rating.giving_way import OFTEN, give_way
from rating.rates import ROUND_UP, Rate

RECORD: Final = 72
"""Octets of a price."""
MOST_REMEMBERED: Final = 200_000
"""Different prices among which an equal one is looked for while a deck is made."""
RECENT: Final = 1024
"""Prices that stay objects, a power of two: those that are asked for again and again."""
_OWN: Final = 256
"""Beside the rounding: the row says how it counts."""
_ROUNDING: Final = 255
_NO_ROW: Final = DeckRow(b"", Rate(0, 0, 1, 1, ROUND_UP))


class DeckPrices:
    """Prices by their place. ``destinations`` are named in records by their numbers."""

    def __init__(self, destinations: list[bytes], records: bytes) -> None:
        self.destinations = destinations
        self.records = records
        self._recent: list[DeckRow] = [_NO_ROW] * RECENT

    def share(self, other: DeckPrices) -> None:
        """Take what another deck's prices have in common with these, so that it is in memory once."""
        if self.destinations == other.destinations:
            self.destinations = other.destinations
        if self.records == other.records:
            self.records = other.records

    def price(self, place: i64) -> DeckRow:
        """The price at a place, as a row without a line."""
        slot: i64 = place & (RECENT - 1)
        row = self._recent[slot]
        if row.place != place:
            row = self.row(place, 0)
            self._recent[slot] = row
        return row

    def row(self, place: i64, line: i64) -> DeckRow:
        """The price at a place as the row of a line."""
        records = self.records
        at: i64 = place * RECORD
        rate = Rate(
            i64(read_i32_be(records, at + 64)),
            read_i64_be(records, at + 8),
            read_i64_be(records, at + 16),
            1,
            i64(read_i32_be(records, at + 68)) & _ROUNDING,
        )
        found = DeckRow(
            self.destinations[i64(read_i32_be(records, at))],
            rate,
            read_i64_be(records, at + 24),
            read_i64_be(records, at + 32),
            read_i64_be(records, at + 40),
            read_i64_be(records, at + 48),
            read_i64_be(records, at + 56),
            line,
            i64(read_i32_be(records, at + 4)),
        )
        found.place = place
        return found

    def destination_at(self, place: i64) -> i64:
        """The number of a price's destination."""
        return i64(read_i32_be(self.records, place * RECORD))

    def price_micros_at(self, place: i64) -> i64:
        """A price alone."""
        return read_i64_be(self.records, place * RECORD + 8)

    def counted(self, increment: i64, minimum: i64) -> DeckPrices:
        """The same prices counted otherwise, but for those whose rows say how they count."""
        records = self.records
        counting = BytesWriter()
        write_i64_be(counting, increment)
        write_i64_be(counting, minimum)
        counts = counting.getvalue()
        found = BytesWriter()
        for at in range(0, len(records), RECORD):
            if at % (RECORD * OFTEN) == 0:
                give_way()
            if i64(read_i32_be(records, at + 68)) & _OWN:
                found.write(records[at : at + RECORD])
            else:
                found.write(records[at : at + 24])
                found.write(counts)
                found.write(records[at + 40 : at + RECORD])
        return DeckPrices(self.destinations, found.getvalue())

    def followed(self, place: i64, following: i64) -> bytes:
        """The record of a price that another one follows."""
        at: i64 = place * RECORD
        link = BytesWriter()
        link.write(self.records[at : at + 4])
        write_i32_be(link, i32(following))
        link.write(self.records[at + 8 : at + RECORD])
        return link.getvalue()


class PriceWriter:
    """Collects prices and gives each its place; equal ones have one, as long as there are not too many."""

    def __init__(self) -> None:
        self.destinations: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._places: dict[bytes, int] = {}
        self._records = BytesWriter()
        self._count: i64 = 0

    def destination(self, name: bytes) -> i64:
        """The number of a destination."""
        number = self._numbers.get(name)
        if number is None:
            number = len(self.destinations)
            self.destinations.append(name)
            self._numbers[name] = number
        return number

    def add(  # noqa: PLR0913, PLR0917  (a record: each argument is a field)
        self,
        destination: i64,
        unit_kind: i64,
        price_micros: i64,
        per_units: i64,
        rounding: i64,
        increment: i64,
        minimum: i64,
        connection_fee_micros: i64,
        valid_from_ms: i64,
        valid_until_ms: i64,
        *,
        own: bool = False,
    ) -> i64:
        """The place of a price. ``own``: its row says how it counts."""
        record = BytesWriter()
        write_i32_be(record, i32(destination))
        write_i32_be(record, ALONE)
        write_i64_be(record, price_micros)
        write_i64_be(record, per_units)
        write_i64_be(record, increment)
        write_i64_be(record, minimum)
        write_i64_be(record, connection_fee_micros)
        write_i64_be(record, valid_from_ms)
        write_i64_be(record, valid_until_ms)
        write_i32_be(record, i32(unit_kind))
        write_i32_be(record, i32(rounding | (_OWN if own else 0)))
        return self.place(record.getvalue())

    def add_row(self, row: DeckRow) -> i64:
        """The place of a row's price."""
        rate = row.rate
        return self.add(
            self.destination(row.destination),
            rate.unit_kind,
            rate.price_micros,
            rate.per_units,
            rate.rounding,
            row.increment,
            row.minimum,
            row.connection_fee_micros,
            row.valid_from_ms,
            row.valid_until_ms,
        )

    def place(self, record: bytes) -> i64:
        """The place of a record."""
        known = self._places.get(record)
        if known is not None:
            return known
        place = self._count
        self._count += 1
        self._records.write(record)
        if len(self._places) < MOST_REMEMBERED:
            self._places[record] = place
        return place

    def prices(self) -> DeckPrices:
        """All of them."""
        return DeckPrices(self.destinations, self._records.getvalue())
