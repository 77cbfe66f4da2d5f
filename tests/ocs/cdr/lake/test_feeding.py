"""From the journal into the lake: rows, days, manifest, gaps."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ocs.cdr.lake import Lake, LakeError
from ocs.cdr.lake.feeding import JournalGapError, LakeFeeder
from ocs.cdr.lake.files import SeriesBusyError
from ocs.cdr.lake.manifest import noted_gaps
from tests.ocs.cdr.lake.building import NOW_MS, lake_rows, put_rows, record, write_journal

DAY_MS = 86_400_000
CHARGE = {
    "rule": "payg/any",
    "price_micros": 3,
    "per_units": 2,
    "increment": 1,
    "rounding": 0,
    "units": 100,
    "amount_micros": 150,
    "catalogue": "c0ffee",
}


def feeder_of(tmp_path: Path, engine: Engine, *, skip_missing: bool = False, chunk: int = 1000) -> LakeFeeder:
    """An open feeder of the journal ``cdr`` into the lake ``lake``."""
    feeder = LakeFeeder(
        tmp_path / "cdr",
        tmp_path / "lake",
        engine,
        lambda: NOW_MS,
        skip_missing=skip_missing,
        chunk_records=chunk,
    )
    feeder.open()
    return feeder


def feed_all(tmp_path: Path, engine: Engine, *, skip_missing: bool = False, chunk: int = 1000) -> int:
    """Feed until nothing is left; how many records."""
    feeder = feeder_of(tmp_path, engine, skip_missing=skip_missing, chunk=chunk)
    try:
        moved = 0
        while count := feeder.feed_some():
            moved += count
        return moved
    finally:
        feeder.close()


def test_a_row_for_each_charge_line_and_bucket_use(tmp_path: Path, engine: Engine) -> None:
    """Charge lines come first, bucket uses after them; a record without either has one row of its units."""
    uses = [{"bucket": "gigabyte", "units": 40}]
    dearer = {**CHARGE, "rule": "payg/peak", "amount_micros": 7, "band": "peak", "tax": "telecom"}
    write_journal(
        tmp_path / "cdr",
        [
            record(1, charges=[CHARGE, dearer], buckets=uses, payment="postpaid", called="4930123"),
            record(2, used_units=77, apn=""),
            record(3, buckets=uses, rating_group=10),
        ],
    )

    assert feed_all(tmp_path, engine) == 3
    columns = (
        "sequence, line, payment, called, apn, rating_group, rule, band, tax, units, amount_micros, bucket"
    )
    assert lake_rows(tmp_path / "lake", engine, columns) == [
        (1, 0, "postpaid", "4930123", "internet", None, "payg/any", None, None, 100, 150, None),
        (1, 1, "postpaid", "4930123", "internet", None, "payg/peak", "peak", "telecom", 100, 7, None),
        (1, 2, "postpaid", "4930123", "internet", None, None, None, None, 40, 0, "gigabyte"),
        (2, 0, "prepaid", None, None, None, None, None, None, 77, 0, None),
        (3, 0, "prepaid", None, "internet", 10, None, None, None, 40, 0, "gigabyte"),
    ]
    columns = (
        "record_id, series, started_ms, ended_ms, unit_kind, used_units, price_micros, per_units, rounding"
    )
    assert lake_rows(tmp_path / "lake", engine, columns)[0] == (
        "s1#1", "online-p0", NOW_MS, NOW_MS + 5000, "octets", 100, 3, 2, 0,
    )  # fmt: skip


def test_rows_add_up_to_what_the_account_was_charged(tmp_path: Path, engine: Engine) -> None:
    """What a bundle of money paid, and what was written off, are rows below zero of the same tax."""
    taxed = {**CHARGE, "amount_micros": 150, "tax": "telecom"}
    capped = {**CHARGE, "rule": "payg/any#cap-day", "units": 0, "amount_micros": -20, "tax": "telecom"}
    use = {"bucket": "credit", "units": 100}
    records = [
        record(1, charges=[taxed, capped], amount_micros=90, written_off_micros=40),
        record(2, charges=[taxed], amount_micros=150, written_off_micros=0),
        record(3, charges=[taxed], amount_micros=30, written_off_micros=20, buckets=[use]),
    ]
    write_journal(tmp_path / "cdr", records)

    assert feed_all(tmp_path, engine) == 3
    assert lake_rows(tmp_path / "lake", engine, "sequence, line, rule, units, amount_micros, tax") == [
        (1, 0, "payg/any", 100, 150, "telecom"),
        (1, 1, "payg/any#cap-day", 0, -20, "telecom"),
        (1, 2, "payg/any#written-off", 0, -40, "telecom"),
        (2, 0, "payg/any", 100, 150, "telecom"),
        (3, 0, "payg/any", 100, 150, "telecom"),
        (3, 1, "payg/any#credit", 0, -100, "telecom"),
        (3, 2, "payg/any#written-off", 0, -20, "telecom"),
        (3, 3, None, 100, 0, None),
    ]


def test_files_by_day_are_numbered_in_the_order_of_commits(tmp_path: Path, engine: Engine) -> None:
    """A chunk makes a file for each UTC day; file numbers are dense; sums stand in the manifest."""
    starts = [NOW_MS - 1, NOW_MS, NOW_MS - 1, NOW_MS + DAY_MS]
    write_journal(tmp_path / "cdr", [record(1 + i, start, charges=[CHARGE]) for i, start in enumerate(starts)])

    assert feed_all(tmp_path, engine, chunk=3) == 4

    files = Lake(tmp_path / "lake", engine).files()
    assert [(file.file_id, file.path, file.records, file.rows, file.amounts) for file in files] == [
        (1, "day=2026-11-27/online-p0-000000000001-000000000003.parquet", 2, 2, {"EUR": 300}),
        (2, "day=2026-11-28/online-p0-000000000001-000000000003.parquet", 1, 1, {"EUR": 150}),
        (3, "day=2026-11-29/online-p0-000000000004-000000000004.parquet", 1, 1, {"EUR": 150}),
    ]
    assert lake_rows(tmp_path / "lake", engine, "file_id, day, sequence") == [
        (1, date(2026, 11, 27), 1),
        (2, date(2026, 11, 28), 2),
        (1, date(2026, 11, 27), 3),
        (3, date(2026, 11, 29), 4),
    ]


def test_a_cut_reads_the_same_whatever_comes_later(tmp_path: Path, sqlite_engine: Engine) -> None:
    """What is read through a file number does not change when the lake grows; the rest is what came later."""
    directory = tmp_path / "lake"
    put_rows(directory, sqlite_engine, "import-a", [{"record_id": "x", "started_ms": NOW_MS}])
    lake = Lake(directory, sqlite_engine)
    cut = lake.highest_file_id()
    put_rows(directory, sqlite_engine, "import-b", [{"record_id": "y", "started_ms": NOW_MS}])

    assert lake.relation(cut).project("record_id").fetchall() == [("x",)]
    assert lake.relation(after_file_id=cut).project("record_id").fetchall() == [("y",)]
    assert lake.relation(days=("2026-11-28", "2026-11-28")).shape == (2, 37)
    assert lake.relation(series="import-c").shape == (0, 37)
    assert lake.relation(series="import-c").types == lake.relation().types


def test_a_file_that_is_gone_is_named(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A lake whose folder lacks a file of the manifest is not read."""
    put_rows(tmp_path / "lake", sqlite_engine, "import-a", [{"record_id": "x", "started_ms": NOW_MS}])
    lake = Lake(tmp_path / "lake", sqlite_engine)
    (file,) = lake.files()
    file.within(tmp_path / "lake").unlink()

    with pytest.raises(LakeError, match=r"import-a-0{11}1-0{11}1\.parquet: the manifest names it"):
        lake.relation()


def test_missing_records_stop_the_feeding_until_they_are_given_up(
    tmp_path: Path, sqlite_engine: Engine
) -> None:
    """What is before a gap is fed, the gap is named; --skip-missing notes it and goes on."""
    write_journal(tmp_path / "cdr", [record(1), record(2)])
    write_journal(tmp_path / "cdr", [record(5)])

    with pytest.raises(JournalGapError, match="records 3 to 4 are missing"):
        feed_all(tmp_path, sqlite_engine)
    assert lake_rows(tmp_path / "lake", sqlite_engine, "sequence") == [(1,), (2,)]

    assert feed_all(tmp_path, sqlite_engine, skip_missing=True) == 1
    assert lake_rows(tmp_path / "lake", sqlite_engine, "sequence") == [(1,), (2,), (5,)]
    with sqlite_engine.connect() as connection:
        assert noted_gaps(connection, "online-p0") == [(3, 4)]


def test_one_process_writes_a_series(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A second feeder is refused while the first is open, another series is not."""
    write_journal(tmp_path / "cdr", [record(1)])
    feeder = feeder_of(tmp_path, sqlite_engine)
    try:
        with pytest.raises(SeriesBusyError):
            feeder_of(tmp_path, sqlite_engine)
        put_rows(tmp_path / "lake", sqlite_engine, "import-a", [{"record_id": "x", "started_ms": NOW_MS}])
    finally:
        feeder.close()
    assert feed_all(tmp_path, sqlite_engine) == 1
