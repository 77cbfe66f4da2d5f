"""Reconciliation: every record of either side in one class, sums that add up, files as partners write them."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, select

from config.issues import ConfigError
from config.settlement_mapping import PartnerMapping, load_partner_mapping
from config.settlement_terms import Tolerances
from ocs.settlement import SettlementError
from ocs.settlement.folders import SettlementFolder
from ocs.settlement.period import parse_period
from ocs.settlement.reconciliation.partner_file import THEIRS, load_partner_file
from ocs.settlement.reconciliation.reconcile import PartnerFile, Reconciled, reconcile
from ocs.settlement.reconciliation.report import ClassTotal, summed
from ocs.settlement.tables import SETTLEMENT_RECONCILIATION
from tests.ocs.settlement.trunk_lake import (
    LONG_AFTER_MS,
    PARTNERS,
    STOCKHOLM,
    append,
    at,
    call,
    example_agreements,
    random_calls,
    settlement_of,
)

COLUMNS = ["A-NUMBER", "B-NUMBER", "START", "SECONDS", "CHARGE"]


def settled_lines(folder: Path, engine: Engine, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Settle November; what the partner would write of our outgoing calls, exactly as we have them."""
    append(folder, engine, records)
    settled = settlement_of(folder, engine).run(
        example_agreements(), "2026-11", LONG_AFTER_MS, issue_day="2026-12-02"
    )
    connection = duckdb.connect()
    connection.read_parquet(str(settled.folder / "records.parquet")).create_view("records")
    rows = connection.execute(
        "SELECT record_id, any_value(calling), any_value(called), any_value(started_ms), "
        "any_value(used_units), sum(amount_micros) "
        "FROM records WHERE direction = 'outgoing' GROUP BY record_id ORDER BY record_id"
    )
    return [
        {
            "id": record_id,
            "A-NUMBER": f"+{calling}",
            "B-NUMBER": f"00{called}",
            "START": datetime.fromtimestamp(started_ms // 1000, STOCKHOLM),
            "SECONDS": seconds,
            "CHARGE": Decimal(int(micros)) / 1_000_000,
        }
        for record_id, calling, called, started_ms, seconds, micros in rows.fetchall()
    ]


def write_file(path: Path, lines: list[dict[str, Any]]) -> Path:
    """Write lines as NorthTel's file."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(COLUMNS)
        for line in lines:
            writer.writerow(
                [f"{line[name]:%Y-%m-%d %H:%M:%S}" if name == "START" else line[name] for name in COLUMNS]
            )
    return path


def reconciled(folder: Path, engine: Engine, file: Path, tolerance: Tolerances | None = None) -> Reconciled:
    """Compare November with a file of NorthTel's form."""
    mapping = load_partner_mapping(PARTNERS / "mappings" / "northtel.yaml")
    return reconcile(
        engine,
        SettlementFolder(folder / "settlement"),
        example_agreements(),
        parse_period("2026-11", "Europe/Stockholm"),
        PartnerFile(file, "northtel", mapping),
        tolerance or Tolerances(),
        LONG_AFTER_MS,
    )


def totals_of(done: Reconciled) -> dict[str, ClassTotal]:
    """Totals of outgoing traffic by class."""
    return {total.name: total for total in done.report.totals if total.direction == "outgoing"}


def outgoing_only(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Calls of which both sides have something to charge."""
    return [record for record in records if record["direction"] == "outgoing" and record["used_units"]]


def test_equal_files_agree(tmp_path: Path, engine: Engine) -> None:
    """What the partner writes as we have it agrees record by record; its file is about one direction only."""
    records = list(random_calls(21, 120))
    lines = settled_lines(tmp_path, engine, records)
    done = reconciled(tmp_path, engine, write_file(tmp_path / "theirs.csv", lines))
    assert {total.name for total in totals_of(done).values()} == {"agreed"}
    assert totals_of(done)["agreed"].records == len(lines)
    assert {total.direction for total in done.report.totals} == {"outgoing"}


def test_each_difference_is_in_its_class_and_sums_add_up(tmp_path: Path, engine: Engine) -> None:
    """Lines left out, added, longer, dearer and rounded are found again, to the unit and the micro."""
    rng = random.Random(22)
    lines = settled_lines(tmp_path, engine, outgoing_only(list(random_calls(22, 400))))
    changes = ["missing", "duration", "rate", "rounding", "late by 20 s", ""]
    expected: Counter[str] = Counter()
    theirs = []
    ours_total, theirs_total = sum(line["CHARGE"] for line in lines), Decimal(0)
    for original in lines:
        line, change = dict(original), rng.choice(changes)
        if change == "missing":
            expected["missing"] += 1
            continue
        if change == "duration":
            line["SECONDS"] += 17
            line["CHARGE"] *= 2
        elif change == "rate":
            line["CHARGE"] += Decimal("0.006")
        elif change == "rounding":
            line["CHARGE"] += Decimal("0.005")
        elif change == "late by 20 s":
            line["START"] += timedelta(seconds=20)
        expected[change if change in {"duration", "rate", "rounding"} else "agreed"] += 1
        theirs.append(line)
    extra = [{**lines[0], "B-NUMBER": "+49309999", "SECONDS": 5}, {**lines[1], "A-NUMBER": "+999"}]
    expected["extra"] = len(extra)
    theirs_total = sum(line["CHARGE"] for line in theirs + extra)
    rng.shuffle(theirs)
    done = reconciled(tmp_path, engine, write_file(tmp_path / "theirs.csv", theirs + extra))
    totals = totals_of(done)
    assert {name: total.records for name, total in totals.items()} == dict(expected)
    everything = summed(totals.values(), "outgoing")
    assert Decimal(everything.our_micros) / 1_000_000 == ours_total
    assert Decimal(everything.their_micros) / 1_000_000 == theirs_total
    assert totals["duration"].difference_units == 17 * expected["duration"]
    assert totals["rounding"].difference_micros == 5000 * expected["rounding"]
    assert totals["rate"].difference_micros == 6000 * expected["rate"]
    with (done.folder / "differences.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["class"] for row in rows) == expected - Counter(agreed=expected["agreed"])
    by_class = {
        name: sum(Decimal(row["difference"] or 0) for row in rows if row["class"] == name) for name in expected
    }
    assert by_class["rate"] == Decimal("0.006") * expected["rate"]
    assert json.loads((done.folder / "report.json").read_text())["lines"] == len(theirs) + 2


def test_tolerances_are_settings(tmp_path: Path, sqlite_engine: Engine) -> None:
    """The same file with wider and narrower tolerances."""
    (line,) = settled_lines(tmp_path, sqlite_engine, outgoing_only(list(random_calls(23, 3)))[:1])
    line["SECONDS"] += 2
    line["CHARGE"] += Decimal("0.0001")
    line["START"] += timedelta(seconds=10)
    file = write_file(tmp_path / "theirs.csv", [line])

    def classes(**tolerances: int) -> set[str]:
        return set(totals_of(reconciled(tmp_path, sqlite_engine, file, replace(Tolerances(), **tolerances))))

    assert classes() == {"duration"}
    assert classes(duration_s=2) == {"rounding"}
    assert classes(duration_s=2, rounding_micros=99) == {"duration"}
    assert classes(window_ms=9_000) == {"missing", "extra"}


def test_the_month_is_that_of_the_usage(tmp_path: Path, engine: Engine) -> None:
    """A call that is late on our side is on December's statement and agrees with November's file; edges too."""
    midnight = at("2026-12-01 00:00:00")
    calls = [
        call(
            "early", direction="outgoing", trunk="NT-OUT-1", called="4930", started_ms=at("2026-11-10 10:00:00")
        ),
        call("edge", direction="outgoing", trunk="NT-OUT-1", called="4931", started_ms=midnight + 2000),
    ]
    lines = settled_lines(tmp_path, engine, calls[:1])
    append(tmp_path, engine, [calls[1], call("late", direction="outgoing", trunk="NT-OUT-1", called="4932",
                                             started_ms=at("2026-11-11 10:00:00"))])  # fmt: skip
    settlement_of(tmp_path, engine).run(example_agreements(), "2026-12", LONG_AFTER_MS, issue_day="2027-01-02")
    theirs = [
        lines[0],
        {**lines[0], "B-NUMBER": "4932", "START": datetime(2026, 11, 11, 10, tzinfo=STOCKHOLM)},
        {**lines[0], "B-NUMBER": "4931", "START": datetime(2026, 11, 30, 23, 59, 59, tzinfo=STOCKHOLM),
         "CHARGE": Decimal("0.006")},
    ]  # fmt: skip
    theirs[1]["CHARGE"] = lines[0]["CHARGE"]
    done = reconciled(tmp_path, engine, write_file(tmp_path / "theirs.csv", theirs))
    assert {name: total.records for name, total in totals_of(done).items()} == {"agreed": 3}


def test_lines_that_can_not_be_read_keep_their_numbers(tmp_path: Path, engine: Engine) -> None:
    """Each with its reason in the differences; the rest of the file is compared."""
    (line,) = settled_lines(tmp_path, engine, outgoing_only(list(random_calls(24, 5)))[:1])
    file = write_file(tmp_path / "theirs.csv", [line])
    good = file.read_text().splitlines()[1].split(";")
    broken = [
        good[:4],
        [*good[:2], "yesterday", *good[3:]],
        [*good[:3], "x", good[4]],
        [good[0], "", *good[2:]],
    ]
    file.write_text(file.read_text() + "".join(";".join(fields) + "\n" for fields in broken))
    done = reconciled(tmp_path, engine, file)
    with (done.folder / "differences.csv").open(newline="") as stream:
        rows = {
            row["their_line"]: row["problem"] for row in csv.DictReader(stream) if row["class"] == "unreadable"
        }
    assert rows == {
        "3": "4 fields, not 5",
        "4": "started yesterday can not be read",
        "5": "seconds x can not be read",
        "6": "the called number is missing",
    }
    assert totals_of(done)["agreed"].records == 1


def test_call_ids_directions_rates_and_currencies(tmp_path: Path, engine: Engine) -> None:
    """Pacific's file: both ways, ids of both switches, a rate a line; a second line of an id is extra."""
    records = [
        call("trunk:1", partner="pacific", trunk="PV-IN", called="44771", used_units=60),
        call("trunk:2", partner="pacific", trunk="PV-OUT", direction="outgoing", called="614", used_units=60),
        call("trunk:3", partner="pacific", trunk="PV-OUT", direction="outgoing", called="61", used_units=120),
        call("trunk:4", partner="pacific", trunk="PV-OUT", direction="outgoing", called="65", used_units=60),
    ]
    append(tmp_path, engine, records)
    agreements = example_agreements("pacific")
    settlement_of(tmp_path, engine).run(agreements, "2026-11", LONG_AFTER_MS, issue_day="2026-12-02")
    start = "20261103110000"
    file = tmp_path / "pacific.csv"
    file.write_text(
        "call_id,side,from,to,start_utc,ms,amount,rate,currency\n"
        f"1,TO_MVNO,4681234567,44771,{start},60000,2.10,2.10,JPY\n"
        f"2,FROM_MVNO,4681234567,614,{start},60000,0.026,0.026,USD\n"
        f"2,FROM_MVNO,4681234567,614,{start},60000,0.026,0.026,USD\n"
        f"3,FROM_MVNO,4681234567,61,{start},120000,0.023,0.0115,USD\n"
        f"4,FROM_MVNO,4681234567,65,{start},60000,0.007,0.007,EUR\n"
        f"5,SIDEWAYS,4681234567,65,{start},60000,0.007,0.007,USD\n"
    )
    mapping = load_partner_mapping(PARTNERS / "mappings" / "pacific.yaml")
    done = reconcile(
        engine,
        SettlementFolder(tmp_path / "settlement"),
        agreements,
        parse_period("2026-11", "Asia/Tokyo"),
        PartnerFile(file, "pacific", mapping),
        Tolerances(),
        LONG_AFTER_MS,
    )
    found = {(total.direction, total.name): total.records for total in done.report.totals}
    assert found == {
        ("incoming", "agreed"): 1,
        ("outgoing", "agreed"): 1,
        ("outgoing", "extra"): 1,
        ("outgoing", "rate"): 1,
        ("outgoing", "missing"): 1,
        ("outgoing", "unreadable"): 1,
        ("", "unreadable"): 1,
    }
    text = (done.folder / "differences.csv").read_text()
    assert "call id is in line 3 already" in text
    assert "currency EUR, the agreement has USD" in text
    assert "direction SIDEWAYS can not be read" in text
    with engine.connect() as connection:
        (kept,) = connection.execute(select(SETTLEMENT_RECONCILIATION))
    assert json.loads(kept.content) == json.loads((done.folder / "report.json").read_text())


def test_what_can_not_be_compared_is_refused(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A month without a statement, a header without the columns, a file that is not there."""
    file = tmp_path / "theirs.csv"
    file.write_text("A-NUMBER;B-NUMMER;START;SECONDS;CHARGE\n")
    with pytest.raises(SettlementError, match="no statement for 2026-11"):
        reconciled(tmp_path, sqlite_engine, file)
    settled_lines(tmp_path, sqlite_engine, [call("one")])
    with pytest.raises(ConfigError, match=r"there is no column 'B-NUMBER'(.|\n)*did you mean 'B-NUMMER'"):
        reconciled(tmp_path, sqlite_engine, file)
    with pytest.raises(ConfigError, match="can not be read"):
        reconciled(tmp_path, sqlite_engine, tmp_path / "none.csv")


FORMS = [
    (
        "started",
        {"column": "2", "format": "%d.%m.%Y %H:%M", "time_zone": "Europe/Berlin"},
        "03.11.2026 12:00",
        0,
    ),
    ("started", {"column": "2", "format": "epoch"}, str(at("2026-11-03 12:00:00") // 1000), 0),
    ("started", {"column": "2", "format": "epoch_ms"}, str(at("2026-11-03 12:00:00")), 0),
    ("started", {"column": "2", "format": "iso"}, "2026-11-03T11:00:00Z", 0),
    ("seconds", {"column": "3", "unit": "clock"}, "01:02:03", 3723),
    ("seconds", {"column": "3", "unit": "ms"}, "59001", 60),
    ("seconds", {"column": "3", "unit": "min"}, "1.01", 61),
    ("seconds", {"column": "3"}, "59.2", 60),
    ("amount", {"column": "4", "decimal": ","}, "1.234,5678904", 1_234_567_890),
    ("amount", {"column": "4"}, "-0.5", -500_000),
]


@pytest.mark.parametrize(("field", "form", "text", "value"), FORMS)
def test_values_as_partners_write_them(
    tmp_path: Path, field: str, form: dict[str, str], text: str, value: int
) -> None:
    """Times, durations and amounts of other forms; numbers as they are dialled become international."""
    forms: dict[str, Any] = {"started": {"column": "2", "format": "epoch"}, "seconds": {"column": "3"}}
    texts = {"started": "1", "seconds": "60", "amount": "1"}
    forms[field], texts[field] = form, text
    mapping = PartnerMapping.model_validate(
        {
            "header": "no",
            "called": {"column": "1"},
            "numbers": {"country": "49", "national_prefix": "0", "international_prefix": "00"},
            **forms,
        }
    )
    file = tmp_path / "f.csv"
    file.write_text(f'030 / 12-3,{texts["started"]},{texts["seconds"]},"{texts["amount"]}"\n')
    connection = duckdb.connect()
    assert load_partner_file(connection, file, mapping, {"outgoing": "EUR"}, tmp_path) == 1
    ((called, problem, started, seconds, amount),) = connection.execute(
        f"SELECT called, problem, started_ms, seconds, amount_micros FROM {THEIRS}"  # noqa: S608 - our name
    ).fetchall()
    assert (called, problem) == ("4930123", "")
    expected = value or at("2026-11-03 12:00:00")
    assert {"started": started, "seconds": seconds, "amount": amount}[field] == expected
