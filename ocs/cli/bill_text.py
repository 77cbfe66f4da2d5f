"""An invoice or credit note as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from balance.quantity import MICROS, format_micros
from ocs.billing.invoice import CREDIT_NOTE, Invoice, InvoiceLine, UsageItem
from ocs.billing.periods import day_before

_WIDTH: Final = 100
"""Where amounts begin."""


def invoice_text(document: Invoice, notes: Sequence[str]) -> str:
    """The document in lines; ``notes`` are the numbers of its credit notes."""
    return "\n".join([*_head(document, notes), "", *_lines(document), "", *_sums(document), *_usage(document)])


def _head(document: Invoice, notes: Sequence[str]) -> Iterator[str]:
    kind = f"credit note {document.number} for invoice {document.corrects}"
    yield kind if document.kind == CREDIT_NOTE else f"invoice {document.number}"
    if document.reason:
        yield f"because:   {document.reason}"
    party = document.party
    yield f"for:       {', '.join([party.name, *party.address, party.country])}"
    yield f"account:   {document.account_id}"
    yield f"issued:    {document.issue_day}, due {document.due_day}"
    last = day_before(document.period_to_day)
    yield f"period:    {document.period_from_day} to {last} ({document.time_zone}, cycle {document.cycle_id})"
    frozen = document.frozen
    records = ", ".join(f"{one.series} {one.first}-{one.last}" for one in frozen.records) or "none"
    yield f"made from: lake file {frozen.lake_cut} ({frozen.lake}; records {records}),"
    yield f"           catalogue {frozen.catalogue}, taxes {frozen.tax_table}, customers {frozen.customers}"
    if notes:
        yield f"credited:  {', '.join(notes)}"


def _lines(document: Invoice) -> Iterator[str]:
    who = [" ".join(filter(None, (line.account_id, line.msisdn))) for line in document.lines]
    wide = max(map(len, who), default=0)
    for line, name in zip(document.lines, who, strict=True):
        amount = format_micros(line.amount_micros)
        what = f"{line.number:>4}  {name:<{wide}}  {_what(line)}"
        yield f"{what:<{_WIDTH}} {amount:>17} {document.currency}"


def _what(line: InvoiceLine) -> str:
    parts = [line.plan_name, line.item, line.direction, "(late)" if line.late else ""]
    days = f"{line.from_day} to {day_before(line.to_day)}"
    counted = f"{line.quantity} {line.unit_kind}" if line.records else ""
    return ", ".join(filter(None, (" ".join(filter(None, parts)), counted, days)))


def _sums(document: Invoice) -> Iterator[str]:
    currency = document.currency
    yield _sum("net", document.net_micros, currency)
    for tax in document.taxes:
        percent = format_micros(tax.rate_millionths * MICROS // 10_000)
        reason = f" ({tax.reason})" if tax.reason else ""
        yield _sum(f"tax {tax.category} {percent} %{reason}", tax.tax_micros, currency)
    if document.rounding_micros:
        yield _sum("rounding", document.rounding_micros, currency)
    yield _sum("total", document.total_micros, currency)
    if document.kind != CREDIT_NOTE:
        yield _sum("brought forward", document.brought_forward_micros, currency)
        yield _sum("due", document.due_micros, currency)


def _sum(name: str, micros: int, currency: str) -> str:
    return f"{name:<{_WIDTH}} {format_micros(micros):>17} {currency}"


def _usage(document: Invoice) -> Iterator[str]:
    if document.usage:
        yield ""
    for item in document.usage:
        yield _item(item)


def _item(item: UsageItem) -> str:
    where = f"line {item.invoice_line}" if item.invoice_line else f"from the {item.paid}"
    parts = (item.service, item.direction, item.other_party, item.destination, item.bucket)
    what = " ".join(filter(None, parts))
    amount = f"{format_micros(item.amount_micros)} {item.currency}"
    return f"{item.started_at}  {what:<48} {item.units:>12} {item.unit_kind:<8} {amount:>20}  {where}"
