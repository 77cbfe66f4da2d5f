"""Payments come in, and bounce: each is recorded once for its reference, in the account's own currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from balance.quantity import MICROS, format_micros
from ocs.billing.coins import digits_of
from ocs.billing.tables import INVOICE
from ocs.customers.tables import BILLING_ACCOUNT
from ocs.payments.entries import payment_number
from ocs.payments.restoring import post_restorations
from ocs.payments.tables import PAYMENT, PAYMENT_REVERSAL


class PaymentError(Exception):
    """A payment that can not be recorded or taken back; the message says why."""


@dataclass(frozen=True, slots=True)
class NewPayment:
    """What came in. One of account and invoice may be empty: an invoice has its account.

    An empty currency is the account's. ``place`` is where it was read, for messages.
    """

    account_id: str
    invoice_number: str
    amount_micros: int
    currency: str
    day: str
    reference: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A payment that is in the books; ``repeated`` where it was before."""

    payment_id: int
    account_id: str
    invoice_number: str
    amount_micros: int
    currency: str
    day: str
    reference: str
    repeated: bool


def record_payments(connection: Connection, payments: Iterable[NewPayment], now_ms: int) -> list[Recorded]:
    """Record payments in the connection's transaction; PaymentError where one is wrong.

    A payment whose account and reference were recorded before is repeated: nothing changes where it says the
    same, PaymentError where it says something else. What comes back of online credit is posted with them.
    """
    recorded = [_record(connection, payment, now_ms) for payment in payments]
    causes: dict[str, list[str]] = {}
    for one in recorded:
        if not one.repeated:
            causes.setdefault(one.account_id, []).append(payment_number(one.payment_id))
    for account_id, numbers in sorted(causes.items()):
        post_restorations(connection, [account_id], ", ".join(numbers), now_ms)
    return recorded


def reverse_payment(connection: Connection, payment_id: int, day: str, reason: str, now_ms: int) -> Recorded:
    """Take a payment back from a day on, as where a direct debit bounced: what it paid is owed again.

    PaymentError where there is no such payment, or it was taken back on another day.
    """
    row = connection.execute(
        select(PAYMENT).where(PAYMENT.c.payment_id == payment_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise PaymentError(f"there is no payment {payment_id}")
    before = connection.execute(
        select(PAYMENT_REVERSAL).where(PAYMENT_REVERSAL.c.payment_id == payment_id)
    ).one_or_none()
    if before is not None and before.day != day:
        raise PaymentError(f"payment {payment_id} was taken back on {before.day} already")
    if day < row.day:
        raise PaymentError(f"payment {payment_id} came in on {row.day}: it can not be taken back before")
    if before is None:
        values = {"payment_id": payment_id, "day": day, "reason": reason, "recorded_ms": now_ms}
        connection.execute(insert(PAYMENT_REVERSAL).values(values))
        cause = f"{payment_number(payment_id)} taken back"
        post_restorations(connection, [row.account_id], cause, now_ms)
    return _recorded(row, repeated=before is not None)


def _record(connection: Connection, payment: NewPayment, now_ms: int) -> Recorded:
    at = f"{payment.place}: " if payment.place else ""
    account = _account(connection, payment, at)
    _check(payment, account.currency, at)
    if payment.invoice_number:
        _check_invoice(connection, payment, account, at)
    before = connection.execute(
        select(PAYMENT).where(
            PAYMENT.c.account_id == account.account_id, PAYMENT.c.reference == payment.reference
        )
    ).one_or_none()
    values: dict[str, Any] = {
        "account_id": account.account_id,
        "invoice_number": payment.invoice_number or None,
        "currency": account.currency,
        "amount_micros": payment.amount_micros,
        "day": payment.day,
        "reference": payment.reference,
    }
    if before is not None:
        if any(getattr(before, name) != value for name, value in values.items()):
            amount = f"{format_micros(before.amount_micros)} {before.currency}"
            raise PaymentError(
                f"{at}reference {payment.reference!r} of account {account.account_id} was given before, "
                f"to {amount} of {before.day}: another payment needs another reference"
            )
        return _recorded(before, repeated=True)
    inserted = insert(PAYMENT).values(**values, recorded_ms=now_ms).returning(*PAYMENT.c)
    return _recorded(connection.execute(inserted).one(), repeated=False)


def _account(connection: Connection, payment: NewPayment, at: str) -> Any:
    """The account's row, locked so that payments of one account come one after the other."""
    account_id = payment.account_id
    if not account_id:
        query = select(INVOICE.c.account_id).where(INVOICE.c.number == payment.invoice_number)
        found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise PaymentError(f"{at}there is no invoice {payment.invoice_number}")
        account_id = found
    row = connection.execute(
        select(BILLING_ACCOUNT).where(BILLING_ACCOUNT.c.account_id == account_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise PaymentError(f"{at}there is no account {account_id}")
    if row.payer == "parent":
        raise PaymentError(f"{at}account {account_id} has no invoices: {row.parent_account_id} pays for it")
    return row


def _check(payment: NewPayment, currency: str, at: str) -> None:
    if payment.currency and payment.currency != currency:
        raise PaymentError(
            f"{at}the payment is in {payment.currency}, the account in {currency}: "
            "exchange it first, and record what was credited"
        )
    if payment.amount_micros <= 0:
        raise PaymentError(f"{at}a payment is above zero; `ocs payment reverse` takes one back")
    if payment.amount_micros % (MICROS // 10 ** digits_of(currency)):
        amount = format_micros(payment.amount_micros)
        raise PaymentError(f"{at}{amount} {currency} is no whole number of the currency's smallest coin")
    if not payment.reference:
        raise PaymentError(f"{at}a payment needs a reference, so that it is never recorded twice")


def _check_invoice(connection: Connection, payment: NewPayment, account: Any, at: str) -> None:
    row = connection.execute(select(INVOICE).where(INVOICE.c.number == payment.invoice_number)).one_or_none()
    if row is None:
        raise PaymentError(f"{at}there is no invoice {payment.invoice_number}")
    if row.account_id != account.account_id:
        raise PaymentError(f"{at}invoice {row.number} is of account {row.account_id}, not {account.account_id}")
    if row.currency != account.currency:
        raise PaymentError(f"{at}invoice {row.number} is in {row.currency}, the account in {account.currency}")


def _recorded(row: Any, *, repeated: bool) -> Recorded:
    return Recorded(
        row.payment_id,
        row.account_id,
        row.invoice_number or "",
        row.amount_micros,
        row.currency,
        row.day,
        row.reference,
        repeated,
    )
