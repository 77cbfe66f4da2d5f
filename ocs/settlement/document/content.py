"""A statement as its template prints it: every number, day and sentence written out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from ocs.documents.language import Language
from ocs.documents.listing import Columns, Measure, breakable, shortened
from ocs.documents.number_text import decimals_needed
from ocs.settlement.statement import (
    AGREED,
    CONNECTION,
    INCOMING,
    NO_UNITS,
    DirectionTotal,
    Net,
    Statement,
    StatementLine,
)
from ocs.settlement.tables import CORRECTION, CREDIT, STATEMENT

Json = dict[str, Any]
_TITLES: Final = {
    STATEMENT: "Settlement statement",
    CORRECTION: "Correction of a settlement statement",
    CREDIT: "Agreed amount",
}
_WINDOW: Final = Columns((85,), size=10)
_RUNNING_NAME: Final = Columns((80,), size=8)
"""The widths of the letter's window, and of a name in the running head."""
_PRICE_DECIMALS: Final = 4
_PER: Final = {"seconds": "s", "octets": "B", "units": "", "calls": ""}


def statement_content(statement: Statement, language: Language, measure: Measure) -> Json:
    """What the template ``statement.typ`` knows as ``data``; ``measure`` is of the fonts it is set in."""
    title = language.text(_TITLES[statement.kind])
    number = statement.number or language.text("Draft")
    name = shortened(statement.party.name, _RUNNING_NAME.rooms[0], measure)
    lines = [breakable(line, _WINDOW.rooms[0], measure) for line in _letter(statement)]
    return {
        "title": f"{title} {language.isolate(number)}",
        "running": f"{title} {language.isolate(number)} · {language.isolate(name)}",
        "draft": not statement.number,
        "recipient": [lines[0], *map(language.isolate, lines[1:])],
        "facts": _facts(statement, language),
        "between": language.text(
            "Between {operator} and {partner}, for traffic of {month} in the time of {zone}.",
            operator=statement.operator.name,
            partner=statement.party.name,
            month=language.month(statement.period),
            zone=statement.time_zone,
        ),
        "reason": statement.reason,
        "ways": [_way(statement, total, language) for total in statement.totals],
        "conversions": [
            language.text(
                "{amount} at {rate} {currency} of {day}: {converted}",
                amount=language.numbers.money(conversion.due_micros, conversion.currency, 2),
                rate=conversion.rate,
                currency=conversion.to_currency,
                day=language.day(conversion.day),
                converted=_money(conversion.converted_micros, conversion.to_currency, statement, language),
            )
            for conversion in statement.conversions
        ],
        "nets": [_net(net, language) for net in statement.net],
        "unrated": [
            (
                language.text(unrated.direction),
                language.text(unrated.service),
                language.isolate(unrated.reason),
                language.numbers.whole(unrated.records),
            )
            for unrated in statement.unrated
        ],
        "frozen": _frozen(statement),
    }


def _letter(statement: Statement) -> list[str]:
    """Lines of the letter's window."""
    return [statement.party.name, *(line for line in statement.party.address if line)]


def _facts(statement: Statement, language: Language) -> list[tuple[str, str]]:
    last = date.fromisoformat(statement.to_at[:10]) - timedelta(days=1)
    facts = [
        ("Number", statement.number or language.text("Draft")),
        ("Corrects", statement.corrects),
        ("Period", language.span(statement.from_at[:10], last.isoformat(), "medium")),
        ("Date", language.day(statement.issue_day)),
        ("Due", language.day(statement.due_day)),
        ("Partner", statement.party.partner),
    ]
    return [(label, value) for label, value in facts if value]


def _way(statement: Statement, total: DirectionTotal, language: Language) -> Json:
    """One direction in one currency: its lines and its sums."""
    lines = [
        line
        for line in statement.lines
        if line.direction == total.direction and line.currency == total.currency
    ]
    decimals = max((decimals_needed(line.amount_micros, total.digits) for line in lines), default=total.digits)
    heading = "Your traffic that we carried" if total.direction == INCOMING else "Our traffic that you carried"
    sums = [
        _sum(language.text("Sum of the lines"), total.usage_micros, decimals, total, language),
        _sum(language.text("Rounding"), total.rounding_micros, decimals, total, language),
        _sum(language.text("Total"), total.total_micros, total.digits, total, language, strong=True),
    ]
    if statement.kind == CORRECTION:
        sums += [
            _sum(language.text("Stated before"), total.before_micros, total.digits, total, language),
            _sum(language.text("Difference"), total.due_micros, total.digits, total, language, strong=True),
        ]
    return {
        "title": language.text(heading),
        "rows": [_row(line, decimals, language) for line in lines],
        "records": language.numbers.whole(total.records),
        "sums": sums,
    }


def _row(line: StatementLine, decimals: int, language: Language) -> Json:
    note = " · ".join(_notes(line, language))
    return {
        "text": _text(line, language),
        "note": note,
        "records": language.numbers.whole(line.records) if line.kind != AGREED else "",
        "quantity": _quantity(line, language),
        "price": _price(line, language),
        "amount": language.numbers.amount(line.amount_micros, decimals),
    }


def _text(line: StatementLine, language: Language) -> str:
    if line.kind == AGREED:
        return line.text
    what = language.text(line.service)
    if not line.destination:
        return what
    destination = language.isolate(language.text(line.destination))
    return language.text("{service}, {direction}", service=what, direction=destination)


def _notes(line: StatementLine, language: Language) -> list[str]:
    notes = [language.text(line.band) if line.band else ""]
    if line.tier:
        notes.append(language.text("tier {number}", number=str(line.tier)))
    if line.kind == CONNECTION:
        notes.append(language.text("connection fee"))
    if line.kind == NO_UNITS:
        notes.append(language.text("not answered"))
    if line.late:
        notes.append(language.text("late usage of {month}", month=language.month(line.month)))
    return [note for note in notes if note]


def _quantity(line: StatementLine, language: Language) -> str:
    if line.kind in {AGREED, CONNECTION, NO_UNITS}:
        return ""
    if line.unit_kind == "seconds":
        return language.clock_span(line.units)
    return language.quantity(line.units, line.unit_kind)


def _price(line: StatementLine, language: Language) -> str:
    if line.kind in {AGREED, NO_UNITS}:
        return ""
    amount = language.numbers.amount(line.price_micros, decimals_needed(line.price_micros, _PRICE_DECIMALS))
    unit = _PER[line.unit_kind]
    if not unit:
        return amount if line.per_units == 1 else f"{amount} / {language.numbers.whole(line.per_units)}"
    return language.isolate(f"{amount} / {language.numbers.whole(line.per_units)} {unit}")


def _sum(
    label: str, micros: int, decimals: int, total: DirectionTotal, language: Language, *, strong: bool = False
) -> Json:
    return {
        "label": label,
        "amount": language.numbers.money(micros, total.currency, decimals),
        "strong": strong,
    }


def _money(micros: int, currency: str, statement: Statement, language: Language) -> str:
    digits = next((net.digits for net in statement.net if net.currency == currency), 2)
    return language.numbers.money(micros, currency, digits)


def _net(net: Net, language: Language) -> list[Json]:
    """Both ways and what is left; the sentence says who pays."""
    label = "Nothing is due"
    if net.net_micros:
        label = "Due from you" if net.net_micros > 0 else "Due to you"
    rows = (
        ("We charge you", net.receivable_micros, False),
        ("You charge us", -net.payable_micros, False),
        (label, abs(net.net_micros), True),
    )
    return [
        {
            "label": language.text(text),
            "amount": language.numbers.money(micros, net.currency, net.digits),
            "strong": strong,
        }
        for text, micros, strong in rows
    ]


def _frozen(statement: Statement) -> list[tuple[str, str]]:
    frozen = statement.frozen
    before = f"{frozen.after_file}" if frozen.after_file else "-"
    return [
        ("Agreement", frozen.agreement),
        ("Files of records up to", str(frozen.lake_cut)),
        ("Settled before up to", before),
    ]
