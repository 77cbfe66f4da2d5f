"""A customer file that is loaded again does not take back what was closed or ended since."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from config.issues import ConfigError
from ocs.cli import cli
from ocs.customers.closing import close_account, end_subscription
from ocs.customers.loading.load import Count, Kept
from ocs.customers.tables import BILLING_ACCOUNT
from ocs.database import writing
from tests.ocs.customers.loaded import ANNA, CATALOGUE, CYCLES, HEADER, load, rows
from tests.ocs.customers.test_loading import ms

FULL_HEADER = HEADER.replace("opened", "opened,closed")
FULL = (
    "anna,Anna,DE,EUR,monthly,DE,2026-01-01,{closed},491511,,small,2026-01-01,{until}\n"
    "anna,,,,,,,,491511,,large,2026-12-15,\n"
    "anna,,,,,,,,491512,,small,2026-12-20,\n"
)
DAY = "2026-12-01"
AT_MS = ms(2026, 12, 1)


def full(closed: str = "", until: str = "") -> str:
    """A file with all of it: a number that changes its plan later, and one that begins later."""
    return FULL_HEADER + FULL.format(closed=closed, until=until)


def closed_day(engine: Engine) -> str | None:
    """When the account is closed."""
    with engine.connect() as connection:
        day: str | None = connection.scalars(select(BILLING_ACCOUNT.c.closed_day)).one()
        return day


def test_an_account_stays_closed(engine: Engine, tmp_path: Path) -> None:
    """What would begin after the closing is left out, each night again; with the column or without."""
    load(engine, tmp_path, CYCLES, full())
    with writing(engine) as connection:
        close_account(connection, "anna", DAY)
    for _ in range(2):
        summary = load(engine, tmp_path, full())
        assert summary.accounts == summary.subscriptions == Count(unchanged=1)
        assert summary.kept == Kept(1, 0, 2, f"{tmp_path / 'a.csv'}:3")
    assert load(engine, tmp_path, HEADER + ANNA).kept == Kept(1)
    assert closed_day(engine) == DAY
    assert rows(engine) == [("491511", "small", ms(2026, 1, 1), AT_MS)]


def test_open_takes_a_closing_back(engine: Engine, tmp_path: Path) -> None:
    """Of the account, and of each subscription that says so; what begins later is there again."""
    load(engine, tmp_path, CYCLES, full())
    with writing(engine) as connection:
        close_account(connection, "anna", DAY)
    assert load(engine, tmp_path, full(closed="open")).kept == Kept(0, 1, 1, f"{tmp_path / 'a.csv'}:3")
    assert closed_day(engine) is None
    assert rows(engine)[0] == ("491511", "small", ms(2026, 1, 1), AT_MS)
    assert load(engine, tmp_path, full(closed="open", until="open")).kept == Kept()
    wanted = [
        ("491511", "small", ms(2026, 1, 1), ms(2026, 12, 15)),
        ("491511", "large", ms(2026, 12, 15), None),
        ("491512", "small", ms(2026, 12, 20), None),
    ]
    assert rows(engine) == wanted
    assert load(engine, tmp_path, full()).kept == Kept()
    assert rows(engine) == wanted


def test_a_subscription_stays_ended(engine: Engine, tmp_path: Path) -> None:
    """Also where the file knows a later plan, or a later end; an earlier end counts."""
    load(engine, tmp_path, CYCLES, full())
    with writing(engine) as connection:
        end_subscription(connection, "491511", DAY)
    for text, left_out in ((full(), 1), (HEADER + ANNA.replace(",\n", ",2027-03-01\n"), 0)):
        summary = load(engine, tmp_path, text)
        assert (summary.kept.accounts, summary.kept.subscriptions) == (0, 1)
        assert summary.kept.rows_left_out == left_out
        assert rows(engine)[0] == ("491511", "small", ms(2026, 1, 1), AT_MS)
    assert load(engine, tmp_path, HEADER + ANNA.replace(",\n", ",2026-11-01\n")).kept == Kept()
    assert rows(engine)[0] == ("491511", "small", ms(2026, 1, 1), ms(2026, 11, 1))


def test_a_closing_in_the_file_is_nothing_that_stays(engine: Engine, tmp_path: Path) -> None:
    """Its own closing ends its subscriptions, and nothing else does."""
    for _ in range(2):
        text = FULL_HEADER + FULL.format(closed=DAY, until="").splitlines()[0] + "\n"
        assert load(engine, tmp_path, CYCLES, text).kept == Kept()
    assert rows(engine) == [("491511", "small", ms(2026, 1, 1), AT_MS)]


def test_an_end_out_of_a_file_stays_too(engine: Engine, tmp_path: Path) -> None:
    """An empty cell does not take it back; another day, 'open' and a later beginning do."""
    for until, wanted in (("2026-06-01", 6), ("", 6), ("2026-08-01", 8), ("open", None), ("2026-07-01", 7)):
        load(engine, tmp_path, CYCLES, HEADER + ANNA.replace(",\n", f",{until}\n"))
        assert rows(engine) == [("491511", "small", ms(2026, 1, 1), wanted and ms(2026, wanted, 1))]
    assert load(engine, tmp_path, "account,msisdn,plan,from\nanna,491511,large,2026-09-01\n").kept == Kept()
    assert rows(engine)[1] == ("491511", "large", ms(2026, 9, 1), None)
    later = (
        "subscriptions: [{ account: anna, msisdn: '491511', plan: large, from: 2026-09-01, until: 2026-10-01 }]"
    )
    load(engine, tmp_path, later)
    with pytest.raises(ConfigError, match=r"a later row of subscription 491511 ends"):
        load(engine, tmp_path, HEADER + ANNA.replace(",\n", ",open\n"))
    assert load(engine, tmp_path, later.replace("2026-10-01", "open")).subscriptions == Count(changed=1)


def test_an_account_can_not_open_after_it_closed(sqlite_engine: Engine, tmp_path: Path) -> None:
    """The closing stays, so it is told at the opening."""
    load(sqlite_engine, tmp_path, CYCLES, HEADER + ANNA)
    with writing(sqlite_engine) as connection:
        close_account(connection, "anna", DAY)
    with pytest.raises(ConfigError, match=r"a.csv:2:29: account anna is closed from 2026-12-01 on"):
        load(sqlite_engine, tmp_path, HEADER + ANNA.replace("2026-01-01", "2027-01-01"))


def test_the_command_tells_what_stays(tmp_path: Path) -> None:
    """The original file is loaded again after a closing; a cycle that changes is told too."""
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    (tmp_path / "cycles.yaml").write_text(CYCLES)
    (tmp_path / "full.csv").write_text(full())
    places = ["--data", str(tmp_path), "--catalogue", str(tmp_path / "catalogue.yaml")]

    def ocs(*arguments: str) -> str:
        return CliRunner().invoke(cli, ["customer", *arguments, *places]).output

    ocs("load", str(tmp_path / "cycles.yaml"), str(tmp_path / "full.csv"))
    ocs("close", "anna", "--on", DAY)
    assert ocs("load", str(tmp_path / "full.csv")).splitlines()[-2:] == [
        "accounts that stay closed: 1; 'open' in the file takes that back",
        f"rows that are left out, because they begin after that: 2, the first at {tmp_path / 'full.csv'}:3",
    ]
    assert f"until {DAY}" in ocs("show", "anna")
    (tmp_path / "cycles.yaml").write_text(CYCLES.replace("day: 1", "day: 7"))
    assert ocs("load", str(tmp_path / "cycles.yaml")).endswith("; accounts with it: 1\n")
