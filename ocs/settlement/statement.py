"""The statement as data: what documents show and the books count. Immutable, with one JSON form.

``incoming`` is the partner's traffic that we carry and the partner pays for; ``outgoing`` is ours that the
partner carries and we pay for. Amounts are micros of the currency beside them, days ISO texts of the
agreement's zone.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

INCOMING: Final = "incoming"
OUTGOING: Final = "outgoing"
DIRECTIONS: Final = (INCOMING, OUTGOING)

USAGE: Final = "usage"
CONNECTION: Final = "connection"
NO_UNITS: Final = "no units"
AGREED: Final = "agreed"
"""Kinds of line: units at a price, connection fees by the call, records of which nothing was counted (calls
that nobody answered), and an amount that was agreed upon."""


class StatementParty(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who settles; ``address`` without the name, ``language`` of the documents, left out where none is said."""

    partner: str
    name: str
    address: tuple[str, ...]
    email: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class FrozenInput:
    """What the statement was made of; the same input gives the same octets.

    Records of the lake's files up to ``lake_cut`` that began before the period's end, less those of files up to
    ``after_file`` that began before ``after_ms``: they were on the statement before. ``agreement`` is the hash
    of the agreement's content.
    """

    after_file: int
    after_ms: int
    lake_cut: int
    agreement: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """Units of one price. The sum of its records' amounts, each of them rounded by itself (``rounding``).

    ``month`` is when the usage was; ``late`` = before the period. ``band`` is "" and ``tier`` 0 where the price
    has none; tiers count from 1. ``units`` are those counted, in minimums and increments (``calls`` of a
    connection fee). For a call in two bands or tiers each line counts a record; a direction counts it once.
    """

    number: int
    direction: str
    kind: str
    service: str
    month: str
    late: bool
    destination: str
    band: str
    tier: int
    records: int
    units: int
    unit_kind: str
    price_micros: int
    per_units: int
    amount_micros: int
    currency: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class UnratedUsage:
    """Records for which the agreement has no price, and why: they are on the statement at nothing."""

    direction: str
    service: str
    reason: str
    records: int
    used_units: int


@dataclass(frozen=True, slots=True)
class DirectionTotal:
    """One way: ``usage_micros`` = its lines, ``total_micros`` = that and the rounding to the smallest coin.

    ``before_micros`` is what the corrected document and its corrections stated; ``due_micros`` =
    ``total_micros`` - ``before_micros``.
    """

    direction: str
    currency: str
    digits: int
    records: int
    usage_micros: int
    rounding_micros: int
    total_micros: int
    before_micros: int
    due_micros: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a direction comes to in the currency of settlement: ``rate`` is that of ``day``, in decimal text."""

    direction: str
    due_micros: int
    currency: str
    rate: str
    day: str
    converted_micros: int
    to_currency: str


@dataclass(frozen=True, slots=True)
class Net:
    """Both ways against each other: above zero the partner pays, below zero we do."""

    currency: str
    digits: int
    receivable_micros: int
    payable_micros: int
    net_micros: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One document. ``number`` is "" before commit; ``corrects`` and ``reason`` are a correction's."""

    kind: str
    number: str
    corrects: str
    reason: str
    operator: StatementParty
    party: StatementParty
    agreement: str
    period: str
    time_zone: str
    from_at: str
    to_at: str
    issue_day: str
    due_day: str
    lines: tuple[StatementLine, ...]
    unrated: tuple[UnratedUsage, ...]
    totals: tuple[DirectionTotal, ...]
    conversions: tuple[Conversion, ...]
    net: tuple[Net, ...]
    frozen: FrozenInput


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Statement)


def canonical_json(statement: Statement) -> bytes:
    """The one JSON form of a statement: fields in the order above, UTF-8, no spaces, one line."""
    return _ENCODER.encode(statement)


def parse_statement(octets: bytes | str) -> Statement:
    """The statement of its JSON form; msgspec.DecodeError where it is none."""
    return _DECODER.decode(octets)
