"""The month that the demonstration makes up: the same each time, within subscriptions, in the files' forms."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from config.settings_schema import EXAMPLE_OPERATOR
from config.usage_mapping import load_usage_mapping
from ocs.customers.customer import Subscription
from ocs.demo.billing.usage_files import write_usage
from ocs.demo.billing.usage_month import DAY_MS, usage_month

BEGIN = 1_793_491_200_000
"""2026-11-01 00:00 UTC."""
END = BEGIN + 30 * DAY_MS
MAPPINGS = EXAMPLE_OPERATOR.parent / "mappings"


def subscription(number: int, from_ms: int = BEGIN, to_ms: int | None = None) -> Subscription:
    """A subscription."""
    msisdn = str(447700200000 + number)
    return Subscription(msisdn, from_ms, to_ms, "a", msisdn, "", "contract-small", "", "")


def test_a_month_is_the_same_each_time() -> None:
    """And what one uses does not depend on who else is there."""
    both = usage_month([subscription(1), subscription(2)], BEGIN, END, 7)
    assert both == usage_month([subscription(2), subscription(1)], BEGIN, END, 7)
    alone = usage_month([subscription(1)], BEGIN, END, 7)
    assert alone.calls == [call for call in both.calls if call.msisdn == subscription(1).msisdn]
    assert both != usage_month([subscription(1), subscription(2)], BEGIN, END, 8)


def test_usage_is_within_its_subscription() -> None:
    """Nobody calls before joining or after leaving."""
    begin, end = BEGIN + 5 * DAY_MS, BEGIN + 9 * DAY_MS
    month = usage_month([subscription(1, begin, end)], BEGIN, END, 7)
    assert month.calls
    assert all(
        begin <= call.started_ms and call.started_ms + call.seconds * 1000 <= end for call in month.calls
    )
    assert all(begin <= message.at_ms < end for message in month.messages)
    assert all(begin <= use.started_ms <= use.ended_ms < end for use in month.data)
    assert usage_month([subscription(1, END)], BEGIN, END, 7).calls == []


def test_files_have_the_columns_that_the_mappings_name(tmp_path: Path) -> None:
    """Each with as many lines as it says, and what stands on trunks is among the calls."""
    month = usage_month([subscription(number) for number in range(40)], BEGIN, END, 7)
    files = {file.mapping: file for file in write_usage(tmp_path, month)}
    for name in ("voice", "data", "trunk"):
        mapping = load_usage_mapping(MAPPINGS / f"{name}.yaml")
        lines = files[name].path.read_text().splitlines()
        header = lines[0].split(mapping.delimiter)
        assert {column for _, column in mapping.columns()} <= set(header)
        assert all(line.count(mapping.delimiter) == len(header) - 1 for line in lines)
    calls = [line.split(",") for line in files["voice"].path.read_text().splitlines()[1:]]
    ours = {number: f"00{number}" for number in (subscription(each).msisdn for each in range(40))}.values()
    known = [line for line in calls if line[4] in ours or line[5] in ours]
    assert {line[6] for line in known} == {"MOC", "MTC"}
    assert all(line[5 if line[6] == "MTC" else 4] in ours for line in known)
    assert len(files["sms"].path.read_text().splitlines()) == files["sms"].records == len(month.messages)
    trunks = files["trunk"].path.read_text().splitlines()[1:]
    assert len(trunks) == files["trunk"].records > 100
    assert {line.split(";")[1] for line in trunks} == {"NT-IN-1", "NT-IN-2", "NT-OUT-1", "PV-IN", "PV-OUT"}
    assert all(one <= other for one, other in pairwise(month.calls))
