"""All mistakes of a file are told at once, each with its place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.issues import ConfigError, TextError
from ocs.billing.billed import SqlBills
from ocs.customers.loading.load import load_customers
from ocs.customers.loading.words import read_currency
from tests.ocs.customers.loaded import ANNA, CYCLES, HEADER, load, offers

BEN = "ben,Ben,DE,EUR,monthly,DE,2026-01-01,491514,,small,2026-01-01,\n"


def told(engine: Engine, folder: Path, *texts: str) -> list[str]:
    """Places and messages of the issues of some files."""
    with pytest.raises(ConfigError) as caught:
        load(engine, folder, *texts)
    return [
        f"{Path(str(one.source)).name}:{one.line}:{one.column} {one.message}" for one in caught.value.issues
    ]


@pytest.mark.parametrize(
    ("row", "issue"),
    [
        (ANNA.replace("DE,EUR", "D,EUR"), "2:11 country: 'D' is not a country"),
        (ANNA.replace("EUR", "EUX"), "2:14 currency: 'EUX' is not a currency"),
        (
            ANNA.replace("monthly", "montly"),
            "2:18 cycle 'montly' is neither in these files nor in the database",
        ),
        (ANNA.replace("small", "smal"), "2:48 plan 'smal' is not in the catalogue"),
        (ANNA.replace("small", "pounds"), "2:48 plan 'pounds' is in GBP, account anna in EUR"),
        (ANNA.replace("small", ""), "2:0 subscription 491511: 'plan' is missing"),
        (ANNA.replace("491511,", "+491511,"), "2:40 msisdn: '+491511' is not digits"),
        (ANNA.replace("491511,,", "491511,12345,"), "2:47 imsi: imsi '12345' has 5 digits, not 6 to 15"),
        (ANNA.replace("2026-01-01,\n", "2025-12-31,\n"), "2:54 account anna is open from 2026-01-01 on only"),
        (ANNA.replace("2026-01-01,\n", "2026-13-01,\n"), "2:54 from: '2026-13-01' is not a date"),
        (ANNA.replace(",\n", ",2026-01-01\n"), "2:65 2026-01-01 is not after its start, 2026-01-01"),
        (ANNA.replace("anna", "an na"), "2:1 account: 'an na' is not an id"),
        (ANNA.replace("anna", ""), "2:1 'account' is empty"),
        (ANNA.replace("Anna", ""), "2:0 party anna: 'name' is missing"),
        (ANNA.replace("small", "small,"), "2:0 13 fields, the header has 12"),
        (
            ANNA + BEN.replace("491514", "491511"),
            "3:52 subscription 491511 is stated from",
        ),
        (ANNA + ANNA.replace("DE,2026", "GB,2026"), "3:26 account anna: jurisdiction is 'DE' by"),
        ('"anna\n', "2:0 not CSV: unexpected end of data"),
    ],
)
def test_a_mistake_has_its_place(sqlite_engine: Engine, tmp_path: Path, row: str, issue: str) -> None:
    """Line and column of the field."""
    found = told(sqlite_engine, tmp_path, CYCLES, HEADER + row)
    assert any(one.startswith(f"b.csv:{issue}") for one in found), found


def test_a_mistaken_currency_is_one_mistake(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Plans are not compared with a currency that nobody knows."""
    found = told(sqlite_engine, tmp_path, CYCLES, HEADER + ANNA.replace("EUR", "EUX"))
    assert found == ["b.csv:2:14 currency: 'EUX' is not a currency"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("EUX", "did you mean 'EUR'?"),
        ("eur", "did you mean 'EUR'?"),
        ("EURO", "did you mean 'EUR'?"),
        ("GPB", "did you mean 'GBP'?"),
        ("UDS", "did you mean 'USD'?"),
        ("QQQ", "such as EUR or GBP"),
    ],
)
def test_a_hint_is_a_currency_that_prices_may_have(word: str, hint: str) -> None:
    """Never one of the past, or of no country."""
    with pytest.raises(TextError) as caught:
        read_currency(word)
    assert caught.value.hint == hint


def test_all_mistakes_come_at_once(sqlite_engine: Engine, tmp_path: Path) -> None:
    """In the order of the file."""
    wrong = ANNA.replace("EUR", "EUX").replace("small", "smal") + BEN.replace("491514", "x")
    found = told(sqlite_engine, tmp_path, CYCLES, HEADER + wrong)
    assert [one.split()[0] for one in found] == ["b.csv:2:14", "b.csv:2:48", "b.csv:3:38"]


def test_a_closing_without_a_cycle_is_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    """An account that is stated again is stated whole, also where it only closes."""
    load(sqlite_engine, tmp_path, CYCLES, HEADER + ANNA)
    found = told(sqlite_engine, tmp_path, "account,closed\nanna,2026-12-01\n")
    missing = ("currency", "cycle", "jurisdiction", "opened")
    assert found == [f"a.csv:2:1 account anna: '{name}' is missing" for name in missing]


YAML = """accounts:
  acme: { party: acme, currency: EUR, cycle: monthly, jurisdiction: DE, opened: 2026-01-01 }
  shop: { party: acme, parent: acme, currency: EUR, cycle: monthly, jurisdiction: DE, opened: 2026-01-01 }
parties:
  acme: { name: Acme, country: DE }
subscriptions:
  - { account: shop, msisdn: "491512", plan: small, from: 2026-01-01, addons: [week@2026-02-01/2026-01-01] }
"""


@pytest.mark.parametrize(
    ("before", "after", "issue"),
    [
        (
            "parent: acme",
            "parent: nobody",
            "3:32 parent 'nobody' is neither in these files nor in the database",
        ),
        ("parent: acme", "parent: shop", "3:32 account shop is not its own parent"),
        ("acme: { party: acme,", "acme: { party: acme, parent: shop,", "2:32 account acme is above itself"),
        (
            "acme, currency: EUR",
            "acme, currency: GBP",
            "3:48 account shop is in EUR, its parent who pays in GBP",
        ),
        ("shop: { party: acme", "shop: { party: nobody", "3:18 party 'nobody' is neither in these files"),
        ("shop: { party: acme", "shop: { payer: me", "3:18 payer: 'me' is not 'account' or 'parent'"),
        ("shop: { party: acme", "shop: { colour: red", "3:11 unknown key 'colour'"),
        ("account: shop", "account: shp", "7:16 account 'shp' is neither in these files nor in the database"),
        ("account: shop,", "", "7:5 subscription 491512: 'account' is missing"),
        ("parties", "partys", "4:1 unknown key 'partys'"),
        ("week@2026-02-01", "week", "7:79 addons: 'week/2026-01-01' is not an add-on"),
        ("addons", "addons", "7:79 add-on 'week' is not in the catalogue"),
        ("addons", "addons", "7:79 add-on week does not end after its start"),
    ],
)
def test_yaml_has_places_too(
    sqlite_engine: Engine, tmp_path: Path, before: str, after: str, issue: str
) -> None:
    """Line and column of the value, or of the key where there is none."""
    assert before in YAML
    found = told(sqlite_engine, tmp_path, CYCLES, YAML.replace(before, after, 1))
    assert any(one.startswith(f"b.yaml:{issue}") for one in found), found


def test_what_is_known_counts(engine: Engine, tmp_path: Path) -> None:
    """A number that has somebody, a currency that has invoices, an end beyond what starts later."""
    load(
        engine,
        tmp_path,
        CYCLES,
        HEADER + ANNA + ANNA.replace("2026-01-01,\n", "2026-06-01,\n").replace("small", "large"),
    )
    taken = BEN.replace("491514", "491511")
    header = HEADER.replace("imsi", "subscription")
    found = told(engine, tmp_path, header + taken.replace("491511,,", "491511,ben-1,"))
    assert found == ["a.csv:2:38 msisdn 491511 belongs to subscription 491511 at that time"]
    found = told(engine, tmp_path, HEADER + ANNA.replace("EUR", "GBP"))
    assert "a.csv:2:14 account anna is in EUR, which can not change to GBP" in found
    found = told(engine, tmp_path, HEADER + ANNA.replace(",\n", ",2026-07-01\n"))
    assert found == ["a.csv:2:65 subscription 491511 has a row that starts before this end"]


def test_a_hundred_mistakes_are_listed_and_all_are_counted(sqlite_engine: Engine, tmp_path: Path) -> None:
    """A file of another form does not print a page for each of its lines."""
    with pytest.raises(ConfigError) as caught:
        load(sqlite_engine, tmp_path, CYCLES, HEADER + "x\n" * 250)
    assert (len(caught.value.issues), caught.value.unlisted) == (100, 150)


def test_a_file_that_is_not_there(sqlite_engine: Engine, tmp_path: Path) -> None:
    """It is named, as is one that is no text."""
    (tmp_path / "binary.csv").write_bytes(b"account,\xff\xfe\n")
    with pytest.raises(ConfigError) as caught:
        load_customers(
            sqlite_engine,
            [tmp_path / "no.csv", tmp_path / "no.yaml", tmp_path / "binary.csv"],
            offers(tmp_path),
            SqlBills(),
        )
    assert [one.message for one in caught.value.issues] == [
        "octet 0xff is not UTF-8",
        "can not be read: No such file or directory",
        "can not be read: No such file or directory",
    ]
