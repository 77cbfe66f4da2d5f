"""Files become customers, once: on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from config.issues import ConfigError
from ocs.customers.directory import read_directory
from ocs.customers.loading import surroundings
from ocs.customers.loading.load import Count, LoadSummary
from ocs.customers.tables import BILLING_ACCOUNT, PARTY, SUBSCRIPTION
from ocs.database import migrate, open_database
from tests.ocs.customers.loaded import ANNA, CYCLES, HEADER, load, rows

ENTERPRISE = """
parties:
  acme:
    name: Ácme & Söhne
    kind: organisation
    country: DE
    language: de
    address: [Allee 1, 10115 Berlin]
    tax_number: DE123
accounts:
  acme: { currency: EUR, cycle: monthly, jurisdiction: DE, opened: 2026-01-01, tax_status: reverse_charge }
  acme-shop: { party: acme, parent: acme-sales, currency: EUR, cycle: monthly, jurisdiction: DE,
               opened: 2026-02-01 }
  acme-sales: { party: acme, parent: acme, payer: account, currency: EUR, cycle: monthly, jurisdiction: DE,
                opened: 2026-01-01, language: el, payment_terms: 30 }
subscriptions:
  - { account: acme-shop, msisdn: "491512", imsi: "262011234567890", plan: large, group: staff,
      time_zone: Europe/Athens }
  - { subscription: lift, account: acme, msisdn: "491513", plan: small, from: 2026-03-29 12:00,
      until: 2026-11-01 }
"""


def ms(*parts: int, zone: str = "Europe/Berlin") -> int:
    """A local time as a moment."""
    year, month, day, *rest = parts
    hour = rest[0] if rest else 0
    return int(datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def test_csv_and_yaml_become_customers(engine: Engine, tmp_path: Path) -> None:
    """All of what both say is there, with its defaults."""
    summary = load(engine, tmp_path, CYCLES, HEADER + ANNA, ENTERPRISE)
    assert summary.accounts == Count(created=4)
    known = read_directory(engine)
    acme, sales, shop = (known.accounts[name] for name in ("acme", "acme-sales", "acme-shop"))
    assert known.parties["acme"].name == "Ácme & Söhne"
    assert known.parties["acme"].address == "Allee 1\n10115 Berlin"
    assert (acme.payer, acme.tax_status, acme.language, acme.payment_terms_days) == (
        "account",
        "reverse_charge",
        "de",
        14,
    )
    assert (sales.payer, sales.language, sales.payment_terms_days) == ("account", "el", 30)
    assert (shop.payer, shop.parent_account_id) == ("parent", "acme-sales")
    assert known.payer_of("acme-shop") == sales
    assert rows(engine) == [
        ("491511", "small", ms(2026, 1, 1), None),
        ("491512", "large", ms(2026, 2, 1), None),
        ("491513", "small", ms(2026, 3, 29, 12), ms(2026, 11, 1)),
    ]
    lift = known.subscription_at("491513", ms(2026, 4, 1))
    assert lift is not None
    assert (lift.subscription_id, lift.account_id) == ("lift", "acme")


def test_loading_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """Everything is found as it is stated."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA, ENTERPRISE)
    before = rows(engine)
    for _, count in load(engine, tmp_path, CYCLES, HEADER + ANNA, ENTERPRISE).counts():
        assert (count.created, count.changed) == (0, 0)
        assert count.unchanged
    assert rows(engine) == before


def test_a_plan_from_a_date_on_closes_the_former(engine: Engine, tmp_path: Path) -> None:
    """At the midnight of the billing cycle; loading the first file again does not bring the former back."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA)
    change = "account,msisdn,plan,from\nanna,491511,large,2026-11-17\n"
    wanted = [
        ("491511", "small", ms(2026, 1, 1), ms(2026, 11, 17)),
        ("491511", "large", ms(2026, 11, 17), None),
    ]
    assert load(engine, tmp_path, change).subscriptions == Count(changed=1)
    assert rows(engine) == wanted
    assert load(engine, tmp_path, HEADER + ANNA, change).subscriptions == Count(unchanged=1)
    assert load(engine, tmp_path, HEADER + ANNA).subscriptions == Count(unchanged=1)
    assert rows(engine) == wanted


def test_an_account_that_closes_ends_its_subscriptions(engine: Engine, tmp_path: Path) -> None:
    """Also those that the file does not speak of."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA)
    closing = "account,currency,cycle,jurisdiction,opened,closed\nanna,EUR,monthly,DE,2026-01-01,2026-12-01\n"
    summary = load(engine, tmp_path, closing)
    assert (summary.accounts, summary.subscriptions) == (Count(changed=1), Count(changed=1))
    assert rows(engine) == [("491511", "small", ms(2026, 1, 1), ms(2026, 12, 1))]


def test_a_number_goes_to_another_account(engine: Engine, tmp_path: Path) -> None:
    """The former subscription ends where the new one starts; who asks for a time gets who had it then."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA)
    handed = (
        HEADER.replace("imsi", "subscription")
        + "anna,,,,,,,491511,,small,2026-01-01,2026-06-01\n"
        + "ben,Ben,DE,EUR,monthly,DE,2026-05-01,491511,ben-1,large,2026-06-01,\n"
    )
    load(engine, tmp_path, handed)
    known = read_directory(engine)
    may, june = (
        known.subscription_at("491511", ms(2026, 5, 31)),
        known.subscription_at("491511", ms(2026, 6, 1)),
    )
    assert may is not None
    assert june is not None
    assert (may.account_id, june.account_id) == ("anna", "ben")
    assert known.subscription_at("491511", ms(2025, 12, 31, 23)) is None
    assert known.subscriptions_of("anna", ms(2026, 6, 1), ms(2026, 7, 1)) == []
    assert known.subscriptions_of("anna", ms(2026, 5, 1), ms(2026, 7, 1)) == [may]


def test_nothing_is_loaded_of_a_file_with_a_mistake(engine: Engine, tmp_path: Path) -> None:
    """Not even what comes before it."""
    with pytest.raises(ConfigError):
        load(
            engine,
            tmp_path,
            CYCLES,
            HEADER + ANNA + ANNA.replace("anna", "ben").replace("491511", "491514").replace("small", "smal"),
        )
    with engine.connect() as connection:
        for table in (PARTY, BILLING_ACCOUNT, SUBSCRIPTION):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_thousands_of_customers_load(engine: Engine, tmp_path: Path) -> None:
    """In bulk, and again without a change."""
    people = "".join(
        f"p{n},Person {n},DE,EUR,monthly,DE,2026-01-01,{491510000000 + n},,small,,\n" for n in range(3000)
    )
    assert load(engine, tmp_path, CYCLES, HEADER + people).subscriptions == Count(created=3000)
    assert load(engine, tmp_path, CYCLES, HEADER + people).subscriptions == Count(unchanged=3000)
    assert len(read_directory(engine).accounts_of_cycle("monthly")) == 3000


def test_loads_at_the_same_time_come_one_after_the_other(engine: Engine, tmp_path: Path) -> None:
    """Both are there, whole; the later one sees what the earlier one made."""
    load(engine, tmp_path, CYCLES)
    texts = [
        "".join(
            f"p{n},Person {n},DE,EUR,monthly,DE,2026-01-01,{491510000000 + n},,small,,\n"
            for n in range(first, first + 300)
        )
        for first in (0, 150, 300)
    ]
    folders = [tmp_path / str(number) for number in range(len(texts))]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as pool:
        done = [
            pool.submit(load, engine, folder, HEADER + text)
            for folder, text in zip(folders, texts, strict=True)
        ]
    assert sum(one.result().subscriptions.created for one in done) == 600
    assert sum(one.result().subscriptions.unchanged for one in done) == 300
    assert len(rows(engine)) == 600


def test_few_statements_among_many_customers_are_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a load does and refuses is the same, whether it reads all customers or those it touches."""
    files = [
        (CYCLES, HEADER + ANNA, ENTERPRISE),
        ("account,msisdn,plan,from\nanna,491511,large,2026-11-17\n",),
        (HEADER.replace("imsi", "subscription") + "anna,,,,,,,491513,other,small,2026-05-01,\n",),
        (HEADER + "anna,,,,,,,491599,262011234567890,small,2026-05-01,\n",),
        (ENTERPRISE.replace("currency: EUR, cycle", "closed: 2026-12-01, currency: EUR, cycle"),),
        ("account,parent\nacme,acme-shop\n",),
    ]
    outcomes: list[list[object]] = []
    for most, folder in ((0, tmp_path / "all"), (10_000, tmp_path / "some")):
        folder.mkdir()
        monkeypatch.setattr(surroundings, "MOST_LOOKED_UP", most)
        database = open_database(f"sqlite:///{folder / 'ocs.db'}")
        migrate(database)
        outcomes.append([])
        for texts in files:
            try:
                outcomes[-1].append(load(database, folder, *texts))
            except ConfigError as error:
                outcomes[-1].append([issue.message.replace(str(folder), "") for issue in error.issues])
        known = read_directory(database)
        outcomes[-1] += [known.accounts, known.parties, list(known.subscriptions())]
        database.dispose()
    assert outcomes[0] == outcomes[1]
    loaded = [isinstance(outcome, LoadSummary) for outcome in outcomes[0][: len(files)]]
    assert loaded == [True, True, False, False, True, False]
