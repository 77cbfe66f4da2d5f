"""Past records under a new price list, with totals that a second way of counting agrees with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from ocs.tariffs.replay import replay_records

PRICES = Path(__file__).parents[2] / "scenarios" / "catalogues" / "tariffs.yaml"

DAILY = """\
service_contexts: { data: [32251@3gpp.org] }
grant: { default: 10 MB, maximum: 100 MB, validity_time: 1 h }
plans:
  daily:
    name: Two MB a day, then the list price
    currency: EUR
    bundles: { day: { units: 2 MB, recurs: day, for: { service: data } } }
    data: [ { rating_group: any, price: 1.00 EUR per 1 MB } ]
"""
"""A bundle that comes anew each day."""


def record(number: int, account: str, octets: int, amount: int, plan: str = "tiered") -> str:
    """A line of a record file."""
    fields: dict[str, object] = {
        "sequence": number,
        "record_id": f"gw;{number}#1",
        "account": account,
        "plan": plan,
        "service": "data",
        "apn": "internet",
        "rating_group": 10,
        "service_identifier": None,
        "opened_at": f"2026-11-{number % 9 + 10}T08:30:00.000Z",
        "closed_at": f"2026-11-{number % 9 + 10}T09:30:00.000Z",
        "used_octets": octets,
        "input_octets": octets,
        "output_octets": 0,
        "time_s": 3600,
        "specific_units": 0,
        "amount_micros": amount,
        "currency": "EUR",
        "charges": [],
    }
    return json.dumps(fields, separators=(",", ":")) + "\n"


def records(folder: Path, *lines: str) -> Path:
    """A folder with one file of records."""
    (folder / f"cdr-p0-000000000001-{len(lines):012d}.jsonl").write_text("".join(lines))
    return folder


def test_revenue_winners_and_losers(tmp_path: Path) -> None:
    """Accounts go on in their tiers from record to record; what no rule prices is told."""
    lines = [record(number, "a", 1_000_000, 500_000) for number in range(1, 9)]
    lines += [record(9, "b", 2_000_000, 5_000_000), record(10, "c", 1, 7, plan="unknown")]
    report = replay_records(load_catalogue(PRICES), records(tmp_path, *lines), 5)
    tiered = report.plans["tiered"]
    assert (tiered.records, tiered.old_micros) == (9, 9_000_000)
    assert tiered.new_micros == 5 * 1_000_000 + 3 * 100_000 + 2_000_000
    assert [(account, each.new_micros) for account, each in report.winners()] == [("b", 2_000_000), ("c", 0)]
    assert [(account, each.new_micros) for account, each in report.losers()] == [("a", 5_300_000)]
    assert report.plans["unknown"].refusals == {"no plan": 1}
    text = "\n".join(report.lines())
    assert "revenue 9.00 -> 7.30 EUR (-18.9 %)" in text
    assert "not rated any more: 1 records, no plan" in text
    assert json.loads(json.dumps(report.as_json()))["plans"]["tiered"]["accounts"] == {
        "less": 1,
        "same": 0,
        "more": 1,
    }


def test_a_record_over_a_switch_is_split(tmp_path: Path) -> None:
    """Volume between 8:30 and 9:30 is half dear, half cheap."""
    report = replay_records(
        load_catalogue(PRICES), records(tmp_path, record(1, "a", 2_000_000, 0, plan="banded")), 5
    )
    assert report.plans["banded"].new_micros == 3_000_000


def test_a_late_record_of_yesterday_does_not_bring_todays_bundle_twice(tmp_path: Path) -> None:
    """A session that began before midnight and ended after the day's first one changes no bundle."""
    (tmp_path / "prices.yaml").write_text(DAILY)
    lines = [record(number, "a", 1_000_000, 0, plan="daily") for number in (1, 2, 1, 2, 2)]
    report = replay_records(load_catalogue(tmp_path / "prices.yaml"), records(tmp_path, *lines), 5)
    assert report.plans["daily"].new_micros == 2_000_000


def test_fees_are_no_usage(tmp_path: Path) -> None:
    """Records of fees are passed over, and the numbers of lines stay right."""
    fee = record(1, "a", 0, 5_000_000).replace('"service":"data"', '"service":"fees"')
    report = replay_records(load_catalogue(PRICES), records(tmp_path, fee, record(2, "a", 1, 7)), 5)
    assert (report.plans["tiered"].records, report.plans["tiered"].old_micros) == (1, 7)
    wrong = record(2, "a", 1, 7).replace("T08:30", "T08_30")
    with pytest.raises(ConfigError, match=r"jsonl:2"):
        replay_records(load_catalogue(PRICES), records(tmp_path, fee, wrong), 5)


def test_what_is_no_record_is_named(tmp_path: Path) -> None:
    """An empty folder, and a line that is none, with its file."""
    with pytest.raises(ConfigError, match="there are no records here"):
        replay_records(load_catalogue(PRICES), tmp_path, 5)
    with pytest.raises(ConfigError, match="not a record"):
        replay_records(load_catalogue(PRICES), records(tmp_path, '{"sequence":1}\n'), 5)


def test_the_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    """Not the beginning of the part of a file in which it stands."""
    good = [record(number, "a", 1000, 1) for number in range(5)]
    with pytest.raises(ConfigError) as caught:
        replay_records(load_catalogue(PRICES), records(tmp_path, *good, "{}\n", *good), 5)
    assert [issue.line for issue in caught.value.issues] == [6]


def test_a_line_with_times_or_numbers_that_are_none_is_named(tmp_path: Path) -> None:
    """Also behind an empty line; nothing is rated wrongly, and nothing breaks."""
    good = record(1, "a", 1000, 1)
    for wrong in (
        good.replace("T08:30:00.000Z", "T08:30:60.000Z"),
        good.replace("T09:30:00.000Z", "T09:30:00.000+01:00"),
        good.replace("2026-11-11T08", "2026-02-29T08"),
        good.replace('"used_octets":1000', '"used_octets":18446744073709551616'),
        good.replace('"used_octets":1000', '"used_octets":-1'),
        good.replace('"rating_group":10', '"rating_group":1e30'),
    ):
        with pytest.raises(ConfigError, match="not a record") as caught:
            replay_records(load_catalogue(PRICES), records(tmp_path, good, "\n", wrong, good), 5)
        assert [issue.line for issue in caught.value.issues] == [3]


def test_the_line_is_found_far_into_a_file(tmp_path: Path) -> None:
    """Files are read a part at a time, and lines are counted over all parts."""
    lines = [record(number, "a", 1000, 1) for number in range(1, 1001)]
    lines[899] = lines[899].replace("T08:30:00.000Z", "half past eight")
    with pytest.raises(ConfigError, match="half past eight") as caught:
        replay_records(load_catalogue(PRICES), records(tmp_path, *lines), 5)
    assert [issue.line for issue in caught.value.issues] == [900]
