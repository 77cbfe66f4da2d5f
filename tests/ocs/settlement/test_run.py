"""Statements: right to the smallest unit, the same when made again, each record on one of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, select

from ocs.audit.offline.report import SETTLED, UNSETTLED
from ocs.audit.offline.run import audit_offline
from ocs.cdr.lake import Lake
from ocs.settlement import SettlementError
from ocs.settlement.run import Settled
from ocs.settlement.statement import CONNECTION, NO_UNITS, Statement, canonical_json, parse_statement
from ocs.settlement.tables import SETTLEMENT_RUN, SETTLEMENT_STATEMENT, SETTLEMENT_TOTAL
from tests.ocs.settlement.second_by_second import Sums, recomputed
from tests.ocs.settlement.trunk_lake import (
    LONG_AFTER_MS,
    append,
    at,
    call,
    example_agreements,
    random_calls,
    settlement_of,
)

DAY = "2026-12-02"


def run(folder: Path, engine: Engine, month: str = "2026-11", **options: Any) -> Settled:
    """Settle a month of NorthTel."""
    settlement = settlement_of(folder, engine)
    return settlement.run(example_agreements(), month, LONG_AFTER_MS, issue_day=DAY, **options)


def asked(settled: Settled, query: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers about the records of a document, which the query calls ``records``."""
    connection = duckdb.connect()
    connection.read_parquet(str(settled.folder / "records.parquet")).create_view("records")
    return connection.execute(query).fetchall()


def sums_of(statement: Statement, month: str | None = None) -> Sums:
    """The lines of a statement in the form of the recomputation."""
    return {
        (line.direction, line.destination, "connection" if line.kind == CONNECTION else line.band, line.tier): (
            line.units,
            Decimal(line.amount_micros) / 1_000_000,
        )
        for line in statement.lines
        if line.kind != NO_UNITS and line.month == (month or line.month)
    }


def test_sums_are_those_of_another_computation(tmp_path: Path, engine: Engine) -> None:
    """Bands, tiers, minimums, increments, fees and dated rows, against a count second by second in Decimal."""
    records = list(random_calls(7, 250))
    records += [
        call(f"days-{n}", started_ms=at(f"2026-11-{n} 03:00:00") + 500, used_units=250_000) for n in (11, 20)
    ]
    append(tmp_path, engine, records[:100])
    append(tmp_path, engine, records[100:])
    settled = run(tmp_path, engine)
    expected = recomputed(records)
    assert sums_of(settled.statement) == expected
    tiers = {line.tier for line in settled.statement.lines if line.direction == "incoming"}
    assert tiers == {0, 1, 2, 3}
    for total in settled.statement.totals:
        exact = sum((amount for key, (_, amount) in expected.items() if key[0] == total.direction), Decimal(0))
        assert Decimal(total.usage_micros) / 1_000_000 == exact
        coins = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert Decimal(total.total_micros) / 1_000_000 == coins
    incoming, outgoing = settled.statement.totals
    (net,) = settled.statement.net
    assert net.net_micros == incoming.total_micros - outgoing.total_micros


def test_any_record_can_be_derived_from_its_lines(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Each amount in the Parquet file is units x price / per, rounded half up; the statement has their sums."""
    append(tmp_path, sqlite_engine, random_calls(8, 200))
    settled = run(tmp_path, sqlite_engine)
    ((lines, amount, wrong),) = asked(
        settled,
        "SELECT count(*), sum(amount_micros), "
        "count(*) FILTER (amount_micros <> (2 * units * price_micros + per_units) // (2 * per_units)) "
        "FROM records",
    )
    assert lines >= 200
    assert wrong == 0
    assert amount == sum(line.amount_micros for line in settled.statement.lines)


def test_tables_say_what_the_statement_says(tmp_path: Path, engine: Engine) -> None:
    """Totals in SQL, the content as JSON, the run as committed."""
    append(tmp_path, engine, random_calls(9, 40))
    statement = run(tmp_path, engine).statement
    with engine.connect() as connection:
        (stored,) = connection.execute(select(SETTLEMENT_STATEMENT))
        totals = connection.execute(select(SETTLEMENT_TOTAL).order_by(SETTLEMENT_TOTAL.c.direction)).fetchall()
        (made,) = connection.execute(select(SETTLEMENT_RUN))
    assert parse_statement(stored.content) == statement
    assert [(row.direction, row.total_micros) for row in totals] == [
        (total.direction, total.total_micros) for total in statement.totals
    ]
    assert (made.status, made.lake_cut, stored.number) == (
        "committed",
        1 if made.lake_cut == 1 else made.lake_cut,
        statement.number,
    )


def test_the_same_run_gives_the_same_octets(tmp_path: Path, engine: Engine) -> None:
    """Made again, even after more usage came, all files are equal."""
    records = list(random_calls(10, 60))
    append(tmp_path, engine, records)
    first = run(tmp_path, engine)
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    append(tmp_path, engine, random_calls(11, 10, prefix="late"))
    again = run(tmp_path, engine)
    assert (first.repeated, again.repeated) == (False, True)
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before
    assert set(before) == {"statement.json", "records.parquet"}


def test_every_record_is_on_one_statement(tmp_path: Path, engine: Engine) -> None:
    """Usage in its month, usage that comes late, usage of the next month that was there early: each once."""
    november, december = list(random_calls(12, 40)), list(random_calls(13, 40, "2026-12", "d"))
    append(tmp_path, engine, november[:25] + december[:10])
    first = run(tmp_path, engine)
    append(tmp_path, engine, november[25:] + december[10:30])
    second = run(tmp_path, engine, "2026-12")
    append(tmp_path, engine, december[30:])
    third = run(tmp_path, engine, "2027-01")
    found = Counter(
        record_id
        for settled in (first, second, third)
        for (record_id,) in asked(settled, "SELECT DISTINCT record_id FROM records")
    )
    assert found == Counter(record["record_id"] for record in november + december)
    assert {line.month for line in second.statement.lines if line.late} == {"2026-11"}
    assert {line.month for line in third.statement.lines} == {"2026-12"}
    assert [settled.statement.number for settled in (first, second, third)] == [
        "S-2026-000001",
        "S-2026-000002",
        "S-2026-000003",
    ]


def test_late_usage_goes_on_in_the_tiers_of_its_own_month(tmp_path: Path, engine: Engine) -> None:
    """November's minutes that come in December go on where November ended, December's begin anew."""
    on_time = [call(f"a{n}", started_ms=at("2026-11-03 10:00:00") + n, used_units=60_000) for n in range(3)]
    late = [call(f"b{n}", started_ms=at("2026-11-02 10:00:00") + n, used_units=30_000) for n in range(3)]
    december = [call("c", started_ms=at("2026-12-01 10:00:00"), used_units=30_000)]
    append(tmp_path, engine, on_time)
    first = run(tmp_path, engine).statement
    append(tmp_path, engine, late + december)
    second = run(tmp_path, engine, "2026-12").statement
    counted: Counter[str] = Counter()
    assert sums_of(first) == recomputed(on_time, counted)
    expected = recomputed(late, counted)
    assert sums_of(second, "2026-11") == expected
    assert {key[3] for key in expected} == {2}
    assert {line.tier for line in second.lines if line.month == "2026-12"} == {1}


def test_usage_without_a_price_is_refused_and_nothing_is_kept(tmp_path: Path, engine: Engine) -> None:
    """Reasons and examples are told; the next run, which leaves them, has what came since."""
    wrong = [
        call("unknown-prefix", direction="outgoing", trunk="NT-OUT-1", called="999"),
        call("other-trunk", trunk="XX"),
        call("other-service", service="fax"),
        call("too-early", started_ms=at("2025-12-31 23:59:59")),
        call("megabytes", unit_kind="octets"),
    ]
    append(tmp_path, engine, [call("good"), *wrong])
    with pytest.raises(SettlementError) as refused:
        run(tmp_path, engine)
    text = str(refused.value)
    assert "1 outgoing voice records: no price for the called number" in text
    assert "such as other-trunk: trunk XX, called 447700000001: a trunk that is not in the agreement" in text
    with engine.connect() as connection:
        assert connection.execute(select(SETTLEMENT_RUN)).fetchall() == []
    append(tmp_path, engine, [call("good too")])
    statement = run(tmp_path, engine, leave_unrated=True).statement
    assert sum(unrated.records for unrated in statement.unrated) == 5
    assert statement.totals[0].records == 2


def test_months_are_settled_in_their_order_and_when_they_are_over(
    tmp_path: Path, sqlite_engine: Engine
) -> None:
    """A month before the last statement and a month that goes on are refused, and so is what is no month."""
    append(tmp_path, sqlite_engine, random_calls(14, 5))
    run(tmp_path, sqlite_engine)
    settlement = settlement_of(tmp_path, sqlite_engine)
    with pytest.raises(SettlementError, match="settled up to 2026-11"):
        run(tmp_path, sqlite_engine, "2026-10")
    with pytest.raises(SettlementError, match="not over"):
        settlement.run(example_agreements(), "2026-12", at("2026-12-31 23:59:59"))
    with pytest.raises(SettlementError, match="'2026-13' is not a month"):
        run(tmp_path, sqlite_engine, "2026-13")


def test_a_month_is_that_of_the_agreements_zone(tmp_path: Path, sqlite_engine: Engine) -> None:
    """The first millisecond of December in Stockholm, 23:00 of November in UTC, is on December's statement."""
    last, first = at("2026-12-01 00:00:00") - 1, at("2026-12-01 00:00:00")
    append(tmp_path, sqlite_engine, [call("last", started_ms=last), call("first", started_ms=first)])
    november, december = (
        run(tmp_path, sqlite_engine).statement,
        run(tmp_path, sqlite_engine, "2026-12").statement,
    )
    assert [statement.totals[0].records for statement in (november, december)] == [1, 1]
    assert (november.from_at, november.to_at) == ("2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00")
    assert not any(line.late for line in december.lines)


def test_a_preview_keeps_nothing(tmp_path: Path, sqlite_engine: Engine) -> None:
    """It is what the statement will be, but for the number."""
    append(tmp_path, sqlite_engine, random_calls(15, 30))
    settlement = settlement_of(tmp_path, sqlite_engine)
    preview = settlement.preview(example_agreements(), "2026-11", tmp_path, DAY)
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(SETTLEMENT_RUN)).fetchall() == []
    made = run(tmp_path, sqlite_engine).statement
    assert canonical_json(replace(preview, number=made.number)) == canonical_json(made)


def test_what_another_currency_comes_to(tmp_path: Path, engine: Engine) -> None:
    """Dollars become yen at the rate of the month's last day, in whole yen, and both ways are netted in yen."""
    records = [
        call("in", partner="pacific", trunk="PV-IN", called="44771", used_units=601,
             started_ms=at("2026-11-05 01:00:00")),
        call("out", partner="pacific", trunk="PV-OUT", direction="outgoing", called="614123", used_units=61_000,
             started_ms=at("2026-11-06 01:00:00")),
    ]  # fmt: skip
    append(tmp_path, engine, records)
    settlement = settlement_of(tmp_path, engine)
    statement = settlement.run(example_agreements("pacific"), "2026-11", LONG_AFTER_MS, issue_day=DAY).statement
    incoming, outgoing = statement.totals
    assert incoming.usage_micros == 606 * 2_100_000 // 60
    assert incoming.total_micros == 21_000_000
    dollars = Decimal("0.026") * 1000 + (Decimal("0.0221") * 1000 / 60).quantize(
        Decimal("0.000001"), ROUND_HALF_UP
    )
    assert Decimal(outgoing.usage_micros) / 1_000_000 == dollars
    (conversion,) = statement.conversions
    assert (conversion.rate, conversion.day) == ("149.75", "2026-11-30")
    due = Decimal(outgoing.due_micros) / 1_000_000
    yen = (due * Decimal("149.75")).quantize(Decimal(1), ROUND_HALF_UP)
    assert Decimal(conversion.converted_micros) / 1_000_000 == yen
    (net,) = statement.net
    assert (net.currency, net.net_micros) == ("JPY", 21_000_000 - conversion.converted_micros)


def test_the_audit_finds_each_record_settled_or_waiting_once(tmp_path: Path, engine: Engine) -> None:
    """Those on a statement at nothing too; what came late waits."""
    append(tmp_path, engine, [*random_calls(16, 20), call("other-trunk", trunk="XX")])
    run(tmp_path, engine, leave_unrated=True)
    append(tmp_path, engine, random_calls(17, 7, prefix="late"))
    report = audit_offline(engine, Lake(tmp_path / "lake", engine))
    assert report.differences == []
    assert (report.classes[SETTLED].records, report.classes[UNSETTLED].records) == (21, 7)
