"""Bills: lines, taxes, totals and fees of each document add up, numbers have no gaps.

Sums are made again with Decimal and SQL, not by the code that makes bills.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, func, select

from ocs.audit.offline.online_credit import check_restorations
from ocs.audit.offline.periods import check_periods
from ocs.audit.offline.report import OfflineReport
from ocs.billing.invoice import CREDIT_NOTE as A_CREDIT_NOTE
from ocs.billing.invoice import INVOICE as AN_INVOICE
from ocs.billing.invoice import Invoice, parse_invoice
from ocs.billing.tables import (
    BILLED_FEE,
    BILLING_RUN,
    CREDIT_NOTE,
    INVOICE,
    INVOICE_LINE,
    INVOICE_TAX,
    NUMBER_SERIES,
    STARTED,
)
from ocs.payments.books import check_receivables

_OF_ANY: Final = (
    "number", "account_id", "currency", "issue_day",
    "net_micros", "tax_micros", "rounding_micros", "total_micros",
)  # fmt: skip
_OF_INVOICES: Final = (
    "period_from_day",
    "period_to_day",
    "due_day",
    "brought_forward_micros",
    "due_micros",
)


def check_bills(connection: Connection, report: OfflineReport) -> None:
    """All documents, their numbers, the periods of accounts, and receivables."""
    for sentence in (
        *_invoices(connection, report),
        *_credit_notes(connection, report),
        *_fees(connection),
        *_numbers(connection),
        *check_periods(connection),
        *check_restorations(connection),
    ):
        report.differ(sentence)
    run = BILLING_RUN.c
    report.unfinished_runs = connection.scalars(select(func.count()).where(run.status == STARTED)).one()
    receivables = check_receivables(connection)
    for sentence in receivables.differences:
        report.differ(sentence)
    report.receivables = {currency: sums.to_json() for currency, sums in receivables.currencies.items()}


def _streamed(connection: Connection, table: Table) -> Iterator[tuple[str, list[Any]]]:
    """The rows of a table by invoice, in the order of invoices."""
    columns = [
        table.c.invoice_number,
        *(one for one in table.primary_key.columns if one.name != "invoice_number"),
    ]
    rows = connection.execution_options(yield_per=5000).execute(select(table).order_by(*columns))
    for number, own in groupby(rows, key=attrgetter("invoice_number")):
        yield number, list(own)


class _Following:
    """Rows by invoice, asked for in the same order."""

    def __init__(self, groups: Iterator[tuple[str, list[Any]]]) -> None:
        self._groups = groups
        self._next = next(groups, None)

    def of(self, number: str) -> list[Any]:
        while self._next is not None and self._next[0] < number:
            self._next = next(self._groups, None)
        return self._next[1] if self._next is not None and self._next[0] == number else []


def _invoices(connection: Connection, report: OfflineReport) -> Iterator[str]:
    lines = _Following(_streamed(connection, INVOICE_LINE))
    taxes = _Following(_streamed(connection, INVOICE_TAX))
    rows = connection.execution_options(yield_per=1000).execute(select(INVOICE).order_by(INVOICE.c.number))
    for row in rows:
        report.invoices += 1
        own_lines, own_taxes = lines.of(row.number), taxes.of(row.number)
        name = f"invoice {row.number}"
        try:
            document = parse_invoice(row.content)
        except msgspec.DecodeError as error:
            yield f"{name}: its content can not be read: {error}"
            continue
        yield from _same_sums(name, row, document, AN_INVOICE)
        yield from _document_adds_up(name, document)
        stored = [_line_facts(one, one.plan_id) for one in own_lines]
        if stored != [_line_facts(one, one.plan) for one in document.lines]:
            yield f"{name}: the lines in the database are not those of the document"
        kept = sorted((one.category, one.rate_millionths, one.net_micros, one.tax_micros) for one in own_taxes)
        if kept != sorted(
            (one.category, one.rate_millionths, one.net_micros, one.tax_micros) for one in document.taxes
        ):
            yield f"{name}: the taxes in the database are not those of the document"
        if row.due_micros != row.total_micros + row.brought_forward_micros:
            yield f"{name}: what is due is not the total and what was brought forward"


def _line_facts(line: Any, plan: str) -> tuple[Any, ...]:
    return (
        line.kind, line.item, line.account_id, line.subscription_id, line.msisdn, plan, line.direction,
        line.from_day, line.to_day, line.records, line.late, line.quantity, line.unit_kind, line.tax,
        line.tax_rate_millionths, line.amount_micros, line.original_micros, line.original_currency,
    )  # fmt: skip


def _same_sums(name: str, row: Any, document: Invoice, kind: str) -> Iterator[str]:
    for field in (*_OF_ANY, *_OF_INVOICES) if kind == AN_INVOICE else _OF_ANY:
        if getattr(row, field) != getattr(document, field):
            yield f"{name}: {field} is {getattr(row, field)!r}, in its document {getattr(document, field)!r}"
    if document.kind != kind:
        yield f"{name} is a document of the kind {document.kind!r}"


def _document_adds_up(name: str, document: Invoice) -> Iterator[str]:
    net = sum(line.amount_micros for line in document.lines)
    if net != document.net_micros:
        yield f"{name}: its lines are {net} micros, its net says {document.net_micros}"
    coin = 10 ** (6 - document.digits)
    by_rate: dict[tuple[str, int], int] = {}
    for line in document.lines:
        if line.amount_micros:
            key = (line.tax, line.tax_rate_millionths)
            by_rate[key] = by_rate.get(key, 0) + line.amount_micros
        if line.original_currency == document.currency and line.original_micros != line.amount_micros:
            yield f"{name}: line {line.number} is {line.amount_micros} micros made of {line.original_micros}"
    stated = {(tax.category, tax.rate_millionths): tax for tax in document.taxes}
    if {key: tax.net_micros for key, tax in stated.items() if tax.net_micros} != {
        k: v for k, v in by_rate.items() if v
    }:
        yield f"{name}: its lines are not what its taxes are on"
    for tax in document.taxes:
        coins = Decimal(tax.net_micros * tax.rate_millionths).scaleb(document.digits - 12)
        whole = int(coins.quantize(Decimal(1), ROUND_HALF_UP)) * coin
        # the last credit note of an invoice gives back what is left of a tax, coins of rounding with it
        apart = abs(tax.tax_micros - whole)
        if apart and (document.kind != A_CREDIT_NOTE or apart > coin * len(document.lines)):
            yield f"{name}: {tax.category} tax is {tax.tax_micros} micros, {whole} is right"
    if document.tax_micros != sum(tax.tax_micros for tax in document.taxes):
        yield f"{name}: its tax lines are not its tax"
    if document.total_micros != document.net_micros + document.tax_micros + document.rounding_micros:
        yield f"{name}: net, tax and rounding are not the total"
    if document.total_micros % coin:
        yield f"{name}: its total is not whole coins of {document.currency}"
    if document.kind == AN_INVOICE and 2 * abs(document.rounding_micros) > coin:
        yield f"{name}: {document.rounding_micros} micros are more than rounding"


def _credit_notes(connection: Connection, report: OfflineReport) -> Iterator[str]:
    for row in connection.execute(select(CREDIT_NOTE).order_by(CREDIT_NOTE.c.number)):
        report.credit_notes += 1
        name = f"credit note {row.number}"
        try:
            document = parse_invoice(row.content)
        except msgspec.DecodeError as error:
            yield f"{name}: its content can not be read: {error}"
            continue
        yield from _same_sums(name, row, document, A_CREDIT_NOTE)
        yield from _document_adds_up(name, document)
        if row.invoice_number != document.corrects:
            yield f"{name} is for {row.invoice_number}, in its document for {document.corrects}"
    credited = (
        select(INVOICE.c.number, INVOICE.c.total_micros, func.sum(CREDIT_NOTE.c.total_micros).label("credited"))
        .join(CREDIT_NOTE, CREDIT_NOTE.c.invoice_number == INVOICE.c.number)
        .group_by(INVOICE.c.number, INVOICE.c.total_micros)
    )
    for row in connection.execute(credited):
        if int(row.credited) > row.total_micros:
            yield f"invoice {row.number}: {row.credited} micros were credited of {row.total_micros}"
    others = (
        select(CREDIT_NOTE.c.number)
        .join(INVOICE, CREDIT_NOTE.c.invoice_number == INVOICE.c.number)
        .where(
            (INVOICE.c.account_id != CREDIT_NOTE.c.account_id) | (INVOICE.c.currency != CREDIT_NOTE.c.currency)
        )
    )
    for number in connection.scalars(others):
        yield f"credit note {number} is another account's, or in another currency, than its invoice"


def _fees(connection: Connection) -> Iterator[str]:
    """Each fee line is what was kept of the fee it bills, and each fee that was kept has its line."""
    line, fee = INVOICE_LINE.c, BILLED_FEE.c
    same = (fee.invoice_number == line.invoice_number) & (fee.line == line.line)
    query = (
        select(
            line.invoice_number, line.line, line.original_micros, func.coalesce(func.sum(fee.amount_micros), 0)
        )
        .select_from(INVOICE_LINE.outerjoin(BILLED_FEE, same))
        .where(line.kind.in_(("recurring", "one_off")))
        .group_by(line.invoice_number, line.line, line.original_micros)
        .having(func.coalesce(func.sum(fee.amount_micros), 0) != line.original_micros)
        .order_by(line.invoice_number, line.line)
    )
    for number, at, micros, kept in connection.execute(query):
        yield f"invoice {number}: line {at} bills {micros} micros of a fee, {kept} were kept"
    strays = (
        select(fee.invoice_number, fee.line, fee.fee_id)
        .join(INVOICE_LINE, same, isouter=True)
        .where((line.kind.is_(None)) | line.kind.not_in(("recurring", "one_off")))
        .order_by(fee.invoice_number, fee.line)
    )
    for number, at, fee_id in connection.execute(strays):
        yield f"invoice {number}: fee {fee_id} was kept for line {at}, which bills no fee"


def _numbers(connection: Connection) -> Iterator[str]:
    """The numbers of each series and year are 1, 2, 3 and so on, and the series knows the next one."""
    used: dict[str, list[int]] = {}
    for table, kind in ((INVOICE, "invoice"), (CREDIT_NOTE, "credit")):
        for number in connection.scalars(select(table.c.number)):
            *_, year, digits = number.split("-")
            used.setdefault(f"{kind}-{year}", []).append(int(digits))
    known = {row.series: row.next_number for row in connection.execute(select(NUMBER_SERIES))}
    for series in sorted({*used, *known}):
        numbers = sorted(used.get(series, []))
        missing = sorted({*range(1, (numbers[-1] if numbers else 0) + 1)} - {*numbers})
        if missing:
            yield f"series {series} has no number {_listed(missing)}"
        following = (numbers[-1] if numbers else 0) + 1
        if known.get(series, 1) != following:
            yield f"series {series} goes on with {known.get(series, 1)}, {following} is the next"


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    return f"{shown} and {len(numbers) - 5} more" if len(numbers) > 5 else shown
