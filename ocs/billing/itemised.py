"""Invoices with their usage item by item, read again from the lake by the windows they were made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, Engine, select

from ocs.billing.accounts import BillingError
from ocs.billing.invoice import FROM_BALANCE, ON_BILL, USAGE, Invoice, InvoiceLine, UsageItem, parse_invoice
from ocs.billing.periods import local_text, start_ms
from ocs.billing.tables import BILLED_ACCOUNT, INVOICE
from ocs.billing.usage import BillableUsage, UsageRow, Window
from ocs.cdr.lake import Lake

AT_ONCE: Final = 2000
"""Invoices whose usage is asked for by one query."""

_Key = tuple[str, str, str, str, str, bool, str, str]


def numbers_of_run(engine: Engine, run_id: int) -> list[str]:
    """The numbers of a run's invoices, in order. BillingError where there is none."""
    with engine.connect() as connection:
        query = select(INVOICE.c.number).where(INVOICE.c.run_id == run_id).order_by(INVOICE.c.number)
        numbers = list(connection.scalars(query))
    if not numbers:
        raise BillingError(f"there is no invoice of run {run_id}")
    return numbers


def run_invoices(engine: Engine, lake: Lake, run_id: int) -> Iterator[Invoice]:
    """All invoices of a run with their usage, by account. BillingError where there is none."""
    numbers_of_run(engine, run_id)
    return _in_parts(engine, lake, INVOICE.c.run_id == run_id)


def invoices_with_usage(engine: Engine, lake: Lake, numbers: Sequence[str]) -> list[Invoice]:
    """These invoices with their usage, in this order. BillingError where there is none of a number."""
    found = {one.number: one for one in _in_parts(engine, lake, INVOICE.c.number.in_(numbers))}
    missing = [number for number in numbers if number not in found]
    if missing:
        raise BillingError(f"there is no invoice {missing[0]}")
    return [found[number] for number in numbers]


def _in_parts(engine: Engine, lake: Lake, wanted: ColumnElement[bool]) -> Iterator[Invoice]:
    row = INVOICE.c
    with engine.connect() as connection:
        query = select(row.number).where(wanted).order_by(row.run_id, row.account_id)
        numbers = iter(connection.scalars(query).all())
    while part := list(islice(numbers, AT_ONCE)):
        yield from _with_usage(engine, lake, part)


def _with_usage(engine: Engine, lake: Lake, numbers: list[str]) -> Iterator[Invoice]:
    """Invoices in the order given; the lake is asked once, its rows come by invoice."""
    with engine.connect() as connection:
        row, billed = INVOICE.c, BILLED_ACCOUNT.c
        contents = connection.execute(select(row.number, row.content).where(row.number.in_(numbers))).all()
        accounts = connection.execute(select(BILLED_ACCOUNT).where(billed.invoice_number.in_(numbers))).all()
    invoices = {number: parse_invoice(content) for number, content in contents}
    windows = []
    for account in accounts:
        invoice = invoices[account.invoice_number]
        from_ms = start_ms(date.fromisoformat(account.from_day), invoice.time_zone)
        cuts = (account.after_cut, account.after_ms, account.lake_cut)
        windows.append(Window(account.account_id, invoice.number, *cuts, from_ms, account.to_ms))
    by_number: dict[str, list[UsageRow]] = {}
    for found in BillableUsage(lake, windows).items():
        by_number.setdefault(found.payer_id, []).append(found)
    for number in numbers:
        yield itemised(invoices[number], by_number.pop(number, []))


def itemised(invoice: Invoice, rows: Sequence[UsageRow]) -> Invoice:
    """An invoice with these rows of the lake as its usage."""
    line_of = _line_finder(invoice.lines)
    return replace(invoice, usage=tuple(_item(row, line_of, invoice.time_zone) for row in rows))


def _line_finder(lines: Sequence[InvoiceLine]) -> Callable[[UsageRow], int]:
    """The number of the line that has a row's amount. What was joined to another tax category is there."""
    exact: dict[tuple[_Key, str], int] = {}
    joined: dict[_Key, int] = {}
    for line in lines:
        if line.kind == USAGE:
            key = (
                line.account_id, line.msisdn, line.plan, line.item, line.direction, line.late, line.unit_kind,
                line.original_currency,
            )  # fmt: skip
            exact[(key, line.tax)] = line.number
            joined.setdefault(key, line.number)

    def line_of(row: UsageRow) -> int:
        key = row[1:9]
        found = exact.get((key, row.tax))
        return joined.get(key, 0) if found is None else found

    return line_of


def _item(row: UsageRow, line_of: Callable[[UsageRow], int], time_zone: str) -> UsageItem:
    return UsageItem(
        invoice_line=line_of(row) if row.on_bill else 0,
        record_id=row.record_id,
        line=row.line,
        account_id=row.account_id,
        msisdn=row.msisdn,
        service=row.service,
        direction=row.direction,
        started_at=local_text(row.started_ms, time_zone),
        started_ms=row.started_ms,
        other_party=(row.calling if row.direction == "incoming" else row.called) or row.apn,
        destination=row.destination,
        network=row.network,
        units=row.units,
        unit_kind=row.unit_kind,
        rule=row.rule,
        band=row.band,
        bucket=row.bucket,
        amount_micros=row.amount_micros,
        currency=row.currency,
        paid=ON_BILL if row.on_bill else FROM_BALANCE,
    )
