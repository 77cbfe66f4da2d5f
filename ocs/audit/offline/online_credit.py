"""Online credit in SQL: invoices say what their records were charged online, and paid parts are posted once.

Sums are made again by SQL of its own over the lake, and parts by fractions, not by the code that posts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby, pairwise

from sqlalchemy import Connection, func, select

from ocs.billing.tables import INVOICE, INVOICE_ONLINE
from ocs.payments.entries import entries_by_account
from ocs.payments.open_items import BooksError, settle
from ocs.payments.tables import CREDIT_RESTORATION


def online_of_invoices(connection: Connection) -> dict[tuple[str, str, str], int]:
    """What invoices say was charged online, by invoice, account and currency."""
    return {tuple(key): micros for *key, micros in connection.execute(select(INVOICE_ONLINE))}


def check_restorations(connection: Connection) -> Iterator[str]:
    """Each posted sum is the paid part of its charge; the numbers of each account are 1, 2, 3 and so on."""
    restored = CREDIT_RESTORATION.c
    posted = {
        tuple(key): int(micros)
        for *key, micros in connection.execute(
            select(
                restored.invoice_number, restored.account_id, restored.currency,
                func.sum(restored.amount_micros),
            ).group_by(restored.invoice_number, restored.account_id, restored.currency)
        )
    }  # fmt: skip
    left, broken = _open_invoices(connection)
    query = (
        select(INVOICE_ONLINE, INVOICE.c.total_micros, INVOICE.c.account_id.label("payer_id"))
        .join(INVOICE)
        .order_by(*INVOICE_ONLINE.primary_key.columns)
    )
    for row in connection.execute(query):
        back = posted.pop((row.invoice_number, row.account_id, row.currency), 0)
        unpaid = left.get(row.invoice_number, 0)
        paid = Fraction(row.total_micros - unpaid, row.total_micros) if unpaid else Fraction(1)
        due = (row.amount_micros * paid).__floor__()
        if back != due and row.payer_id not in broken:
            yield (
                f"invoice {row.invoice_number}: {back} micros of the online credit of account {row.account_id} "
                f"are given back, {due} are paid for: `ocs payment deliver` puts it right"
            )
    for (invoice, account_id, currency), micros in sorted(posted.items()):
        yield (
            f"invoice {invoice}: {micros} micros {currency} are given back to account {account_id}, "
            "which was charged nothing online for it"
        )
    numbers = select(restored.account_id, restored.number).order_by(restored.account_id, restored.number)
    for account_id, own in groupby(connection.execute(numbers), key=lambda row: str(row.account_id)):
        found = [0, *(row.number for row in own)]
        if any(later != earlier + 1 for earlier, later in pairwise(found)):
            yield f"account {account_id}: its restorations are not numbered 1, 2, 3 and so on"


def _open_invoices(connection: Connection) -> tuple[dict[str, int], set[str]]:
    """What is open of each invoice that is not paid, and accounts whose entries contradict each other."""
    left: dict[str, int] = {}
    broken: set[str] = set()
    for account_id, currency, entries in entries_by_account(connection):
        try:
            items = settle(entries, currency)
        except BooksError:
            broken.add(account_id)
            continue
        left.update({one.number: one.open_micros for one in items.invoices})
    return left, broken
