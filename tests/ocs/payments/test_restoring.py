"""Online credit that comes back with payments: the paid part of what an invoice had charged online, exactly."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from ocs.billing.tables import INVOICE_ONLINE
from ocs.database import migrate, open_database, writing
from ocs.payments.recording import NewPayment, record_payments, reverse_payment
from ocs.payments.restoring import payers_with_online_charges, post_restorations, restored_micros
from ocs.payments.tables import CREDIT_RESTORATION
from tests.ocs.payments.accounts import EUR, add_account, add_accounts, add_credit_note, add_invoice

DAY = "2026-11-20"
PAID = NewPayment("A", "", 0, "", DAY, "")


def add_online(engine: Engine, number: str, **micros: int) -> None:
    """What accounts were charged online for an invoice, in euros."""
    rows = [
        {"invoice_number": number, "account_id": account_id, "currency": "EUR", "amount_micros": amount}
        for account_id, amount in micros.items()
    ]
    with writing(engine) as connection:
        connection.execute(insert(INVOICE_ONLINE), rows)


def pay(engine: Engine, micros: int, reference: str, **values: Any) -> int:
    """Record a payment of account A; its number."""
    with writing(engine) as connection:
        payment = replace(PAID, amount_micros=micros, reference=reference, **values)
        return record_payments(connection, [payment], 5)[0].payment_id


def take_back(engine: Engine, payment_id: int) -> None:
    """Reverse a payment."""
    with writing(engine) as connection:
        reverse_payment(connection, payment_id, DAY, "returned", 6)


def post(engine: Engine) -> int:
    """Post what has become due by something that was written into the tables by hand."""
    with writing(engine) as connection:
        return post_restorations(connection, payers_with_online_charges(connection), "test", 7)


def posted(engine: Engine) -> list[tuple[Any, ...]]:
    """Account, number, invoice, micros and cause of all restorations in their order."""
    row = CREDIT_RESTORATION.c
    query = select(row.account_id, row.number, row.invoice_number, row.amount_micros, row.cause)
    with engine.connect() as connection:
        return [tuple(one) for one in connection.execute(query.order_by(row.account_id, row.number))]


@pytest.fixture
def books(engine: Engine) -> Engine:
    """A owes 119 euros of which 80 were charged online, 50 to A and 30 to its child C; 20 more without any."""
    add_accounts(engine, A="EUR")
    with writing(engine) as connection:
        add_account(connection, "C", "EUR", parent="A")
    add_invoice(engine, "2026-000001", "A", 119 * EUR, "2026-10-01", "2026-10-15")
    add_online(engine, "2026-000001", A=50 * EUR, C=30 * EUR)
    add_invoice(engine, "2026-000002", "A", 20 * EUR, "2026-11-01", "2026-11-15")
    return engine


def test_a_part_payment_gives_back_the_paid_part(books: Engine) -> None:
    """Cut off to a micro at each step; the last payment gives back the rest, and paying more nothing."""
    pay(books, 40 * EUR, "b1")
    pay(books, 40 * EUR, "b1")  # the same again
    pay(books, 39 * EUR, "b2")
    pay(books, 60 * EUR, "b3")
    first = ("2026-000001", 50 * EUR * 40 // 119, "payment 1")
    assert posted(books) == [
        ("A", 1, *first),
        ("A", 2, "2026-000001", 50 * EUR * 79 // 119 - first[1], "payment 2"),
        ("A", 3, "2026-000001", 50 * EUR - 50 * EUR * 79 // 119, "payment 3"),
        ("C", 1, "2026-000001", 30 * EUR * 40 // 119, "payment 1"),
        ("C", 2, "2026-000001", 30 * EUR * 79 // 119 - 30 * EUR * 40 // 119, "payment 2"),
        ("C", 3, "2026-000001", 30 * EUR - 30 * EUR * 79 // 119, "payment 3"),
    ]
    assert post(books) == 0


def test_a_payment_that_bounces_takes_credit_back(books: Engine) -> None:
    """What it had brought goes; another payment that becomes free for the invoice counts at once."""
    whole = pay(books, 119 * EUR, "b1")
    pay(books, 119 * EUR, "b2")  # 20 for the second invoice, 99 are left
    take_back(books, whole)
    take_back(books, whole)
    left = (50 * EUR * 99 // 119, 30 * EUR * 99 // 119)
    assert [(row[0], row[3], row[4]) for row in posted(books)] == [
        ("A", 50 * EUR, "payment 1"),
        ("A", left[0] - 50 * EUR, "payment 1 taken back"),
        ("C", 30 * EUR, "payment 1"),
        ("C", left[1] - 30 * EUR, "payment 1 taken back"),
    ]


def test_what_was_paid_too_much_pays_the_next_invoice(books: Engine) -> None:
    """Credit that waits gives nothing back before there is an invoice, and then at once."""
    pay(books, 200 * EUR, "b1")
    add_invoice(books, "2026-000003", "A", 61 * EUR, "2026-12-01", "2026-12-15")
    add_online(books, "2026-000003", A=10 * EUR)
    assert post(books) == 1
    assert posted(books)[1][2:] == ("2026-000003", 10 * EUR, "test")


def test_a_credit_note_counts_like_a_payment(books: Engine) -> None:
    """And an invoice that asks for nothing, or for less, gives back all of it."""
    add_credit_note(books, "CN-2026-000001", "2026-000001", "A", 119 * EUR, "2026-11-02")
    assert post(books) == 2
    for number, total in (("2026-000003", 0), ("2026-000004", -5 * EUR)):
        add_invoice(books, number, "A", total, "2026-12-01", "2026-12-15")
        add_online(books, number, A=3 * EUR)
    assert post(books) == 2
    assert [row[3] for row in posted(books)] == [50 * EUR, 3 * EUR, 3 * EUR, 30 * EUR]


def test_an_invoice_without_online_charges_gives_nothing_back(books: Engine) -> None:
    """Usage of other systems and fees never used online credit."""
    pay(books, 20 * EUR, "b1", invoice_number="2026-000002")
    assert posted(books) == []


_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 400), st.integers(1, 28)),
        st.tuples(st.just("bill"), st.integers(-50, 300), st.integers(0, 500_000_000)),
        st.tuples(st.just("back"), st.integers(0, 5), st.just(0)),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with account A alone."""
    path = tmp_path_factory.mktemp("books") / "ocs.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    add_accounts(engine, A="EUR")
    engine.dispose()
    return path


@settings(max_examples=15, deadline=None)
@given(events=_EVENTS)
def test_restorations_follow_what_is_open(empty_books: Path, events: list[tuple[str, int, int]]) -> None:
    """Whatever is billed, paid and taken back in any order: never more than was charged, all in the end."""
    with TemporaryDirectory() as folder:
        shutil.copy(empty_books, folder)
        engine = open_database(f"sqlite:///{Path(folder) / 'ocs.db'}")
        charged: dict[str, int] = {}
        payments: list[int] = []
        for at, (what, number, other) in enumerate(events):
            if what == "bill":
                name = f"2026-{len(charged) + 1:06d}"
                add_invoice(engine, name, "A", number * EUR, f"2026-11-{1 + at:02d}", "2026-12-15")
                charged[name] = other
                add_online(engine, name, A=other)
                post(engine)
            elif what == "pay":
                payments.append(pay(engine, number * EUR, f"b{at}", day=f"2026-11-{other:02d}"))
            elif number < len(payments):
                with writing(engine) as connection:
                    reverse_payment(connection, payments.pop(number), "2026-12-31", "x", 6)
            _check_bounds(engine, charged)
        assert post(engine) == 0
        pay(engine, 4200 * EUR, "the rest")
        sums = _check_bounds(engine, charged)
        assert sums == {name: micros for name, micros in charged.items() if micros}
        engine.dispose()


def _check_bounds(engine: Engine, charged: dict[str, int]) -> dict[str, int]:
    sums: dict[str, int] = {}
    rows = posted(engine)
    for _, _, invoice, micros, _ in rows:
        sums[invoice] = sums.get(invoice, 0) + micros
    assert all(0 <= micros <= charged[invoice] for invoice, micros in sums.items())
    assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
    return {invoice: micros for invoice, micros in sums.items() if micros}


@given(st.integers(0, 10**15), st.integers(1, 10**9), st.integers(0, 10**9))
def test_more_open_is_never_more_back(online: int, total: int, left: int) -> None:
    """Between nothing and all of it, and less the more is open."""
    left = min(left, total)
    back = restored_micros(online, total, left)
    assert 0 <= back <= online
    assert restored_micros(online, total, 0) == online
    assert restored_micros(online, total, total) == 0
    assert left == total or back >= restored_micros(online, total, left + 1)
