"""Credit notes: what may be given back, its tax, and that nothing is given back twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ocs.billing.accounts import BillingError
from ocs.billing.credit import CreditRequest, credit
from ocs.billing.invoice import CREDIT_NOTE, parse_invoice
from ocs.billing.tables import CREDIT_NOTE as NOTES
from ocs.billing.tables import INVOICE
from tests.ocs.billing.operator import Operator, call


@pytest.fixture
def operator(engine: Engine, tmp_path: Path) -> Operator:
    """An operator that has billed a fee of 10 euros, and 1.50 with another rate of tax."""
    made = Operator(engine, tmp_path)
    made.begin()
    made.account("A1")
    made.subscribe("A1", "S1", "basic", "2026-10-01")
    made.use([call("A1", "S1", "2026-10-05", 1_500_000, tax="goods"), call("A1", "S1", "2026-10-05", 333_333)])
    made.bill("2026-11-01")
    return made


def request(line: int | None, net_micros: int | None, day: str = "2026-11-10") -> CreditRequest:
    """A request about the only invoice."""
    return CreditRequest("2026-000001", line, net_micros, "a mistake of ours", day)


def test_a_whole_invoice_is_given_back_exactly(operator: Operator) -> None:
    """Net, tax, rounding and total are the invoice's; a second time there is nothing left."""
    note = credit(operator.engine, request(None, None))
    (invoice,) = operator.invoices()

    assert (note.kind, note.number, note.corrects) == (CREDIT_NOTE, "CN-2026-000001", "2026-000001")
    assert (note.net_micros, note.tax_micros, note.rounding_micros, note.total_micros) == (
        invoice.net_micros, invoice.tax_micros, invoice.rounding_micros, invoice.total_micros,
    )  # fmt: skip
    with pytest.raises(BillingError, match="nothing is left"):
        credit(operator.engine, request(None, None))
    with operator.engine.connect() as connection:
        assert connection.scalars(select(INVOICE.c.content)).one() is not None
        assert parse_invoice(connection.scalars(select(NOTES.c.content)).one()) == note


def test_the_same_is_not_given_back_twice(operator: Operator) -> None:
    """A command that was called again changes nothing; for another reason, or another day, it is meant."""
    again = replace(request(1, 1_000_000), reason="and another mistake")
    notes = [credit(operator.engine, one) for one in (request(1, 1_000_000), again)]
    with pytest.raises(
        BillingError, match="CN-2026-000001 of 2026-11-10 gave the same back for the same reason"
    ):
        credit(operator.engine, request(1, 1_000_000))
    notes += [credit(operator.engine, request(1, 1_000_000, "2026-11-11"))]
    notes += [credit(operator.engine, request(1, 1_000_001))]

    assert [note.number for note in notes] == [f"CN-2026-{number:06d}" for number in (1, 2, 3, 4)]


def test_a_credit_note_says_why(operator: Operator) -> None:
    """Blanks are no reason."""
    with pytest.raises(BillingError, match="give it a reason"):
        credit(operator.engine, replace(request(None, None), reason=" "))


def test_an_invoice_below_zero_has_nothing_to_credit(operator: Operator) -> None:
    """It is said what it comes to."""
    operator.account("A2")
    operator.use([call("A2", "S2", "2026-10-06", -2_000_000)])
    operator.bill("2026-11-01")
    with pytest.raises(BillingError, match=r"invoice 2026-000002 is of -2.38 EUR: there is nothing to credit"):
        credit(operator.engine, replace(request(None, None), number="2026-000002"))


def test_the_rest_after_a_part_of_the_whole(operator: Operator) -> None:
    """What was given back of no certain line is no more left in any: the rest adds up to the invoice."""
    operator.account("A2")
    operator.subscribe("A2", "S2", "basic", "2026-11-01")
    operator.bill("2026-12-01")
    invoice = operator.invoices()[1]
    part, rest = (
        CreditRequest(invoice.number, None, net, "goodwill", "2026-12-10") for net in (2_000_001, None)
    )
    notes = [credit(operator.engine, one) for one in (part, rest)]

    assert sum(note.total_micros for note in notes) == invoice.total_micros
    assert sum(note.tax_micros for note in notes) == invoice.tax_micros
    assert sum(note.net_micros for note in notes) == invoice.net_micros
    with pytest.raises(BillingError, match="nothing is left"):
        credit(operator.engine, rest)


def test_parts_add_up_to_the_whole(operator: Operator) -> None:
    """A part of a line, another line, then the rest: together the invoice's total to the cent."""
    (invoice,) = operator.invoices()
    notes = [
        credit(operator.engine, one) for one in (request(1, 3_333_333), request(2, None), request(None, None))
    ]

    assert [note.number for note in notes] == [f"CN-2026-{number:06d}" for number in (1, 2, 3)]
    assert notes[0].tax_micros == 630_000  # 19 % of 3.333333
    assert all(note.total_micros % 10_000 == 0 for note in notes)
    for name in ("net_micros", "tax_micros", "rounding_micros", "total_micros"):
        assert sum(getattr(note, name) for note in notes) == getattr(invoice, name)


def test_more_than_a_line_has_is_not_given_back(operator: Operator) -> None:
    """Nor nothing, nor of a line or invoice that is not there, nor before the invoice was issued."""
    credit(operator.engine, request(1, 9_000_000))
    for wanted, message in (
        (request(1, 1_000_001), r"line 1 has 1\.00 left to credit, not 1\.000001"),
        (request(1, 0), r"line 1 has 1\.00 left to credit, not 0\.00"),
        (request(9, None), "has no line 9"),
        (request(None, 1_000_000), "has several rates of tax"),
        (request(1, 1, "2026-10-31"), "is of 2026-11-01, after 2026-10-31"),
        (CreditRequest("2026-000009", None, None, "x", "2026-11-10"), "there is no invoice 2026-000009"),
    ):
        with pytest.raises(BillingError, match=message):
            credit(operator.engine, wanted)
    with operator.engine.connect() as connection:
        assert connection.scalars(select(NOTES.c.number)).all() == ["CN-2026-000001"]


def test_an_amount_of_the_whole_needs_no_line(operator: Operator) -> None:
    """Where there is one rate of tax; it can not be more than the invoice asked for."""
    operator.account("A2")
    operator.subscribe("A2", "S2", "basic", "2026-11-01")
    operator.bill("2026-12-01")
    number = operator.invoices()[1].number
    note = credit(operator.engine, CreditRequest(number, None, 2_000_000, "goodwill", "2026-12-10"))

    assert (note.lines[0].number, note.net_micros, note.total_micros) == (0, 2_000_000, 2_380_000)
    with pytest.raises(BillingError, match="more than it asked for"):
        credit(operator.engine, CreditRequest(number, None, 9_000_000, "goodwill", "2026-12-10"))
