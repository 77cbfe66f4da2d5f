"""Billing runs on SQLite and PostgreSQL: what is on an invoice, what waits, and what is never billed twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from ocs.billing.accounts import BillingError
from ocs.billing.invoice import DISCOUNT, ONE_OFF, RECURRING, USAGE, Invoice, canonical_json
from ocs.billing.tables import BILLED_ACCOUNT, BILLING_DRAFT, BILLING_RUN
from ocs.payments.tables import CREDIT_RESTORATION
from tests.ocs.billing.operator import Operator, call


@pytest.fixture
def operator(engine: Engine, tmp_path: Path) -> Operator:
    """An operator with one cycle and one party."""
    made = Operator(engine, tmp_path)
    made.begin()
    return made


def lines(invoice: Invoice, kind: str) -> list[tuple[str, int]]:
    """Item and amount of the lines of a kind."""
    return [(line.item, line.amount_micros) for line in invoice.lines if line.kind == kind]


def test_an_invoice_below_zero_gives_online_credit_back(operator: Operator) -> None:
    """It pays a quarter of the invoice before, so that a quarter of what that had charged online is back."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "basic", "2026-11-01")
    operator.use([call("A1", "S1", "2026-11-05", 10_000_000, plan="basic")], series="online-p0")
    operator.bill("2026-12-01")
    operator.end("S1", "2026-11-01", "2026-11-16")
    operator.bill("2027-01-01")
    assert [one.total_micros for one in operator.invoices()] == [23_800_000, -5_950_000]
    row = CREDIT_RESTORATION.c
    query = select(row.account_id, row.invoice_number, row.amount_micros, row.cause)
    with operator.engine.connect() as connection:
        posted = [tuple(one) for one in connection.execute(query)]
    assert posted == [("A1", "2026-000001", 2_500_000, "billing run 2")]


def test_an_invoice_adds_up(operator: Operator) -> None:
    """Fees and usage make the net, tax is rounded once, the total is whole cents and names its input."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "basic", "2026-11-01")
    operator.use(
        [call("A1", "S1", "2026-11-17 14:00", 123_457, plan="basic"), call("A1", "S1", "2026-11-18", 1)]
    )
    outcome = operator.bill("2026-12-01")
    (invoice,) = operator.invoices()

    assert (outcome.totals.invoices, outcome.problems) == (1, [])
    assert invoice.number == "2026-000001"
    assert lines(invoice, RECURRING) == [("monthly", 10_000_000)]
    assert sum(amount for _, amount in lines(invoice, USAGE)) == 123_458
    assert invoice.net_micros == 10_123_458
    (tax,) = invoice.taxes
    assert (tax.category, tax.rate_millionths, tax.net_micros) == ("telecom", 190_000, 10_123_458)
    assert invoice.tax_micros == tax.tax_micros == 1_920_000  # 1.92345702
    assert invoice.total_micros == 12_040_000
    assert invoice.rounding_micros == 12_040_000 - 10_123_458 - 1_920_000
    assert (invoice.period_from_day, invoice.period_to_day) == ("2026-01-01", "2026-12-01")
    assert (invoice.issue_day, invoice.due_day) == ("2026-12-01", "2026-12-15")
    assert invoice.frozen.lake_cut == 1
    assert [(one.series, one.first, one.last) for one in invoice.frozen.records] == [("import-test", 1, 2)]
    assert invoice.frozen.catalogue == "c1"


def test_usage_that_arrives_late_is_on_the_next_bill(operator: Operator) -> None:
    """Records of a past period that come after its run are billed once, as late; later usage waits."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "dollar", "2026-10-01")
    operator.use([call("A1", "S1", "2026-10-05", 100), call("A1", "S1", "2026-11-02", 20)])
    operator.bill("2026-11-01")
    operator.use([call("A1", "S1", "2026-10-31 23:59:59", 3), call("A1", "S1", "2026-11-30", 4)])
    operator.bill("2026-12-01")
    operator.use([call("A1", "S1", "2026-10-06", 500)])
    operator.bill("2027-01-01")
    found = [
        [(line.late, line.amount_micros, line.records) for line in one.lines] for one in operator.invoices()
    ]

    assert found == [[(False, 100, 1)], [(False, 24, 2), (True, 3, 1)], [(True, 500, 1)]]
    late = operator.invoices()[2].lines[0]
    assert (late.from_day, late.to_day) == ("2026-10-06", "2026-10-07")


def test_a_period_ends_at_local_midnight(operator: Operator) -> None:
    """With a clock change inside, the month ends at midnight in Berlin, not at midnight in UTC."""
    operator.account("A1")
    operator.use([call("A1", "S1", "2026-10-31 23:59:59", 1), call("A1", "S1", "2026-11-01 00:00:00", 10)])
    operator.use([call("A1", "S1", "2026-03-31 23:59:59", 100), call("A1", "S1", "2026-04-01 00:00:00", 1000)])
    totals = [operator.bill(f"2026-{month:02d}-01").totals.amounts for month in (4, 11, 12)]

    assert [one.net_micros for one in operator.invoices()] == [100, 1001, 10]
    assert [total["EUR"] for total in totals] == [0, 0, 0]


def test_only_what_waits_for_a_bill_is_billed(operator: Operator) -> None:
    """Usage that was paid from a balance or that a partner pays costs nothing here."""
    operator.account("A1")
    operator.use(
        [
            call("A1", "S1", "2026-10-05", 1),
            call("A1", "S1", "2026-10-05", 10, payment="prepaid"),
            call("A1", "S1", "2026-10-05", 100, payment="settlement"),
            call("nobody", "S2", "2026-10-05", 1000),
        ]
    )
    operator.bill("2026-11-01")

    assert [one.net_micros for one in operator.invoices()] == [1]


def test_the_same_input_gives_the_same_octets(operator: Operator) -> None:
    """Two dry runs and the real one agree in every octet but the number."""
    for number in range(5):
        operator.account(f"A{number}")
        operator.subscribe(f"A{number}", f"S{number}", "talk", "2026-10-17")
        operator.use([call(f"A{number}", f"S{number}", f"2026-10-2{number}", 10 + number)])
    first, second = (
        [canonical_json(draft.invoice) for draft in operator.drafts("2026-11-01") if draft.invoice]
        for _ in range(2)
    )
    operator.bill("2026-11-01")

    assert first == second
    assert [canonical_json(replace(one, number="")) for one in operator.invoices()] == first
    assert [one.number for one in operator.invoices()] == [f"2026-{number:06d}" for number in range(1, 6)]


def test_a_period_is_billed_once(operator: Operator) -> None:
    """Running again finds nothing to do; numbers go on without a gap."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "basic", "2026-10-01")
    operator.bill("2026-11-01")
    again = operator.bill("2026-11-15")
    operator.bill("2026-12-01")

    assert (again.run_id, again.totals.invoices) == (0, 0)
    assert [one.number for one in operator.invoices()] == ["2026-000001", "2026-000002"]
    assert [one.net_micros for one in operator.invoices()] == [10_000_000, 10_000_000]


def test_numbers_begin_anew_each_year(operator: Operator) -> None:
    """The day of issue names the year of the number."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "basic", "2026-11-01")
    operator.bill("2026-12-31")
    operator.bill("2027-01-01")

    assert [one.number for one in operator.invoices()] == ["2026-000001", "2027-000001"]


def test_a_parent_pays_for_its_children(operator: Operator) -> None:
    """What accounts below owe is on the payer's invoice, by account; one that pays for itself is not."""
    operator.account("head")
    operator.account("child", parent_account_id="head", payer="parent")
    operator.account("grandchild", parent_account_id="child", payer="parent")
    operator.account("own", parent_account_id="head")
    operator.subscribe("grandchild", "S1", "basic", "2026-10-01")
    operator.use([call("child", "S2", "2026-10-05", 5), call("own", "S3", "2026-10-05", 7)])
    operator.bill("2026-11-01")
    head, own = operator.invoices()

    assert (head.account_id, own.account_id) == ("head", "own")
    assert [(line.account_id, line.amount_micros) for line in head.lines] == [
        ("child", 5),
        ("grandchild", 10_000_000),
    ]
    assert own.net_micros == 7
    with operator.engine.connect() as connection:
        billed = connection.scalar(select(func.count()).select_from(BILLED_ACCOUNT))
    assert billed == 4


def test_currencies_have_their_coins(operator: Operator) -> None:
    """Yen are whole, dinars have three decimals; totals are kept apart."""
    operator.account("JP", currency="JPY", tax_jurisdiction="JP")
    operator.account("KW", currency="KWD", tax_jurisdiction="KW")
    operator.subscribe("JP", "S1", "yen", "2026-10-16")
    operator.subscribe("KW", "S2", "dinar", "2026-10-01")
    outcome = operator.bill("2026-11-01")
    yen, dinar = operator.invoices()

    assert yen.net_micros == 516_129_032  # 1000 yen for 16 of 31 days
    assert (yen.tax_micros, yen.total_micros) == (52_000_000, 568_000_000)
    assert (dinar.net_micros, dinar.tax_micros, dinar.total_micros) == (3_333_333, 167_000, 3_500_000)
    assert outcome.totals.amounts == {"JPY": 568_000_000, "KWD": 3_500_000}


def test_prices_in_another_currency_are_converted(operator: Operator) -> None:
    """The sum is converted at the dated rate, and the line keeps what it was; without a rate: no bill."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "dollar", "2026-10-01")
    operator.use([call("A1", "S1", "2026-10-05", 1_000_001, currency="USD")])
    operator.bill("2026-11-01")
    (invoice,) = operator.invoices()
    (line,) = invoice.lines

    assert (line.amount_micros, line.original_micros, line.original_currency) == (920_001, 1_000_001, "USD")
    operator.use([call("A1", "S1", "2026-11-05", 1, currency="GBP")])
    outcome = operator.bill("2026-12-01")
    assert outcome.problems == [
        ("A1", "account A1 is in EUR, and the catalogue has no rate for GBP on 2026-11-30")
    ]
    assert len(operator.invoices()) == 1


def test_who_can_not_be_billed_is_left_out_and_billed_later(operator: Operator) -> None:
    """One account's missing tax rate holds up nobody else; when the rate is there, the same run bills it."""
    operator.account("A1", tax_jurisdiction="FR")
    operator.account("A2")
    for account in ("A1", "A2"):
        operator.subscribe(account, f"S{account}", "basic", "2026-10-01")
    first = operator.bill("2026-11-01")
    assert first.problems == [("A1", "no tax rate for 'FR', 'telecom' on 2026-10-31")]
    assert [one.account_id for one in operator.invoices()] == ["A2"]

    operator.tax_file.write_text(operator.tax_file.read_text() + "FR,telecom,20 %,,\n")
    second = operator.bill("2026-11-01")

    assert second.problems == []
    assert [one.account_id for one in operator.invoices()] == ["A2", "A1"]


def test_who_is_exempt_pays_no_tax(operator: Operator) -> None:
    """Exempt and reverse charge have a tax line of nothing that says why."""
    for account, status in (("A1", "exempt"), ("A2", "reverse_charge")):
        operator.account(account, tax_status=status)
        operator.subscribe(account, f"S{account}", "basic", "2026-10-01")
    operator.bill("2026-11-01")

    assert [one.total_micros for one in operator.invoices()] == [10_000_000, 10_000_000]
    assert [one.taxes[0].reason for one in operator.invoices()] == ["exempt", "reverse_charge"]
    assert [one.party.tax_number for one in operator.invoices()] == ["DE811", "DE811"]


def test_the_last_day_of_a_line_decides_its_rate(operator: Operator) -> None:
    """Over a change of the rate, what is paid in advance has the new one: two tax lines of one category."""
    operator.account("A1", opened="2020-12-01")
    operator.subscribe("A1", "S1", "talk", "2020-12-01")
    operator.bill("2021-01-01")
    (invoice,) = operator.invoices()

    assert [(tax.rate_millionths, tax.net_micros, tax.tax_micros) for tax in invoice.taxes] == [
        (160_000, 14_990_000, 2_400_000),
        (190_000, 9_990_000, 1_900_000),
    ]


def test_volume_has_its_discount_on_the_bill(operator: Operator) -> None:
    """The highest amount that is reached counts, for all of it, by category of tax."""
    operator.discount("talk,volume,usage,1.00,5 %,,\ntalk,volume,usage,3.00,10 %,,\ntalk,loyal,all,0,1 %,,\n")
    operator.account("A1")
    operator.use(
        [call("A1", "S1", "2026-10-05", 2_000_000), call("A1", "S1", "2026-10-06", 1_000_005, tax="goods")]
    )
    operator.bill("2026-11-01")
    (invoice,) = operator.invoices()

    assert lines(invoice, DISCOUNT) == [
        ("loyal", -10_000), ("loyal", -20_000), ("volume", -100_001), ("volume", -200_000),
    ]  # fmt: skip
    assert [(tax.category, tax.net_micros) for tax in invoice.taxes] == [
        ("goods", 890_004),
        ("telecom", 1_780_000),
    ]


def test_a_balance_is_brought_forward(operator: Operator) -> None:
    """What was open before is beside the total, and both are due."""
    operator.balances = lambda connection, account_ids, day: dict.fromkeys(account_ids, -2_500_000)
    operator.account("A1")
    operator.subscribe("A1", "S1", "basic", "2026-10-01")
    operator.bill("2026-11-01")
    (invoice,) = operator.invoices()

    assert (invoice.total_micros, invoice.brought_forward_micros, invoice.due_micros) == (
        11_900_000, -2_500_000, 9_400_000,
    )  # fmt: skip


def test_what_a_bundle_covered_counts_with_its_service(operator: Operator) -> None:
    """Rows of a bundle cost nothing and name no tax; their units are on the service's line."""
    operator.account("A1")
    operator.use(
        [
            call("A1", "S1", "2026-10-05", 0, bucket="minutes", rule=None, tax=None),
            call("A1", "S1", "2026-10-05", 30, line=1, used_units=60),
            call("A1", "S1", "2026-10-06", 0, bucket="minutes", rule=None, tax=None),
        ]
    )
    operator.bill("2026-11-01")
    (invoice,) = operator.invoices()

    assert [(line.quantity, line.records, line.amount_micros) for line in invoice.lines] == [(120, 2, 30)]


def test_an_account_without_anything_gets_no_invoice(operator: Operator) -> None:
    """Its period counts as billed all the same, so that the next bill does not go back to it."""
    operator.account("A1")
    operator.account("A2")
    operator.subscribe("A2", "S2", "basic", "2026-10-01")
    operator.bill("2026-11-01")
    operator.use([call("A1", "S1", "2026-11-05", 5)])
    operator.bill("2026-12-01")

    assert [(one.account_id, one.period_from_day) for one in operator.invoices()] == [
        ("A2", "2026-01-01"), ("A1", "2026-11-01"), ("A2", "2026-11-01"),
    ]  # fmt: skip


def test_another_day_waits_for_the_unfinished_run(operator: Operator) -> None:
    """A run that was begun is finished or dropped before the next one of its cycle begins."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "basic", "2026-10-01")
    runs = operator.runs()
    work = runs._begin("monthly", date(2026, 11, 1))
    with pytest.raises(BillingError, match="run 1 of monthly as of 2026-11-01 is not finished"):
        operator.bill("2026-12-01")
    runs.drop(work.run_id)
    with pytest.raises(BillingError, match="only an unfinished one"):
        runs.drop(work.run_id)
    operator.bill("2026-12-01")

    with operator.engine.connect() as connection:
        assert connection.scalars(select(BILLING_RUN.c.status)).all() == ["committed"]
        assert connection.scalars(select(BILLING_DRAFT.c.account_id)).all() == []


def test_an_unfinished_run_goes_on_with_its_drafts(operator: Operator) -> None:
    """Its cut of the lake holds: what came later waits for the next bill. Other customers: it begins again."""
    for number in range(4):
        operator.account(f"A{number}")
        operator.use([call(f"A{number}", f"S{number}", "2026-10-05", 10)], series=f"import-{number}")
    runs = operator.runs()
    work = runs._begin("monthly", date(2026, 11, 1))
    drafts = next(iter(runs._batches(work, None)))
    runs._keep(work, drafts[:2])
    operator.use([call("A3", "S3", "2026-10-06", 1)])
    outcome = operator.bill("2026-11-01")

    assert outcome.resumed == 2
    assert [one.net_micros for one in operator.invoices()] == [10, 10, 10, 10]

    work = runs._begin("monthly", date(2026, 12, 1))
    runs._keep(work, list(next(iter(runs._batches(work, None))))[:2])
    operator.subscribe("A0", "S0", "basic", "2026-11-01")
    outcome = operator.bill("2026-12-01")

    assert outcome.resumed == 0
    assert [(one.account_id, one.net_micros) for one in operator.invoices()[4:]] == [
        ("A0", 10_000_000),
        ("A3", 1),
    ]


def test_an_unknown_cycle_is_named(operator: Operator) -> None:
    """And the known ones are said."""
    with pytest.raises(BillingError, match="there is no billing cycle 'weekly'; known: monthly"):
        operator.bill("2026-12-01", "weekly")


def test_one_off_fees_have_their_kind(operator: Operator) -> None:
    """Activation, plan change and termination are one-off lines, an add-on's fee names it and its tax."""
    operator.account("A1")
    operator.subscribe("A1", "S1", "talk", "2026-10-05", "2026-10-20")
    operator.addon("S1", "roam", "2026-10-07 12:00")
    operator.bill("2026-11-01")
    (invoice,) = operator.invoices()

    assert sorted(lines(invoice, ONE_OFF)) == [
        ("end", 2_000_000),
        ("roam/fee", 5_000_000),
        ("start", 5_000_000),
    ]
    assert [tax.category for tax in invoice.taxes] == ["goods", "telecom"]
