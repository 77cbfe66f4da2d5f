"""A made-up operator over three months, its totals made again by plain SQL, counting days, and Decimal.

January to March 2028: a leap day, a clock change on 26 March, plan changes on day 17, customers who join and
leave within a month, usage that arrives a month late, three currencies, accounts without tax.
"""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from sqlalchemy import Engine

from ocs.audit.offline.run import audit_offline
from ocs.billing.invoice import USAGE, Invoice
from ocs.cdr.lake import Lake
from tests.ocs.billing.operator import Operator, call, ms

BILLS = ("2028-02-01", "2028-03-01", "2028-04-01")
MONTHS = [date(2028, number, 1) for number in range(1, 6)]
PRICES = {"basic": 10_000_000, "talk": 9_990_000, "yen": 1_000_000_000, "dinar": 3_333_333}
IN_ADVANCE = {"talk"}
DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}
TAX_PERCENT = {"DE": 19, "JP": 10, "KW": 5}
ONE_OFF = {"start": 5_000_000, "change": 3_000_000, "end": 2_000_000}


@dataclass
class Held:
    """A plan from a moment until another; the local times as they are entered."""

    plan: str
    begin: str
    end: str | None


@dataclass
class Customer:
    """An account with one subscription, and the calls it made: when, when they arrived, what they cost."""

    account: str
    held: list[Held]
    currency: str
    jurisdiction: str
    status: str
    calls: list[tuple[str, int, int]]


def directed() -> list[Customer]:
    """The cases by name."""

    def euro(name: str, *held: Held, calls: list[tuple[str, int, int]] | None = None) -> Customer:
        return Customer(name, list(held), "EUR", "DE", "standard", calls or [])

    always = Held("basic", "2028-01-01", None)
    clocks = [("2028-03-26 01:59:59", 0, 11), ("2028-03-26 03:00:00", 0, 13)]
    late = [("2028-01-31 23:59:59", 1, 5), ("2028-02-01", 1, 7), ("2028-01-05", 2, 9), ("2028-03-31", 0, 3)]
    middle = "2028-02-17"
    noon = "2028-03-17 12:00"
    return [
        euro("day-17", Held("talk", "2028-01-01", middle), Held("basic", middle, None)),
        euro("day-17b", Held("basic", "2028-01-01", middle), Held("talk", middle, None)),
        euro("noon", Held("talk", "2028-01-03", noon), Held("basic", noon, None)),
        euro("leap", Held("basic", "2028-02-29", "2028-03-01"), calls=[("2028-02-29 23:59:59", 0, 77)]),
        euro("visit", Held("talk", "2028-03-25 09:00", "2028-03-27 18:00"), calls=clocks),
        euro("late", always, calls=late),
        euro("leaver", Held("talk", "2028-01-01", "2028-02-10"), calls=[("2028-02-09", 2, 1001)]),
        Customer(
            "yen", [Held("yen", "2028-01-16", None)], "JPY", "JP", "standard", [("2028-02-11", 0, 1_500_000)]
        ),
        Customer(
            "dinar", [Held("dinar", "2028-01-01", None)], "KWD", "KW", "standard", [("2028-02-11", 0, 333)]
        ),
        Customer("exempt", [always], "EUR", "DE", "exempt", [("2028-02-11", 0, 5_001)]),
    ]


def at_random(chance: random.Random, count: int) -> list[Customer]:
    """More of them: up to three plans one after the other, calls that arrive up to two bills late."""
    made = []
    for number in range(count):
        days = sorted(chance.sample(range(85), chance.randint(1, 4)))
        moments = [(date(2028, 1, 2) + timedelta(days=day)).isoformat() for day in days]
        ends: list[str | None] = [*moments[1:], None]
        leaves = len(moments) > 1 and chance.random() < 0.5
        first = chance.choice(["basic", "talk"])
        plans = [first if index % 2 == 0 else {"basic": "talk", "talk": "basic"}[first] for index in range(4)]
        held = [Held(*one) for one in zip(plans, moments, ends, strict=False)]
        calls = [
            (f"2028-0{chance.randint(1, 3)}-{chance.randint(1, 28):02d} {chance.randint(4, 23):02d}:00",
             chance.choice([0, 0, 1, 2]), chance.randrange(10**6))
            for _ in range(chance.randint(0, 6))
        ]  # fmt: skip
        held = held[:-1] if leaves else held
        made.append(Customer(f"R{number:03d}", held, "EUR", "DE", "standard", calls))
    return made


def days_held(customer: Customer, known: str) -> list[tuple[int, str, list[date]]]:
    """The days of each row, one by one, as they were known on a day; a day of change is the later row's."""
    found = []
    for index, held in enumerate(customer.held):
        if held.begin[:10] > known or (held.begin[:10] == known and len(held.begin) > 10):
            continue
        end = held.end if held.end is not None and held.end <= known else None
        day = date.fromisoformat(held.begin[:10])
        days = []
        while day < MONTHS[-1]:
            begins_before_end = end is None or day.isoformat() < end
            taken_over = end is not None and index + 1 < len(customer.held) and day.isoformat() == end[:10]
            if not begins_before_end or taken_over:
                break
            days.append(day)
            day += timedelta(days=1)
        found.append((index, held.plan, days))
    return found


def cost(price: int, month: date, days: list[date]) -> int:
    """What these days of a month cost: the price of all up to their end, less that up to their beginning."""
    following = MONTHS[MONTHS.index(month) + 1]
    length = (following - month).days
    own = [day for day in days if month <= day < following]
    if not own:
        return 0

    def up_to(count: int) -> int:
        return int((Decimal(price) * count / length).quantize(Decimal(1), ROUND_HALF_UP))

    return up_to((own[-1] - month).days + 1) - up_to((own[0] - month).days)


def fees_through(customer: Customer, bill: str) -> int:
    """All fees that the bills up to one ask for together."""
    total = 0
    to_day = date.fromisoformat(bill)
    for _, plan, days in days_held(customer, bill):
        for month in MONTHS[:-1]:
            if month < to_day or (month == to_day and plan in IN_ADVANCE):
                total += cost(PRICES[plan], month, days)
    for index, held in enumerate(customer.held):
        if held.plan == "talk" and held.begin < bill:
            total += ONE_OFF["start"] if index == 0 else ONE_OFF["change"]
        last = index == len(customer.held) - 1
        if held.plan == "talk" and last and held.end is not None and held.end <= bill:
            total += ONE_OFF["end"]
    return total


def usage_of_bills(customers: list[Customer]) -> dict[tuple[str, str], int]:
    """The usage that belongs to each account's bill, by SQL over the calls as they were made up."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE call (account TEXT, begun INTEGER, arrived INTEGER, micros INTEGER)")
    database.execute("CREATE TABLE bill (number INTEGER, day TEXT, ends INTEGER)")
    database.executemany(
        "INSERT INTO bill VALUES (?, ?, ?)", [(n, day, ms(day)) for n, day in enumerate(BILLS)]
    )
    for customer in customers:
        rows = [(customer.account, ms(at), at_bill(at) + late, micros) for at, late, micros in customer.calls]
        database.executemany("INSERT INTO call VALUES (?, ?, ?, ?)", rows)
    query = """
        SELECT account, day, sum(micros) FROM call JOIN bill b ON b.number = (
            SELECT min(number) FROM bill WHERE call.begun < ends AND call.arrived <= number
        ) GROUP BY account, day
    """
    return {(account, day): total for account, day, total in database.execute(query)}


def at_bill(at: str) -> int:
    """The first bill that can have what began at a local time."""
    return next(number for number, day in enumerate(BILLS) if ms(at) < ms(day))


def expected(customer: Customer, fees: int, usage: int) -> tuple[int, int, int]:
    """Net, tax and total of a bill in micros."""
    net = fees + usage
    coin = Decimal(10) ** -DIGITS[customer.currency]
    percent = TAX_PERCENT[customer.jurisdiction] if customer.status == "standard" else 0
    money = Decimal(net).scaleb(-6)
    tax = (money * percent).scaleb(-2).quantize(coin, ROUND_HALF_UP)
    total = (money + tax).quantize(coin, ROUND_HALF_UP)
    return net, int(tax.scaleb(6)), int(total.scaleb(6))


def run_operator(engine: Engine, folder: Path, customers: list[Customer]) -> Operator:
    """Load everybody at once, then let usage arrive and bill, month by month."""
    operator = Operator(engine, folder)
    operator.begin()
    for customer in customers:
        operator.account(
            customer.account, "2028-01-01", currency=customer.currency, tax_status=customer.status,
            tax_jurisdiction=customer.jurisdiction,
        )  # fmt: skip
        for held in customer.held:
            operator.subscribe(customer.account, f"S{customer.account}", held.plan, held.begin, held.end)
    for number, bill in enumerate(BILLS):
        arrived = [
            call(customer.account, f"S{customer.account}", at, micros, currency=customer.currency)
            for customer in customers
            for at, late, micros in customer.calls
            if at_bill(at) + late == number
        ]
        operator.use(arrived)
        operator.bill(bill)
    return operator


def test_three_months_add_up_to_the_micro(engine: Engine, tmp_path: Path) -> None:
    """Net, tax and total of every invoice are those that were made another way; the audit agrees."""
    customers = directed() + at_random(random.Random(2028), 30)
    operator = run_operator(engine, tmp_path, customers)
    found: dict[tuple[str, str], Invoice] = {
        (one.account_id, one.issue_day): one for one in operator.invoices()
    }
    usage = usage_of_bills(customers)
    compared = 0
    for customer in customers:
        before = 0
        for bill in BILLS:
            fees = fees_through(customer, bill)
            used = usage.get((customer.account, bill), 0)
            net, tax, total = expected(customer, fees - before, used)
            before = fees
            invoice = found.pop((customer.account, bill), None)
            if invoice is None:
                assert (net, tax, total) == (0, 0, 0), (customer, bill)
                continue
            compared += 1
            assert sum(line.amount_micros for line in invoice.lines if line.kind == USAGE) == used
            sums = (invoice.net_micros, invoice.tax_micros, invoice.total_micros)
            assert sums == (net, tax, total), (customer, invoice.lines)
    report = audit_offline(engine, Lake(operator.lake_folder, engine))

    assert found == {}
    assert compared > 90
    assert report.differences == []
    by_account = {one.account_id: one for one in operator.invoices() if one.issue_day == "2028-03-01"}
    assert [line.amount_micros for line in by_account["late"].lines if line.late] == [5]
