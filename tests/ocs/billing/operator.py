"""A small operator for tests of billing: customers in SQL, usage in a lake, plans as objects, a tax table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select, update

from config.bill_discounts_file import BillDiscounts, load_bill_discounts
from config.tax_file import load_tax_table
from ocs.billing.draft import Draft
from ocs.billing.invoice import Invoice, parse_invoice
from ocs.billing.run import AT_ONCE, BillingRuns, Outcome
from ocs.billing.tables import INVOICE
from ocs.billing.terms import CatalogueTerms
from ocs.cdr.lake import Lake
from ocs.cdr.lake.appending import ROWS, LakeAppender
from ocs.cdr.lake.columns import COLUMNS
from ocs.customers.tables import (
    BILLING_ACCOUNT,
    BILLING_CYCLE,
    PARTY,
    SUBSCRIPTION,
    SUBSCRIPTION_ADDON,
)
from ocs.database import writing
from rating.catalogue import Catalogue, Plan
from rating.exchange import ExchangeRate, ExchangeRates
from rating.fees import ACTIVATION, ONCE, PLAN_CHANGE, TERMINATION, Fee
from rating.offers import Addon
from rating.periods import DAY, MONTH, WEEK, YEAR

BERLIN = "Europe/Berlin"
TAX = """jurisdiction,category,rate,valid_from,valid_until
DE,telecom,16 %,2020-07-01,2021-01-01
DE,telecom,19 %,2021-01-01,
DE,goods,7 %,,
JP,telecom,10 %,,
KW,telecom,5 %,,
"""


ADA = {
    "party_id": "P", "kind": "person", "name": "Ada Example", "address": "Main Street 1\n10115 Berlin",
    "country": "DE", "language": "en", "email": "ada@example.com", "tax_number": "DE811",
}  # fmt: skip


def ms(text: str, zone: str = BERLIN) -> int:
    """The epoch milliseconds of a local time such as ``2026-11-17`` or ``2026-11-17 14:30``."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def plan(
    plan_id: str, *fees: Fee, currency: str = "EUR", payment: str = "postpaid", valid_from: int = 0
) -> Plan:
    """A plan with these fees; its rules do not matter to a bill."""
    return Plan(
        plan_id, plan_id.title(), currency, True, {}, {}, [],
        fees=list(fees), payment=payment, tax="telecom", valid_from_ms=valid_from,
    )  # fmt: skip


def catalogue(plans: Iterable[Plan] = (), version: str = "c1") -> Catalogue:
    """The plans of the tests: monthly fees in arrears (basic) and in advance (talk), and others by request."""
    basic = plan("basic", Fee("monthly", 10_000_000, MONTH, prorate=True))
    talk = plan(
        "talk",
        Fee("monthly", 9_990_000, MONTH, prorate=True, in_advance=True),
        Fee("start", 5_000_000, ONCE, ACTIVATION),
        Fee("change", 3_000_000, ONCE, PLAN_CHANGE),
        Fee("end", 2_000_000, ONCE, TERMINATION),
    )
    odd = plan(
        "odd",
        Fee("whole", 7_000_000, MONTH),
        Fee("daily", 100_000, DAY, prorate=True),
        Fee("weekly", 1_000_000, WEEK, prorate=True),
        Fee("yearly", 36_500_000, YEAR, prorate=True, in_advance=True),
    )
    others = [
        plan("prepaid", Fee("monthly", 1_000_000, MONTH), payment="prepaid"),
        plan("dollar", currency="USD"),
    ]
    yen = plan("yen", Fee("monthly", 1_000_000_000, MONTH, prorate=True), currency="JPY")
    dinar = plan("dinar", Fee("monthly", 3_333_333, MONTH, prorate=True), currency="KWD")
    known = {one.plan_id: one for one in [basic, talk, odd, yen, dinar, *others, *plans]}
    rates = ExchangeRates([ExchangeRate("USD", "EUR", 92, 100, 0, ms("2027-01-01"))])
    addon = Addon("roam", "Roaming week", "EUR", [Fee("fee", 5_000_000, ONCE, tax="goods")], [])
    return Catalogue(version, known, {}, frozenset(), exchange=rates, addons={"roam": addon})


def nothing_brought_forward(connection: Connection, account_ids: list[str], day: str) -> Mapping[str, int]:
    """Everybody has paid."""
    del connection, account_ids, day
    return {}


class Operator:
    """What a test does to its operator. Accounts are in the cycle ``monthly`` (the 1st, Berlin)."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.lake_folder = folder / "lake"
        self.lake_folder.mkdir(exist_ok=True)
        self.catalogue = catalogue()
        self.tax_file = folder / "tax.csv"
        self.tax_file.write_text(TAX)
        self.discounts = BillDiscounts([])
        self.balances = nothing_brought_forward
        self._records: dict[str, int] = {}

    def begin(self) -> None:
        """Make the cycle and a party."""
        with writing(self.engine) as connection:
            connection.execute(
                insert(BILLING_CYCLE).values(cycle_id="monthly", day_of_month=1, time_zone=BERLIN)
            )
            connection.execute(insert(PARTY).values(ADA))

    def account(self, account_id: str, opened: str = "2026-01-01", **values: Any) -> None:
        """Open a billing account."""
        row = {
            "account_id": account_id, "party_id": "P", "payer": "account", "currency": "EUR",
            "cycle_id": "monthly", "tax_status": "standard", "tax_jurisdiction": "DE", "language": "en",
            "payment_terms_days": 14, "opened_day": opened, **values,
        }  # fmt: skip
        with writing(self.engine) as connection:
            connection.execute(insert(BILLING_ACCOUNT).values(row))

    def subscribe(
        self, account_id: str, subscription_id: str, plan_id: str, begin: str, end: str | None = None,
        msisdn: str = "",
    ) -> None:  # fmt: skip
        """A row of a subscription, in local time of Berlin."""
        row = {
            "subscription_id": subscription_id, "from_ms": ms(begin), "to_ms": None if end is None else ms(end),
            "account_id": account_id, "msisdn": msisdn or number_of(subscription_id), "imsi": "",
            "plan_id": plan_id, "subscriber_group": "", "time_zone": "",
        }  # fmt: skip
        with writing(self.engine) as connection:
            connection.execute(insert(SUBSCRIPTION).values(row))

    def end(self, subscription_id: str, begin: str, end: str | None) -> None:
        """Say when the row that began then ends, or that it does not."""
        row = SUBSCRIPTION.c
        with writing(self.engine) as connection:
            connection.execute(
                update(SUBSCRIPTION)
                .where(row.subscription_id == subscription_id, row.from_ms == ms(begin))
                .values(to_ms=None if end is None else ms(end))
            )

    def addon(self, subscription_id: str, addon_id: str, begin: str) -> None:
        """An add-on from a moment on."""
        row = {"subscription_id": subscription_id, "addon_id": addon_id, "from_ms": ms(begin), "to_ms": None}
        with writing(self.engine) as connection:
            connection.execute(insert(SUBSCRIPTION_ADDON).values(row))

    def use(self, rows: Iterable[dict[str, Any]], series: str = "import-test") -> None:
        """Write records into the lake, as one chunk; see ``call``."""
        appender = LakeAppender(self.lake_folder, self.engine, series, lambda: 1)
        appender.open()
        first = appender.next_sequence
        sequence = first - 1
        for row in rows:
            sequence += row.get("line", 0) == 0
            whole = {
                **dict.fromkeys(COLUMNS), "record_id": f"{series}-{sequence}", "series": series,
                "sequence": sequence, **row,
            }  # fmt: skip
            places = ", ".join("?" * len(COLUMNS))
            appender.connection.execute(
                f"INSERT INTO {ROWS} VALUES ({places})",  # noqa: S608
                [whole[name] for name in COLUMNS],
            )
        appender.commit(sequence)
        appender.close()

    def runs(self, at_once: int = AT_ONCE, clock: Callable[[], int] = lambda: 1) -> BillingRuns:
        """Billing with the present catalogue, rates, discounts and balances."""
        lake = Lake(self.lake_folder, self.engine)
        terms = CatalogueTerms(self.catalogue)
        taxes = load_tax_table(self.tax_file)
        return BillingRuns(self.engine, lake, terms, taxes, self.discounts, self.balances, clock, at_once)

    def bill(self, as_of: str, cycle_id: str = "monthly") -> Outcome:
        """Run billing."""
        return self.runs().run(cycle_id, date.fromisoformat(as_of))

    def drafts(self, as_of: str) -> list[Draft]:
        """What a run would bill."""
        found: list[Draft] = []
        self.runs().dry_run("monthly", date.fromisoformat(as_of), found.append)
        return found

    def invoices(self) -> list[Invoice]:
        """All invoices by number."""
        with self.engine.connect() as connection:
            contents = connection.scalars(select(INVOICE.c.content).order_by(INVOICE.c.number)).all()
        return [parse_invoice(content) for content in contents]

    def discount(self, text: str) -> None:
        """Discounts on the bill, as rows of their file."""
        path = self.folder / "bill_discounts.csv"
        path.write_text("plan,name,of,from_amount,percent,valid_from,valid_until\n" + text)
        self.discounts = load_bill_discounts(path)


def number_of(subscription_id: str) -> str:
    """The number a test's subscription has."""
    return f"49{crc32(subscription_id.encode()):010d}"


def call(account: str, subscription_id: str, at: str, micros: int, **values: Any) -> dict[str, Any]:
    """A call of a minute that began at a local time, as a row of the lake."""
    return {
        "line": 0, "payment": "postpaid", "account": account, "msisdn": number_of(subscription_id),
        "plan": "talk", "service": "voice", "direction": "outgoing", "called": "4930123456",
        "started_ms": ms(at), "ended_ms": ms(at) + 60_000, "unit_kind": "seconds", "used_units": 60,
        "rule": "talk/voice", "catalogue": "c1", "units": 60, "price_micros": micros, "per_units": 60,
        "rounding": 1, "amount_micros": micros, "currency": "EUR", "tax": "telecom", **values,
    }  # fmt: skip
