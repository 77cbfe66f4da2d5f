"""Payments in SQL: once for a reference, in the account's currency, taken back but never changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, insert, select

from ocs.database import writing
from ocs.payments.ageing import ageing_report, band_of, to_csv, totals
from ocs.payments.books import check_receivables, open_balances
from ocs.payments.recording import NewPayment, PaymentError, Recorded, record_payments, reverse_payment
from ocs.payments.tables import PAYMENT
from ocs.payments.view import account_items
from tests.ocs.payments.accounts import EUR, add_account, add_accounts, add_credit_note, add_invoice

PAID = NewPayment("A", "", 30 * EUR, "", "2026-11-20", "bank-1")


@pytest.fixture
def books(engine: Engine) -> Engine:
    """Account A with two invoices of 20 and 40 euros, B in yen, C whose parent A pays."""
    add_accounts(engine, A="EUR", B="JPY")
    with writing(engine) as connection:
        add_account(connection, "C", "EUR", parent="A")
    add_invoice(engine, "2026-000001", "A", 20 * EUR, "2026-10-01", "2026-10-15")
    add_invoice(engine, "2026-000002", "A", 40 * EUR, "2026-11-01", "2026-11-15")
    return engine


def record(engine: Engine, payment: NewPayment) -> Recorded:
    """Record one payment."""
    with writing(engine) as connection:
        return record_payments(connection, [payment], 1)[0]


def test_a_payment_is_recorded_once_for_its_reference(books: Engine) -> None:
    """The same payment again changes nothing; another one under its reference is refused."""
    assert not record(books, PAID).repeated
    assert record(books, PAID).repeated
    with pytest.raises(PaymentError, match=r"reference 'bank-1' of account A was given before, to 30.00 EUR"):
        record(books, replace(PAID, amount_micros=31 * EUR))
    with books.connect() as connection:
        assert account_items(connection, "A").balance_micros == 30 * EUR
        assert len(connection.execute(select(PAYMENT)).all()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"currency": "USD"}, "the payment is in USD, the account in EUR"),
        ({"amount_micros": 0}, "above zero"),
        ({"amount_micros": 12_345}, "no whole number of the currency's smallest coin"),
        ({"account_id": "B", "amount_micros": 1_500_000}, "1.50 JPY is no whole number"),
        ({"account_id": "B", "invoice_number": "2026-000001", "amount_micros": EUR}, "is of account A, not B"),
        ({"account_id": "C"}, "account C has no invoices: A pays for it"),
        ({"account_id": "X"}, "there is no account X"),
        ({"invoice_number": "2026-000009"}, "there is no invoice 2026-000009"),
        ({"account_id": "", "invoice_number": "9"}, "there is no invoice 9"),
        ({"reference": ""}, "needs a reference"),
    ],
)
def test_what_can_not_be_booked_is_refused(
    sqlite_engine: Engine, change: dict[str, object], message: str
) -> None:
    """Each refusal says what is wrong, and leaves nothing behind."""
    add_accounts(sqlite_engine, A="EUR", B="JPY")
    with writing(sqlite_engine) as connection:
        add_account(connection, "C", "EUR", parent="A")
    add_invoice(sqlite_engine, "2026-000001", "A", 20 * EUR, "2026-10-01", "2026-10-15")
    with pytest.raises(PaymentError, match=message):
        record(sqlite_engine, replace(PAID, **change))  # type: ignore[arg-type]
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(PAYMENT)).all() == []


def test_one_wrong_payment_of_many_stops_all(books: Engine) -> None:
    """Payments that come together are recorded together or not at all."""
    with pytest.raises(PaymentError, match=r"bank\.csv:3"), writing(books) as connection:
        record_payments(connection, [PAID, replace(PAID, account_id="X", place="bank.csv:3")], 1)
    with books.connect() as connection:
        assert connection.execute(select(PAYMENT)).all() == []


def test_a_payment_for_an_invoice_needs_no_account(books: Engine) -> None:
    """The invoice tells whose it is, and is paid before older ones."""
    recorded = record(books, replace(PAID, account_id="", invoice_number="2026-000002"))
    with books.connect() as connection:
        items = account_items(connection, "A")

    assert recorded.account_id == "A"
    assert [(one.number, one.open_micros) for one in items.invoices] == [
        ("2026-000001", 20 * EUR),
        ("2026-000002", 10 * EUR),
    ]


def test_a_bounced_payment_is_taken_back_once(books: Engine) -> None:
    """Its invoices are open again from that day; again on another day is refused, as is before it came in."""
    paid = record(books, PAID)
    with pytest.raises(PaymentError, match="came in on 2026-11-20"), writing(books) as connection:
        reverse_payment(connection, paid.payment_id, "2026-11-19", "bounced", 2)
    with writing(books) as connection:
        assert not reverse_payment(connection, paid.payment_id, "2026-11-25", "bounced", 2).repeated
    with writing(books) as connection:
        assert reverse_payment(connection, paid.payment_id, "2026-11-25", "bounced", 3).repeated
    with pytest.raises(PaymentError, match="on 2026-11-25 already"), writing(books) as connection:
        reverse_payment(connection, paid.payment_id, "2026-11-26", "bounced", 3)
    with pytest.raises(PaymentError, match="no payment 99"), writing(books) as connection:
        reverse_payment(connection, 99, "2026-11-26", "bounced", 3)
    with books.connect() as connection:
        assert account_items(connection, "A").balance_micros == 60 * EUR
        assert account_items(connection, "A", "2026-11-24").balance_micros == 30 * EUR
        assert open_balances(connection, ["A"], "2026-11-24") == {"A": 30 * EUR}
        assert open_balances(connection, ["A"], "2026-11-25") == {"A": 60 * EUR}


def test_receivables_are_invoices_less_payments_and_credits(books: Engine) -> None:
    """SQL's sums and the open items of every account agree; balances are those of the fold."""
    paid = record(books, PAID)
    record(books, replace(PAID, reference="bank-2", amount_micros=100 * EUR))
    add_credit_note(books, "C-000001", "2026-000001", "A", 5 * EUR, "2026-11-21")
    add_invoice(books, "2026-000003", "B", 1500 * EUR, "2026-11-01", "2026-11-15", "JPY")
    with writing(books) as connection:
        reverse_payment(connection, paid.payment_id, "2026-11-25", "bounced", 2)
    with books.connect() as connection:
        report = check_receivables(connection)
        assert report.differences == []
        assert report.currencies["EUR"].to_json() == {
            "invoices_micros": 60 * EUR,
            "credit_notes_micros": 5 * EUR,
            "payments_micros": 130 * EUR,
            "reversals_micros": 30 * EUR,
            "receivable_micros": -45 * EUR,
            "owed_micros": 0,
            "credit_micros": 45 * EUR,
        }
        assert report.currencies["JPY"].owed == 1500 * EUR
        assert open_balances(connection, ["A", "B", "C"], "2026-12-31") == {"A": -45 * EUR, "B": 1500 * EUR}


def test_a_payment_in_a_foreign_currency_is_found(books: Engine) -> None:
    """What got into the table past our checks is a difference by name."""
    with writing(books) as connection:
        connection.execute(
            insert(PAYMENT).values(
                account_id="A",
                currency="USD",
                amount_micros=EUR,
                day="2026-11-01",
                reference="x",
                recorded_ms=1,
            )
        )
    with books.connect() as connection:
        report = check_receivables(connection)

    assert report.differences == ["payment 1 of account A is in another currency, or for another's invoice"]


def test_open_invoices_are_aged_by_days_past_due(books: Engine) -> None:
    """Each open invoice is in the band of its days, credit in a column of its own."""
    record(books, replace(PAID, amount_micros=5 * EUR))
    record(books, replace(PAID, account_id="B", amount_micros=7 * EUR))
    with books.connect() as connection:
        rows = ageing_report(connection, "2026-11-30")

    assert to_csv(rows).splitlines() == [
        "account,name,currency,current,1-30,31-60,61-90,over 90,credit,balance",
        "A,Ada Example,EUR,0.00,40.00,15.00,0.00,0.00,0.00,55.00",
        "B,Ada Example,JPY,0.00,0.00,0.00,0.00,0.00,7.00,-7.00",
    ]
    assert [(row.currency, row.balance_micros) for row in totals(rows)] == [
        ("EUR", 55 * EUR),
        ("JPY", -7 * EUR),
    ]


def test_bands_begin_the_day_after() -> None:
    """On its due day an invoice is current; 30 days later still in the first band."""
    bands = {
        "2026-11-30": 0,
        "2026-11-29": 1,
        "2026-10-31": 1,
        "2026-10-30": 2,
        "2026-10-01": 2,
        "2026-09-30": 3,
    }

    assert {due: band_of(due, "2026-11-30") for due in bands} == bands
    assert band_of("2026-09-01", "2026-11-30") == 3
    assert band_of("2026-08-31", "2026-11-30") == 4
    assert band_of("2027-01-01", "2026-11-30") == 0
