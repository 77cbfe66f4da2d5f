"""Online credit comes back when invoices are paid: what each account gets, posted to be delivered to the store.

An invoice says what of it was charged online (``invoice_online``, before tax). Of that as large a part comes
back as is paid of the invoice's total: by payments, credit notes or what was left of either. What should have
come back follows from the open items; what was posted before is subtracted, and the difference is a row of
``credit_restoration``, in the same transaction as its cause. Posting twice posts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, insert, select

from ocs.billing.tables import INVOICE, INVOICE_ONLINE
from ocs.customers.tables import BILLING_ACCOUNT
from ocs.payments.entries import entries_of_accounts
from ocs.payments.open_items import NEVER, BooksError, settle
from ocs.payments.tables import CREDIT_RESTORATION

_AT_ONCE: Final = 500


class OnlineCharge(NamedTuple):
    """What an account was charged online for an invoice that ``payer_id`` pays, and what came back of it."""

    payer_id: str
    invoice_number: str
    total_micros: int
    account_id: str
    currency: str
    online_micros: int
    posted_micros: int


def restored_micros(online_micros: int, total_micros: int, open_micros: int) -> int:
    """What of an online charge is back when so much of its invoice's total is open: the paid part, cut off.

    Of an invoice with nothing open, also one that never asked for money, all is back.
    """
    if open_micros == 0:
        return online_micros
    return online_micros * (total_micros - open_micros) // total_micros


def post_restorations(connection: Connection, payer_ids: Sequence[str], cause: str, now_ms: int) -> int:
    """Post what has become due to the accounts that these pay for; how many rows that were.

    An account whose books contradict themselves is left out: the audit names it.
    """
    return sum(
        _post(connection, payer_ids[start : start + _AT_ONCE], cause, now_ms)
        for start in range(0, len(payer_ids), _AT_ONCE)
    )


def payers_with_online_charges(connection: Connection) -> list[str]:
    """Whoever has an invoice with anything that was charged online."""
    query = select(INVOICE.c.account_id).join(INVOICE_ONLINE).distinct().order_by(INVOICE.c.account_id)
    return list(connection.scalars(query))


def online_charges(connection: Connection, payer_ids: Sequence[str], as_of: str = NEVER) -> list[OnlineCharge]:
    """All that the accounts which these pay for were charged online, by payer and invoice issued by a day."""
    restored, online, invoice = CREDIT_RESTORATION.c, INVOICE_ONLINE.c, INVOICE.c
    posted = (
        select(
            restored.invoice_number, restored.account_id, restored.currency,
            func.sum(restored.amount_micros).label("micros"),
        )
        .where(restored.invoice_number.in_(select(invoice.number).where(invoice.account_id.in_(payer_ids))))
        .group_by(restored.invoice_number, restored.account_id, restored.currency)
        .subquery()
    )  # fmt: skip
    same = (
        (posted.c.invoice_number == online.invoice_number)
        & (posted.c.account_id == online.account_id)
        & (posted.c.currency == online.currency)
    )
    query = (
        select(
            invoice.account_id, invoice.number, invoice.total_micros, online.account_id, online.currency,
            online.amount_micros, func.coalesce(posted.c.micros, 0),
        )
        .select_from(INVOICE.join(INVOICE_ONLINE).join(posted, same, isouter=True))
        .where(invoice.account_id.in_(payer_ids), invoice.issue_day <= as_of)
        .order_by(invoice.account_id, invoice.number, online.account_id, online.currency)
    )  # fmt: skip
    return [OnlineCharge(*row[:6], int(row[6])) for row in connection.execute(query)]


def restored_by(charges: Iterable[OnlineCharge], open_micros: Mapping[str, int]) -> list[OnlineCharge]:
    """Charges with what of them was back when so much of each invoice was open. Pure."""
    return [
        one._replace(
            posted_micros=restored_micros(
                one.online_micros, one.total_micros, open_micros.get(one.invoice_number, 0)
            )
        )
        for one in charges
    ]


def due_changes(
    charges: Iterable[OnlineCharge], open_micros: Mapping[str, Mapping[str, int]]
) -> list[tuple[OnlineCharge, int]]:
    """The charges of which another part should be back than was posted, and the difference. Pure.

    ``open_micros`` has what is open of each invoice by payer; a payer who is not there is left out.
    """
    found = []
    for charge in charges:
        if charge.payer_id not in open_micros:
            continue
        left = open_micros[charge.payer_id].get(charge.invoice_number, 0)
        change = restored_micros(charge.online_micros, charge.total_micros, left) - charge.posted_micros
        if change:
            found.append((charge, change))
    return found


def open_by_payer(connection: Connection, payer_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """What is open of each invoice, by account; accounts whose entries contradict each other are not there."""
    found: dict[str, dict[str, int]] = {}
    broken = set()
    for account_id, currency, entries in entries_of_accounts(connection, payer_ids):
        try:
            items = settle(entries, currency)
        except BooksError:
            broken.add(account_id)
            continue
        found.setdefault(account_id, {}).update({one.number: one.open_micros for one in items.invoices})
    return {account_id: invoices for account_id, invoices in found.items() if account_id not in broken}


def _post(connection: Connection, payer_ids: Sequence[str], cause: str, now_ms: int) -> int:
    online, invoice = INVOICE_ONLINE.c, INVOICE.c
    theirs = select(online.account_id).join(INVOICE).where(invoice.account_id.in_(payer_ids))
    involved = sorted({*payer_ids, *connection.scalars(theirs.distinct())})
    if len(involved) == 0:
        return 0
    account = BILLING_ACCOUNT.c
    locked = select(account.account_id).where(account.account_id.in_(involved)).order_by(account.account_id)
    connection.execute(locked.with_for_update()).all()
    charges = online_charges(connection, payer_ids)
    changes = due_changes(charges, open_by_payer(connection, payer_ids)) if charges else []
    if changes:
        numbers = _last_numbers(connection, sorted({charge.account_id for charge, _ in changes}))
        connection.execute(
            insert(CREDIT_RESTORATION),
            [_row(charge, micros, numbers, cause, now_ms) for charge, micros in changes],
        )
    return len(changes)


def _last_numbers(connection: Connection, account_ids: Sequence[str]) -> dict[str, int]:
    restored = CREDIT_RESTORATION.c
    query = (
        select(restored.account_id, func.max(restored.number))
        .where(restored.account_id.in_(account_ids))
        .group_by(restored.account_id)
    )
    return {account_id: int(number) for account_id, number in connection.execute(query)}


def _row(charge: OnlineCharge, micros: int, numbers: dict[str, int], cause: str, now_ms: int) -> dict[str, Any]:
    number = numbers[charge.account_id] = numbers.get(charge.account_id, 0) + 1
    return {
        "account_id": charge.account_id,
        "number": number,
        "invoice_number": charge.invoice_number,
        "currency": charge.currency,
        "amount_micros": micros,
        "cause": cause,
        "posted_ms": now_ms,
        "delivered_ms": None,
    }
