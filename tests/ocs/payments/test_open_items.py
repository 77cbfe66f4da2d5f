"""Who pays whom: oldest first, parts, credit that waits, reversals; and no money appears or vanishes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.payments.open_items import CREDIT_NOTE, INVOICE, PAYMENT, REVERSAL, BooksError, Entry, settle


def invoice(number: str, day: str, amount: int) -> Entry:
    """An invoice due two weeks after its day of November."""
    return Entry(INVOICE, number, day, amount, "EUR", due_day="2026-12-15")


def payment(number: str, day: str, amount: int, document: str = "") -> Entry:
    """A payment, for an invoice or for the oldest."""
    return Entry(PAYMENT, number, day, amount, "EUR", document=document)


TWO = [invoice("I1", "2026-11-01", 100), invoice("I2", "2026-11-02", 50)]


def open_of(entries: list[Entry], as_of: str = "9999-12-31") -> dict[str, int]:
    """What is left of each invoice, and of credit as a negative number."""
    items = settle(entries, "EUR", as_of)
    found = {one.number: one.open_micros for one in items.invoices}
    found.update({one.number: -one.open_micros for one in items.credits})
    return found


def test_the_oldest_invoice_is_paid_first() -> None:
    """A payment without an invoice fills the oldest, then the next."""
    assert open_of([*TWO, payment("p", "2026-11-03", 120)]) == {"I2": 30}


def test_a_payment_pays_the_invoice_it_names_and_then_the_oldest() -> None:
    """The named invoice comes first, what is over goes to the oldest."""
    assert open_of([*TWO, payment("p", "2026-11-03", 60, "I2")]) == {"I1": 90}


def test_a_part_leaves_the_rest_open() -> None:
    """Partial payments add up."""
    entries = [TWO[0], payment("p", "2026-11-03", 30), payment("q", "2026-11-04", 30)]

    assert open_of(entries) == {"I1": 40}


def test_an_overpayment_waits_for_the_next_invoice() -> None:
    """What no invoice needs is credit until there is one, which it pays at once."""
    paid = [TWO[0], payment("p", "2026-11-03", 130)]

    assert open_of(paid) == {"p": -30}
    assert open_of([*paid, invoice("I3", "2026-12-01", 20)]) == {"p": -10}
    assert open_of([*paid, invoice("I3", "2026-12-01", 40)]) == {"I3": 10}


def test_a_credit_note_pays_its_own_invoice_and_the_rest_is_credit() -> None:
    """A credit note on a paid invoice becomes credit for others."""
    note = Entry(CREDIT_NOTE, "C1", "2026-11-05", 20, "EUR", document="I1")

    assert open_of([TWO[0], note]) == {"I1": 80}
    assert open_of([*TWO, payment("p", "2026-11-03", 100), note]) == {"I2": 30}


def test_a_negative_invoice_is_credit() -> None:
    """An invoice below zero pays others; one of zero changes nothing."""
    assert open_of([TWO[0], invoice("I2", "2026-11-02", -30), invoice("I0", "2026-11-02", 0)]) == {"I1": 70}


def test_a_payment_taken_back_leaves_its_invoices_open_again() -> None:
    """A reversal undoes the payment from its day on; the day before it still counts."""
    back = Entry(REVERSAL, "p", "2026-11-09", 120, "EUR", document="p")
    entries = [*TWO, payment("p", "2026-11-03", 120), back]

    assert open_of(entries) == {"I1": 100, "I2": 50}
    assert open_of(entries, "2026-11-08") == {"I2": 30}


def test_the_past_is_the_fold_up_to_its_day() -> None:
    """As of a day, later entries are not there."""
    assert open_of([*TWO, payment("p", "2026-11-03", 120)], "2026-11-01") == {"I1": 100}


def test_currencies_are_never_set_off() -> None:
    """An entry in another currency is refused by name."""
    with pytest.raises(BooksError, match="payment p is in USD, not in EUR"):
        settle([*TWO, Entry(PAYMENT, "p", "2026-11-03", 1, "USD")], "EUR")


def test_a_reversal_needs_its_payment() -> None:
    """A reversal of nothing is a contradiction, not a silence."""
    with pytest.raises(BooksError, match="not there"):
        settle([Entry(REVERSAL, "p", "2026-11-09", 1, "EUR", document="p")], "EUR")


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Any history of an account: invoices of any sign, notes, payments for anything, reversals of some."""
    entries: list[Entry] = []
    day = st.integers(1, 28).map(lambda number: f"2026-11-{number:02d}")
    for index in range(draw(st.integers(0, 6))):
        entries.append(invoice(f"I{index}", draw(day), draw(st.integers(-50, 100))))
    documents = st.sampled_from(["", *(entry.number for entry in entries)])
    for index in range(draw(st.integers(0, 3))):
        amount, document = draw(st.integers(1, 100)), draw(documents)
        entries.append(Entry(CREDIT_NOTE, f"C{index}", draw(day), amount, "EUR", document=document))
    for index in range(draw(st.integers(0, 6))):
        paid = payment(f"p{index}", draw(day), draw(st.integers(1, 150)), draw(documents))
        entries.append(paid)
        if draw(st.booleans()):
            later = max(draw(day), paid.day)
            entries.append(Entry(REVERSAL, paid.number, later, paid.amount_micros, "EUR", document=paid.number))
    return draw(st.permutations(entries))


@given(histories())
def test_money_is_conserved(entries: list[Entry]) -> None:
    """The balance is invoices - notes - payments + reversals; nothing is paid more than once or below zero."""
    signs = {INVOICE: 1, CREDIT_NOTE: -1, PAYMENT: -1, REVERSAL: 1}
    items = settle(entries, "EUR")

    assert items.balance_micros == sum(signs[entry.kind] * entry.amount_micros for entry in entries)
    assert not (items.invoices and items.credits)
    paid: dict[str, int] = {}
    given_out: dict[str, int] = {}
    for allocation in items.allocations:
        assert allocation.amount_micros > 0
        paid[allocation.invoice] = paid.get(allocation.invoice, 0) + allocation.amount_micros
        given_out[allocation.source] = given_out.get(allocation.source, 0) + allocation.amount_micros
    left = {one.number: one.open_micros for one in items.invoices}
    for entry in entries:
        if entry.kind == INVOICE and entry.amount_micros > 0:
            assert paid.get(entry.number, 0) + left.get(entry.number, 0) == entry.amount_micros


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_read_does_not_matter(entries: list[Entry], chance: object) -> None:
    """Open items follow from days and numbers alone."""
    shuffled = sorted(entries, key=lambda entry: hash((entry.number, entry.kind, str(chance))))

    assert settle(entries, "EUR") == settle(shuffled, "EUR")
