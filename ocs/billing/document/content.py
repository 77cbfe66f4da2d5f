"""An invoice as its template prints it: every number, day and sentence written in the customer's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

from ocs.billing.document.charges import charge_groups, summary_rows
from ocs.billing.document.chart import AMOUNT, daily_usage, draw
from ocs.billing.document.usage_lists import usage_lists
from ocs.billing.invoice import CREDIT_NOTE, Invoice
from ocs.documents.branding import Branding
from ocs.documents.language import TO, Language
from ocs.documents.listing import Columns, Measure, breakable, shortened
from ocs.documents.number_text import decimals_needed

Json = dict[str, Any]
MOST_LINES_ON_COVER: Final = 12
"""With more, the cover has sums by kind and the lines follow on pages of their own."""
_RUNNING_NAME: Final = Columns((80,), size=8)
"""The width of a name in the running head."""
_WINDOW: Final = Columns((85,), size=10)
"""The width of the letter's window."""
_REASONS: Final = {
    "exempt": "Exempt from tax.",
    "reverse_charge": "Reverse charge: the recipient of the service owes the tax.",
}


def invoice_content(invoice: Invoice, language: Language, branding: Branding, measure: Measure) -> Json:
    """What the template ``invoice.typ`` knows as ``data``; ``measure`` is of the fonts it is set in."""
    is_credit = invoice.kind == CREDIT_NOTE
    title = language.text("Credit note" if is_credit else "Invoice")
    number = invoice.number or language.text("Draft")
    decimals = _decimals((line.amount_micros for line in invoice.lines), invoice.digits)
    groups = charge_groups(invoice, language, decimals)
    name = shortened(invoice.party.name, _RUNNING_NAME.rooms[0], measure)
    in_short = len(invoice.lines) > MOST_LINES_ON_COVER
    return {
        "title": f"{title} {language.isolate(number)}",
        "running": f"{title} {language.isolate(number)} · {language.isolate(name)}",
        "draft": not invoice.number,
        "currency": invoice.currency,
        "recipient": _recipient(invoice, language, measure),
        "facts": _facts(invoice, language),
        "reason": invoice.reason,
        "summary": summary_rows(invoice, language, decimals) if in_short else [],
        "charges": groups,
        "charges_on_cover": not in_short,
        "taxes": _taxes(invoice, language, decimals),
        "tax_notes": [language.text(_REASONS[reason]) for reason in _reasons(invoice)],
        "sums": _sums(invoice, language, decimals),
        "payment": None if is_credit else _payment(invoice, language, branding),
        "credit_sentence": language.text("This amount is set off against what you owe.") if is_credit else "",
        "chart": _chart(invoice, language, branding),
        "usage": usage_lists(invoice, language, measure, tagged=branding.file.tagged),
        "frozen": _frozen(invoice),
    }


def _decimals(amounts: Iterable[int], digits: int) -> int:
    """The decimals that write all amounts of a column in full."""
    return max((decimals_needed(amount, digits) for amount in amounts), default=digits)


def _recipient(invoice: Invoice, language: Language, measure: Measure) -> list[str]:
    """Lines of the letter's window, each in its own direction; a tax number is needed for reverse charge."""
    party = invoice.party
    lines = [*party.address, language.country(party.country)]
    if party.tax_number:
        lines.append(language.text("Tax number {number}", number=party.tax_number))
    wrapped = [breakable(line, _WINDOW.rooms[0], measure) for line in (party.name, *lines) if line]
    return [wrapped[0], *map(language.isolate, wrapped[1:])]


def _facts(invoice: Invoice, language: Language) -> list[tuple[str, str]]:
    """Labels, which the template translates, and values."""
    is_credit = invoice.kind == CREDIT_NOTE
    last = (date.fromisoformat(invoice.period_to_day) - timedelta(days=1)).isoformat()
    facts = [
        ("Credit note number" if is_credit else "Invoice number", invoice.number or language.text("Draft")),
        ("Corrects invoice", invoice.corrects),
        ("Account", invoice.account_id),
        ("Date", language.day(invoice.issue_day)),
        ("Billing period", language.span(invoice.period_from_day, last, "medium")),
    ]
    if invoice.due_micros > 0 and not is_credit:
        facts.append(("Payable by", language.day(invoice.due_day)))
    return [(label, value) for label, value in facts if value]


def _reasons(invoice: Invoice) -> list[str]:
    return sorted({tax.reason for tax in invoice.taxes if tax.reason})


def _taxes(invoice: Invoice, language: Language, decimals: int) -> list[Json]:
    """One row for each category; net amounts as exact as the lines that they sum up."""
    numbers = language.numbers
    return [
        {
            "category": language.text(tax.category),
            "rate": numbers.percent(tax.rate_millionths),
            "net": numbers.amount(tax.net_micros, decimals),
            "tax": numbers.amount(tax.tax_micros, invoice.digits),
        }
        for tax in invoice.taxes
    ]


def _sums(invoice: Invoice, language: Language, decimals: int) -> list[Json]:
    """From net to the amount due; what is zero and would surprise nobody by its absence is left out."""
    numbers, digits = language.numbers, invoice.digits
    is_credit = invoice.kind == CREDIT_NOTE
    rows = [
        _sum("Net total", numbers.amount(invoice.net_micros, decimals)),
        _sum("Tax", numbers.amount(invoice.tax_micros, digits)),
    ]
    if invoice.rounding_micros:
        rows.append(_sum("Rounding", numbers.amount(invoice.rounding_micros, decimals)))
    total = numbers.money(invoice.total_micros, invoice.currency, digits)
    rows.append(_sum("Total credit" if is_credit else "Total of this invoice", total, strong=True))
    if not is_credit and invoice.brought_forward_micros:
        below = invoice.brought_forward_micros < 0
        label = "Credit brought forward" if below else "Balance brought forward"
        rows.append(_sum(label, numbers.amount(invoice.brought_forward_micros, digits)))
    if not is_credit:
        below = invoice.due_micros < 0
        due = numbers.money(abs(invoice.due_micros), invoice.currency, digits)
        rows.append(_sum("Credit in your favour" if below else "Amount due", due, strong=True))
    return [{**row, "label": language.text(str(row["label"]))} for row in rows]


def _sum(label: str, amount: str, *, strong: bool = False) -> Json:
    return {"label": label, "amount": amount, "strong": strong}


def _payment(invoice: Invoice, language: Language, branding: Branding) -> Json:
    """How to pay, or why not to."""
    if invoice.due_micros <= 0:
        nothing = "Nothing is to be paid; your credit counts towards the next invoice."
        sentence = language.text(nothing if invoice.due_micros < 0 else "Nothing is to be paid.")
        return {"sentence": sentence, "rows": [], "note": ""}
    sentence = language.text(
        "Please pay {amount} by {day} and name the reference.",
        amount=language.numbers.money(invoice.due_micros, invoice.currency, invoice.digits),
        day=language.day(invoice.due_day, "long"),
    )
    note = branding.file.payment_note
    account = branding.account_for(invoice.currency)
    rows = [] if account is None else [
        ("Account holder", account.holder), ("Bank", account.bank),
        ("Account number", account.account), ("BIC", account.bic),
    ]  # fmt: skip
    rows.append(("Reference", invoice.number or language.text("Draft")))
    return {
        "sentence": sentence,
        "rows": [(label, value) for label, value in rows if value],
        "note": note.get(language.code, note.get(language.name, note.get(branding.file.language, ""))),
    }


def _chart(invoice: Invoice, language: Language, branding: Branding) -> Json | None:
    usage = daily_usage(invoice)
    if usage is None:
        return None
    if usage.measure == AMOUNT:
        highest = language.numbers.money(usage.highest, invoice.currency, invoice.digits)
    else:
        highest = language.quantity(usage.highest, usage.measure)
    colours = branding.file.colours
    return {
        "title": language.text("Charges of usage by day" if usage.measure == AMOUNT else "Usage by day"),
        "picture": draw(usage, colours.accent, colours.quiet),
        "highest": language.isolate(language.text("Busiest day: {amount}", amount=highest)),
        "first": language.isolate(language.day(usage.first_day, "short")),
        "last": language.isolate(language.day(usage.last_day, "short")),
    }


def _frozen(invoice: Invoice) -> list[tuple[str, str]]:
    """What the invoice was made of, for whoever wants to make it again."""
    frozen = invoice.frozen
    records = ", ".join(f"{found.series} {found.first}{TO}{found.last}" for found in frozen.records)
    return [
        (label, value)
        for label, value in (
            ("Records", records),
            ("Usage files", f"{frozen.lake_cut} ({frozen.lake[:16]})" if frozen.lake else str(frozen.lake_cut)),
            ("Catalogue", frozen.catalogue),
            ("Tax table", frozen.tax_table[:16]),
            ("Customers", frozen.customers[:16]),
        )
        if value
    ]
