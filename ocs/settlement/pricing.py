"""What each record of a partner costs, by the engine that prices everything: a plan for each price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from config.settlement_terms import Agreement, PartnerAgreements, Term
from ocs.settlement.statement import CONNECTION, NO_UNITS, USAGE
from rating.catalogue import ANY_RATING_GROUP, Catalogue, Plan
from rating.conditions import Attributes
from rating.engine import apply, price
from rating.rule import Rule
from rating.usage import NOT_REPORTED, Context, Standing, Usage

NO_AGREEMENT: Final = "no agreement at that time"
NO_DIRECTION: Final = "no prices for this direction"
NO_SERVICE: Final = "no prices for this service"
NO_PREFIX: Final = "no price for the called number"
OTHER_TRUNK: Final = "a trunk that is not in the agreement"
_SERVICE: Final = "settled"


class TrunkRecord(NamedTuple):
    """One record as ``selection`` gives it."""

    record_id: str
    service: str
    direction: str
    trunk: str | None
    calling: str | None
    called: str | None
    started_ms: int
    ended_ms: int | None
    unit_kind: str
    used_units: int


class PricedLine(NamedTuple):
    """One line of a record's price; ``reason`` says why there is none: then units are those that were used."""

    destination: str
    kind: str
    band: str
    tier: int
    units: int
    price_micros: int | None
    per_units: int | None
    rounding: int | None
    amount_micros: int
    currency: str
    reason: str


class RecordPricer:
    """Prices the records of one partner one after the other: what was counted of a month moves the tiers.

    ``counters`` are what statements before have counted, by counter and month; they grow.
    """

    def __init__(self, agreements: PartnerAgreements, counters: dict[str, dict[int, int]]) -> None:
        self._agreements = agreements
        self._standing = Standing(zone=agreements.versions[0].zone, counters=counters)
        self._catalogue = Catalogue(agreements.version, {}, {}, frozenset())
        self._contexts: dict[int, Context] = {}

    @property
    def counters(self) -> dict[str, dict[int, int]]:
        """What is counted so far, by counter and month."""
        return self._standing.counters

    def lines(self, record: TrunkRecord) -> Iterator[PricedLine]:
        """The lines of a record, at least one."""
        agreement = self._agreements.at(record.started_ms)
        if agreement is None:
            yield _unrated(record, NO_AGREEMENT)
            return
        term, reason = _term_of(agreement, record)
        if term is None:
            yield _unrated(record, reason)
            return
        context = self._context(agreement, term.rule)
        charge = price(_usage(record), context)
        if charge.refusal:
            yield _unrated(record, charge.refusal)
            return
        apply(charge, self._standing)
        tiered = term.rule.tariff is not None and len(term.rule.tariff.tiers) > 1
        for line in charge.lines:
            kind = CONNECTION if line.rule_id.endswith("#connection") else USAGE
            yield PricedLine(
                term.destination,
                kind,
                line.band,
                line.tier + 1 if tiered and kind == USAGE else 0,
                line.units,
                line.price_micros,
                line.per_units,
                line.rounding,
                line.amount_micros,
                charge.currency,
                "",
            )
        if not charge.lines:
            currency = agreement.directions[record.direction].currency
            yield PricedLine(term.destination, NO_UNITS, "", 0, 0, 0, 1, 0, 0, currency, "")

    def _context(self, agreement: Agreement, rule: Rule) -> Context:
        """The plan of one price, made once."""
        found = self._contexts.get(id(rule))
        if found is None:
            tariff = rule.tariff
            currency = agreement.currency if tariff is None else tariff.currency
            rules = {_SERVICE: {ANY_RATING_GROUP: rule}}
            plan = Plan(
                agreement.partner, agreement.party.name, currency, True, rules, {}, [], zone=agreement.zone
            )
            found = Context(self._catalogue, plan=plan, standing=self._standing)
            self._contexts[id(rule)] = found
        return found


def _term_of(agreement: Agreement, record: TrunkRecord) -> tuple[Term | None, str]:
    """The term of a record, or why there is none."""
    direction = agreement.directions.get(record.direction)
    if direction is None:
        return None, NO_DIRECTION
    if record.trunk and record.trunk not in direction.trunks:
        return None, OTHER_TRUNK
    terms = direction.services.get(record.service)
    if terms is None:
        return None, NO_SERVICE
    number = (record.called or "").lstrip("+").encode()
    return terms.term_for(number, record.started_ms), NO_PREFIX


def _usage(record: TrunkRecord) -> Usage:
    """The record as usage of the one service that its plan has."""
    units = record.used_units
    return Usage(
        _SERVICE,
        record.started_ms,
        record.ended_ms or record.started_ms,
        octets=units if record.unit_kind == "octets" else NOT_REPORTED,
        seconds=units if record.unit_kind == "seconds" else NOT_REPORTED,
        units=units if record.unit_kind == "units" else NOT_REPORTED,
        attributes=Attributes(called=(record.called or "").encode()),
    )


def _unrated(record: TrunkRecord, reason: str) -> PricedLine:
    return PricedLine("", USAGE, "", 0, record.used_units, None, None, None, 0, "", reason)
