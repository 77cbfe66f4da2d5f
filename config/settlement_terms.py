"""Agreements with partners as values: who settles with whom, for which trunks, at which prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rating.calendar import Zone
from rating.decks import DeckRow, RateDeck
from rating.exchange import ExchangeRates
from rating.rule import Rule

INCOMING: Final = "incoming"
"""The partner's traffic that we carry: the partner pays."""
OUTGOING: Final = "outgoing"
"""Our traffic that the partner carries: we pay."""


@dataclass(frozen=True, slots=True)
class Party:
    """One side; ``address`` without the name, ``language`` that of its documents, "" where none is said."""

    name: str
    address: tuple[str, ...]
    email: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """What calls to one prefix cost: ``rule`` has the tariff, ``place`` is where that is written."""

    destination: str
    rule: Rule
    place: str


@dataclass(frozen=True, slots=True)
class PrefixTerms:
    """All terms of a service in one direction: the longest prefix that holds at an instant wins.

    ``deck`` finds the row of a number; the row's ``line`` is the place of its term in ``terms``.
    """

    deck: RateDeck
    terms: tuple[Term, ...]

    def term_for(self, number: bytes, at_ms: int) -> Term | None:
        """The term of a called number (international, no sign) for usage that starts at an instant."""
        row: DeckRow | None = self.deck.row_for(number, at_ms)
        return None if row is None else self.terms[row.line]


@dataclass(frozen=True, slots=True)
class DirectionTerms:
    """Prices of one direction by service, all in ``currency``; ``trunks`` are those it comes over."""

    direction: str
    currency: str
    trunks: frozenset[str]
    services: dict[str, PrefixTerms]


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What a reconciliation lets pass: starts this far apart may be one call; smaller differences are none."""

    window_ms: int = 30_000
    duration_s: int = 1
    rounding_micros: int = 5_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of the agreement with a partner, for usage that starts in [valid_from_ms, valid_until_ms)."""

    partner: str
    operator: Party
    party: Party
    currency: str
    time_zone: str
    zone: Zone
    valid_from_ms: int
    valid_until_ms: int
    payment_days: int
    directions: dict[str, DirectionTerms]
    exchange: ExchangeRates
    tolerances: Tolerances
    place: str


@dataclass(frozen=True, slots=True)
class PartnerAgreements:
    """All versions of a partner's agreement, the earliest first; ``version`` is the hash of their files.

    ``files`` are those files, by their path within the folder, octet for octet.
    """

    partner: str
    versions: tuple[Agreement, ...]
    version: str
    files: dict[str, bytes] = field(repr=False)

    @property
    def time_zone(self) -> str:
        """The zone whose months are settled: that of all versions."""
        return self.versions[0].time_zone

    def at(self, instant_ms: int) -> Agreement | None:
        """The version that holds at an instant."""
        for agreement in self.versions:
            if agreement.valid_from_ms <= instant_ms < agreement.valid_until_ms:
                return agreement
        return None

    def latest_before(self, instant_ms: int) -> Agreement:
        """The last version that began before an instant; the first where none did."""
        begun = [agreement for agreement in self.versions if agreement.valid_from_ms < instant_ms]
        return begun[-1] if begun else self.versions[0]
