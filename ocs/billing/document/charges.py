"""The lines of an invoice in the customer's language, in groups of one subscription each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from ocs.billing.invoice import CREDIT, DISCOUNT, ONE_OFF, RECURRING, USAGE, Invoice, InvoiceLine
from ocs.documents.language import Language

Json = dict[str, Any]
_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_KIND_NAMES: Final = {
    RECURRING: "Recurring fees",
    ONE_OFF: "One-off fees",
    USAGE: "Usage",
    DISCOUNT: "Discounts",
    CREDIT: "Credits",
}


def summary_rows(invoice: Invoice, language: Language, decimals: int) -> list[Json]:
    """The sum of each kind of line, in the order of fees, usage, discounts."""
    sums: dict[str, int] = {}
    for line in invoice.lines:
        sums[line.kind] = sums.get(line.kind, 0) + line.amount_micros
    return [
        {
            "label": language.text(name),
            "amount": language.numbers.amount(sums[kind], decimals),
            "strong": False,
        }
        for kind, name in _KIND_NAMES.items()
        if kind in sums
    ]


def charge_groups(invoice: Invoice, language: Language, decimals: int) -> list[Json]:
    """The lines by account and number, in the order in which each first appears, with a sum for each."""
    groups: dict[tuple[str, str], list[InvoiceLine]] = {}
    for line in invoice.lines:
        groups.setdefault((line.account_id, line.msisdn), []).append(line)
    several_accounts = len({account for account, _ in groups}) > 1
    return [
        {
            "title": _group_title(lines, language, several_accounts=several_accounts),
            "rows": [_row(line, invoice, language, decimals) for line in lines],
            "sum": language.numbers.amount(sum(line.amount_micros for line in lines), decimals),
        }
        for lines in groups.values()
    ]


def _group_title(lines: list[InvoiceLine], language: Language, *, several_accounts: bool) -> str:
    """The number and its plans; the account too where an invoice has several."""
    parts = [language.isolate(f"+{lines[0].msisdn}")] if lines[0].msisdn else []
    parts += dict.fromkeys(language.isolate(line.plan_name or line.plan) for line in lines if line.plan)
    if several_accounts:
        parts.insert(0, lines[0].account_id)
    return " · ".join(parts)


def _row(line: InvoiceLine, invoice: Invoice, language: Language, decimals: int) -> Json:
    return {
        "text": _description(line, language),
        "note": _note(line, invoice, language),
        "period": _period(line, language),
        "quantity": _quantity(line, language),
        "amount": language.numbers.amount(line.amount_micros, decimals),
    }


def _description(line: InvoiceLine, language: Language) -> str:
    """The name of the fee or service: translated where the words of the language have it, else as it is."""
    text = language.text(line.item)
    if line.kind == USAGE and line.direction:
        direction = language.text(line.direction)
        return language.text("{service}, {direction}", service=text, direction=direction)
    return text


def _note(line: InvoiceLine, invoice: Invoice, language: Language) -> str:
    notes = []
    if line.late:
        notes.append(language.text("from earlier periods"))
    if line.original_currency != invoice.currency:
        amount = language.numbers.amount(line.original_micros, 2)
        notes.append(language.text("converted from {amount}", amount=f"{amount} {line.original_currency}"))
    return ", ".join(notes)


def _period(line: InvoiceLine, language: Language) -> str:
    if not line.from_day:
        return ""
    last = (date.fromisoformat(line.to_day) - timedelta(days=1)).isoformat() if line.to_day else line.from_day
    return language.span(line.from_day, last, "short")


def _quantity(line: InvoiceLine, language: Language) -> str:
    """What was counted, and over how many records where that says more."""
    if not line.quantity:
        return ""
    text = language.quantity(line.quantity, line.unit_kind)
    if line.kind == USAGE and line.records and line.unit_kind != "units":
        return f"{language.numbers.whole(line.records)}{_TIMES}, {text}"
    return text
