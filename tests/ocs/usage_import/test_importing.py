"""From usage files to the lake: what is rated how, what is left out, what waits."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from tests.ocs.cdr.lake.building import lake_rows
from tests.ocs.usage_import.small_operator import (
    call,
    import_file,
    local,
    surroundings,
    voice_file,
)


def test_a_call_becomes_rows_of_the_lake(tmp_path: Path, engine: Engine) -> None:
    """A line is read by its mapping, priced by the caller's plan, and named by file, line and key."""
    around = surroundings(tmp_path, engine)
    path = voice_file(tmp_path / "calls.csv", call(7, 61, 12, called="0043 699 123"))

    report = import_file(around, path, "voice")

    assert (report.imported.accepted, report.imported.suspended, report.imported.duplicates) == (1, 0, 0)
    columns = (
        "record_id, line, series, sequence, source_file, source_line, payment, account, msisdn, plan, service, "
        "direction, called, calling, destination, network, apn, rating_group, partner, trunk"
    )
    assert lake_rows(around.lake, engine, columns) == [
        (
            "voice:M1/7", 0, "import-voice", 1, str(path), 2, "postpaid", "a12", "49170000012", "flat", "voice",
            "outgoing", "43699123", "49170000012", "austria", "26201", None, None, None, None,
        )
    ]  # fmt: skip
    columns = (
        "started_ms, ended_ms, unit_kind, used_units, rule, catalogue, band, units, price_micros, per_units, "
        "rounding, amount_micros, currency, tax, bucket"
    )
    start = local("2026-11-03 17:01:22")
    assert lake_rows(around.lake, engine, columns) == [
        (start, start + 61_000, "seconds", 61, "flat/calls", "c0ffee", None, 61, 60_000, 60, 0, 61_000, "EUR",
         "telecom", None)
    ]  # fmt: skip
