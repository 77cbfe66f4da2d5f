"""Who owes how much, and for how long: open invoices by days past due."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from balance.quantity import format_micros
from ocs.customers.tables import BILLING_ACCOUNT, PARTY
from ocs.payments.entries import entries_by_account
from ocs.payments.open_items import OpenItems, settle

BANDS: Final = ("current", "1-30", "31-60", "61-90", "over 90")
"""Days past due: not yet due, then by months."""
_LAST_DAYS: Final = (0, 30, 60, 90)
COLUMNS: Final = ("account", "name", "currency", *BANDS, "credit", "balance")


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """What an account owes in one currency by band, its unused credit and the balance of both, in micros."""

    account_id: str
    name: str
    currency: str
    bands: tuple[int, ...]
    credit_micros: int

    @property
    def balance_micros(self) -> int:
        """What it owes, less its credit."""
        return sum(self.bands) - self.credit_micros

    def amounts(self) -> tuple[int, ...]:
        """All amounts in the order of the columns."""
        return (*self.bands, self.credit_micros, self.balance_micros)


def band_of(due_day: str, as_of: str) -> int:
    """The band of an invoice that is open on a day; the day it is due it is current."""
    late = (date.fromisoformat(as_of) - date.fromisoformat(due_day)).days
    return next((band for band, last in enumerate(_LAST_DAYS) if late <= last), len(_LAST_DAYS))


def age(account_id: str, name: str, items: OpenItems, as_of: str) -> AgeingRow:
    """The open items of an account by age."""
    bands = [0] * len(BANDS)
    for invoice in items.invoices:
        bands[band_of(invoice.due_day, as_of)] += invoice.open_micros
    return AgeingRow(account_id, name, items.currency, tuple(bands), items.credit_micros)


def ageing_report(connection: Connection, as_of: str) -> list[AgeingRow]:
    """All accounts with anything open at the end of a day, in order."""
    names = {
        row.account_id: row.name
        for row in connection.execute(
            select(BILLING_ACCOUNT.c.account_id, PARTY.c.name).join(
                PARTY, PARTY.c.party_id == BILLING_ACCOUNT.c.party_id
            )
        )
    }
    rows = (
        age(account_id, names[account_id], settle(entries, currency, as_of), as_of)
        for account_id, currency, entries in entries_by_account(connection)
    )
    return [row for row in rows if any(row.amounts())]


def totals(rows: Iterable[AgeingRow]) -> list[AgeingRow]:
    """One row for each currency."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        own = sums.setdefault(row.currency, [0] * (len(BANDS) + 1))
        for index, micros in enumerate((*row.bands, row.credit_micros)):
            own[index] += micros
    return [
        AgeingRow("", "total", currency, tuple(amounts[:-1]), amounts[-1])
        for currency, amounts in sorted(sums.items())
    ]


def to_cells(row: AgeingRow) -> list[str]:
    """A row as text, amounts in major units."""
    return [row.account_id, row.name, row.currency, *map(format_micros, row.amounts())]


def to_csv(rows: Iterable[AgeingRow]) -> str:
    """The report as CSV, without totals: a spreadsheet makes its own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(to_cells(row) for row in rows)
    return text.getvalue()


def to_json(row: AgeingRow) -> dict[str, Any]:
    """A row for scripts, amounts in micros."""
    return {
        "account": row.account_id,
        "name": row.name,
        "currency": row.currency,
        "open_micros": dict(zip(BANDS, row.bands, strict=True)),
        "credit_micros": row.credit_micros,
        "balance_micros": row.balance_micros,
    }
