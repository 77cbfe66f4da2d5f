"""Mappings of usage files: what is refused, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.issues import ConfigError
from config.usage_mapping import load_usage_mapping

EXAMPLES = Path(__file__).parents[2] / "config" / "examples" / "mappings"
GOOD = """\
unique: [ID]
started: { column: START }
seconds: { column: DURATION }
service: voice
msisdn: { column: A }
"""


@pytest.mark.parametrize("name", ["voice", "sms", "data", "trunk"])
def test_examples_are_right(name: str) -> None:
    """Every example is read without an issue."""
    load_usage_mapping(EXAMPLES / f"{name}.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("voice", "{ colum: S }"), "m.yaml:4:1: unknown key 'colum'"),
        (GOOD + "delimiter: ab\n", "m.yaml:6:12: 'ab' is not a delimiter"),
        (GOOD + "header: maybe\n", "m.yaml:6:9: 'maybe' is neither yes nor no"),
        (GOOD + "encoding: utf-16\n", "m.yaml:6:11: 'utf-16' is not an encoding we read"),
        (GOOD + "encoding: latin-99\n", "m.yaml:6:11: 'latin-99' is not an encoding we read"),
        (
            GOOD.replace("START }", 'START, format: "%H:%M" }'),
            "m.yaml:2:35: '%H:%M' does not tell day and time",
        ),
        (GOOD.replace("START }", "START, time_zone: Berlin }"), "m.yaml:2:38: 'Berlin' is not a time zone"),
        (GOOD.replace("DURATION }", "DURATION, unit: h }"), "m.yaml:3:36: 'h' is not one of"),
        (GOOD + "octets: { column: B, unit: s }\n", "m.yaml:6:28: 's' is not a unit of volume"),
        (GOOD + "units: some\n", "m.yaml:6:1: 'some' is neither a column nor a whole number"),
        (GOOD + "direction: out\n", "m.yaml:6:12: 'out' is no direction"),
        (GOOD + "header: no\n", "m.yaml:1:10: 'ID' is no number of a column, and the file has no header"),
        (GOOD + "payment: settlement\n", "m.yaml:1:1: 'partner' is missing"),
        (GOOD.replace("msisdn: { column: A }\n", ""), "m.yaml:1:1: 'msisdn' is missing"),
        (GOOD.replace("seconds: { column: DURATION }\n", ""), "m.yaml:1:1: nothing says how much was used"),
        (GOOD.replace("unique: [ID]\n", ""), "m.yaml:1:1: 'unique' is missing"),
        (GOOD + "duplicate_days: 500\n", "m.yaml:6:17: '500' is not a number of days up to 400"),
        (
            GOOD.replace("msisdn: { column: A }", "msisdn: { by: TYPE }"),
            "m.yaml:5:9: nothing says which columns 'TYPE' chooses from",
        ),
        (GOOD.replace("{ column: A }", "{ by: T, colums: { X: A } }"), "m.yaml:5:1: unknown key 'colums'"),
        (
            GOOD.replace("{ column: A }", "{ by: T, columns: { X: '1' } }") + "header: no\n",
            "m.yaml:5:15: 'T' is no number of a column, and the file has no header",
        ),
        (GOOD + "numbers: { country: DE }\n", "m.yaml:6:21: 'DE' is not the beginning of a number"),
    ],
)
def test_mistakes_have_a_place(tmp_path: Path, text: str, said: str) -> None:
    """Each mistake is told with file, line and column."""
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_usage_mapping(tmp_path / "m.yaml")
    told = [f"{issue.place}: {issue.message}".removeprefix(f"{tmp_path}/") for issue in refused.value.issues]
    assert any(one.startswith(said) for one in told), told


def test_the_shortest_mapping(tmp_path: Path) -> None:
    """What is not said is as usual: commas, a header, UTF-8, a week of duplicates."""
    (tmp_path / "m.yaml").write_text(GOOD)
    mapping = load_usage_mapping(tmp_path / "m.yaml")
    assert (mapping.delimiter, mapping.header, mapping.encoding, mapping.duplicate_days) == (
        ",",
        True,
        "utf-8",
        7,
    )
    assert mapping.payment == "postpaid"


def test_a_column_is_chosen_by_another(tmp_path: Path) -> None:
    """Each column that may be chosen, and the one that chooses, is among those that are read."""
    chosen = "{ by: TYPE, columns: { MTC: B, MOC: A }, otherwise: A }"
    (tmp_path / "m.yaml").write_text(GOOD.replace("{ column: A }", chosen))
    columns = dict(load_usage_mapping(tmp_path / "m.yaml").columns())
    assert {place: columns[place] for place in columns if place[0] == "msisdn"} == {
        ("msisdn", "by"): "TYPE",
        ("msisdn", "columns", "MTC"): "B",
        ("msisdn", "columns", "MOC"): "A",
        ("msisdn", "otherwise"): "A",
    }
