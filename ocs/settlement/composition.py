"""Sums made into a statement: totals of both ways in coins, what was stated before, conversion, the net."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from balance.quantity import MICROS
from config.settlement_terms import Agreement, PartnerAgreements, Party
from ocs.billing.coins import digits_of, divided, rounded
from ocs.settlement import SettlementError
from ocs.settlement.basis import Basis, Computed
from ocs.settlement.period import moment_text
from ocs.settlement.statement import (
    AGREED,
    INCOMING,
    Conversion,
    DirectionTotal,
    FrozenInput,
    Net,
    Statement,
    StatementLine,
    StatementParty,
)
from rating.exchange import ExchangeRate

_RATE_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Heading:
    """What a document is: its kind, what it corrects and why, its day.

    ``before`` is what was stated before, by direction and currency.
    """

    kind: str
    corrects: str
    reason: str
    issue_day: str
    before: Mapping[tuple[str, str], int]


def compose(agreements: PartnerAgreements, basis: Basis, computed: Computed, heading: Heading) -> Statement:
    """The statement without its number. SettlementError where an exchange rate is missing."""
    agreement = agreements.latest_before(basis.period.to_ms)
    totals = tuple(
        _total(direction, currency, computed, heading.before.get((direction, currency), 0))
        for direction, currency in _ways(agreement, computed.lines, heading)
    )
    return _statement(agreements.version, agreement, basis, computed, heading, totals)


def _ways(agreement: Agreement, lines: tuple[StatementLine, ...], heading: Heading) -> list[tuple[str, str]]:
    """Directions with their currencies: those of the agreement, of the lines, and of what is corrected."""
    found = {(terms.direction, terms.currency) for terms in agreement.directions.values()}
    found |= {(line.direction, line.currency) for line in lines}
    return sorted(found | set(heading.before))


def agreed_amount(
    agreements: PartnerAgreements, basis: Basis, line: StatementLine, heading: Heading
) -> Statement:
    """A document of one amount that both sides agreed upon."""
    computed = Computed((line,), (), {}, {})
    agreement = agreements.latest_before(basis.period.to_ms)
    total = _total(line.direction, line.currency, computed, 0)
    return _statement(agreements.version, agreement, basis, computed, heading, (total,))


def _statement(
    version: str,
    agreement: Agreement,
    basis: Basis,
    computed: Computed,
    heading: Heading,
    totals: tuple[DirectionTotal, ...],
) -> Statement:
    period = basis.period
    conversions = tuple(_conversions(agreement, totals, period.last_day))
    due = date.fromisoformat(heading.issue_day) + timedelta(days=agreement.payment_days)
    return Statement(
        heading.kind,
        "",
        heading.corrects,
        heading.reason,
        _party("", agreement.operator),
        _party(agreement.partner, agreement.party),
        version,
        period.name,
        period.time_zone,
        moment_text(period.from_ms, period.time_zone),
        moment_text(period.to_ms, period.time_zone),
        heading.issue_day,
        due.isoformat(),
        computed.lines,
        computed.unrated,
        totals,
        conversions,
        _net(totals, conversions),
        FrozenInput(basis.after_file, basis.after_ms, basis.lake_cut, version),
    )


def _party(partner: str, party: Party) -> StatementParty:
    return StatementParty(partner, party.name, party.address, party.email, party.language)


def _total(direction: str, currency: str, computed: Computed, before_micros: int) -> DirectionTotal:
    digits = digits_of(currency)
    own = (line for line in computed.lines if line.direction == direction and line.currency == currency)
    usage = sum(line.amount_micros for line in own)
    total = rounded(usage, digits)
    records = computed.records.get((direction, currency), 0)
    return DirectionTotal(
        direction, currency, digits, records, usage, total - usage, total, before_micros, total - before_micros
    )


def _conversions(agreement: Agreement, totals: tuple[DirectionTotal, ...], day: date) -> list[Conversion]:
    """What is due in other currencies than that of settlement, at the rate of the period's last day."""
    found: list[Conversion] = []
    if not agreement.exchange.pairs:
        return found
    at_ms = _noon_ms(agreement, day)
    for total in totals:
        if total.currency == agreement.currency:
            continue
        rate = agreement.exchange.rate_at(total.currency, agreement.currency, at_ms)
        if rate is None:
            raise SettlementError(
                f"{agreement.place}: no exchange rate from {total.currency} to {agreement.currency} on {day}"
            )
        coin = MICROS // 10 ** digits_of(agreement.currency)
        coins = divided(total.due_micros * rate.numerator, rate.denominator * coin)
        found.append(
            Conversion(
                total.direction,
                total.due_micros,
                total.currency,
                _rate_text(rate),
                day.isoformat(),
                coins * coin,
                agreement.currency,
            )
        )
    return found


def _noon_ms(agreement: Agreement, day: date) -> int:
    epoch_s = (day - date(1970, 1, 1)).days * 86_400 + 43_200
    return (epoch_s - agreement.zone.offset_s(epoch_s)) * 1000


def _rate_text(rate: ExchangeRate) -> str:
    """The rate as decimal text: it was written as such."""
    whole, rest = divmod(rate.numerator * 10**_RATE_DIGITS // rate.denominator, 10**_RATE_DIGITS)
    decimals = f"{rest:0{_RATE_DIGITS}d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def _net(totals: tuple[DirectionTotal, ...], conversions: tuple[Conversion, ...]) -> tuple[Net, ...]:
    """Both ways against each other: in each currency in which something is due after conversion."""
    converted = {(conversion.direction, conversion.currency): conversion for conversion in conversions}
    sums: dict[str, list[int]] = {}
    for total in totals:
        conversion = converted.get((total.direction, total.currency))
        currency = total.currency if conversion is None else conversion.to_currency
        amount = total.due_micros if conversion is None else conversion.converted_micros
        ways = sums.setdefault(currency, [0, 0])
        ways[0 if total.direction == INCOMING else 1] += amount
    return tuple(
        Net(currency, digits_of(currency), receivable, payable, receivable - payable)
        for currency, (receivable, payable) in sorted(sums.items())
    )


def agreed_line(direction: str, period: str, amount_micros: int, currency: str, text: str) -> StatementLine:
    """The line of an agreed amount."""
    return StatementLine(
        1, direction, AGREED, "", period, False, "", "", 0, 0, 0, "", 0, 1, amount_micros, currency, text
    )
