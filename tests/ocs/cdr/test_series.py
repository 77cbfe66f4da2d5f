"""Series of CSV files: chosen columns, numbers without gaps, each record once for who takes the files away."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from config.issues import ConfigError
from config.settings import load_settings
from ocs.cdr.lake.feeding import JournalGapError
from ocs.cdr.lake.files import SeriesBusyError
from ocs.cdr.offline_settings import SeriesSettings, offline_settings, order_of, settings_of
from ocs.cdr.series import STAGING, SeriesFeeder
from ocs.database import migrate, open_database
from tests.ocs.cdr.killing import Killer, KillingDisk, in_killed_process
from tests.ocs.cdr.lake.building import NOW_MS, record, write_journal

COLUMNS = ("number", "sequence", "record_id", "amount", "requests.count", "charges", "rating_group")


def series_of(folder: Path, **others: Any) -> SeriesSettings:
    """A series of files of two records."""
    made = SeriesSettings("out", folder / "out", COLUMNS, rotate_records=2)
    return made._replace(**others)


def feed(
    folder: Path,
    engine: Engine,
    settings: SeriesSettings,
    *,
    flush: bool = True,
    skip: bool = False,
    now_ms: int = NOW_MS,
) -> int:
    """One pass of a feeder."""
    feeder = SeriesFeeder(folder / "cdr", settings, engine, lambda: now_ms, skip_missing=skip)
    feeder.open()
    try:
        return feeder.feed(flush=flush)
    finally:
        feeder.close()


def files_in(folder: Path) -> dict[str, list[list[str]]]:
    """The published files and their rows."""
    return {
        path.name: list(csv.reader(path.read_text().splitlines()))
        for path in sorted((folder / "out").glob("*.csv"))
    }


def test_columns_numbers_and_services(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Fields as cells, nested ones by their path, decimal amounts; other services' records have no number."""
    charge = {"rule": "r", "amount_micros": 1_250_000}
    write_journal(
        tmp_path / "cdr",
        [
            record(1, charges=[charge], amount_micros=1_250_000, requests={"count": 4}),
            record(2, service="voice"),
            record(3),
            record(4),
        ],
    )

    assert feed(tmp_path, sqlite_engine, series_of(tmp_path, services=("data",))) == 3

    text = '[{"rule":"r","amount_micros":1250000}]'
    assert files_in(tmp_path) == {
        "out-000000000001-000000000002.csv": [
            list(COLUMNS),
            ["1", "1", "s1#1", "1.25", "4", text, ""],
            ["2", "3", "s3#1", "0.00", "", "[]", ""],
        ],
        "out-000000000003-000000000003.csv": [list(COLUMNS), ["3", "4", "s4#1", "0.00", "", "[]", ""]],
    }


def test_a_file_that_is_not_full_waits_for_its_time(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Without a flush the rest becomes a file only when the oldest record of it has waited."""
    write_journal(tmp_path / "cdr", [record(number) for number in (1, 2, 3)])
    now_ms = NOW_MS
    settings = series_of(tmp_path, rotate_s=60)
    feeder = SeriesFeeder(tmp_path / "cdr", settings, sqlite_engine, lambda: now_ms)
    feeder.open()
    assert feeder.feed(flush=False) == 2
    now_ms += 59_000
    assert feeder.feed(flush=False) == 0
    now_ms += 1_000
    assert feeder.feed(flush=False) == 1
    feeder.close()

    assert list(files_in(tmp_path)) == [
        "out-000000000001-000000000002.csv",
        "out-000000000003-000000000003.csv",
    ]


def test_killed_at_every_step_while_files_are_taken_away(database_url: str, tmp_path: Path) -> None:
    """Who takes each file as soon as it has its name, and removes it, has each number once in the end."""
    engine = open_database(database_url)
    migrate(engine)
    engine.dispose()
    taken: list[str] = []
    settings = series_of(tmp_path)

    def work(killer: Killer) -> None:
        killing = killer.database(database_url)
        feeder = SeriesFeeder(tmp_path / "cdr", settings, killing, lambda: NOW_MS, disk=KillingDisk(killer))
        feeder.open()
        feeder.feed(flush=False)
        killer.step()
        feeder.close()
        killing.dispose()

    written = 0
    at = 0
    killed = True
    while killed:
        at += 1
        if at % 3 == 1:
            write_journal(tmp_path / "cdr", [record(written + number) for number in range(1, 6)])
            written += 5
        killed = in_killed_process(work, at)
        for name, rows in files_in(tmp_path).items():
            taken += [row[0] for row in rows[1:]]
            (tmp_path / "out" / name).unlink()

    assert at > 15
    whole = written // 2 * 2
    assert taken == [str(number) for number in range(1, whole + 1)]
    assert [path.name for path in (tmp_path / "out" / STAGING).iterdir()] == [".lock"]


def test_missing_records_stop_a_series(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A gap in the journal is named; with --skip-missing the series goes on, its own numbers without a gap."""
    write_journal(tmp_path / "cdr", [record(1)])
    write_journal(tmp_path / "cdr", [record(4)])
    with pytest.raises(JournalGapError, match="records 2 to 3 are missing"):
        feed(tmp_path, sqlite_engine, series_of(tmp_path))
    assert feed(tmp_path, sqlite_engine, series_of(tmp_path), skip=True) == 2
    ((_, rows),) = files_in(tmp_path).items()
    assert [row[:2] for row in rows[1:]] == [["1", "1"], ["2", "4"]]


def test_one_process_writes_a_series(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A second one is refused."""
    feeder = SeriesFeeder(tmp_path / "cdr", series_of(tmp_path), sqlite_engine, lambda: NOW_MS)
    feeder.open()
    with pytest.raises(SeriesBusyError):
        feed(tmp_path, sqlite_engine, series_of(tmp_path))
    feeder.close()


def test_series_come_from_the_settings(tmp_path: Path) -> None:
    """Settings name series, and refuse what no record has; the process beside a server is told the same."""
    path = tmp_path / "ocs.toml"
    path.write_text(
        '[[records.series]]\nname = "out"\ncolumns = ["number", "requests.count"]\nservices = ["data"]\n'
    )
    made = offline_settings(load_settings(path))
    assert made.series == (
        SeriesSettings("out", Path("data/records/out"), ("number", "requests.count"), ("data",)),
    )
    assert settings_of(order_of(made)) == made

    path.write_text('[[records.series]]\nname = "out"\ncolumns = ["amuont"]\n')
    with pytest.raises(ConfigError, match=r"records\.series out: no column 'amuont'\n.*did you mean 'amount'"):
        offline_settings(load_settings(path))
    path.write_text('[[records.series]]\nname = "out"\ncolumns = ["amount"]\ncolums = []\n')
    with pytest.raises(ConfigError, match=r"ocs\.toml:4:1: unknown setting 'records\.series\.0\.colums'"):
        load_settings(path)
