"""Lines of results, and the page that is made of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.machine import ROOT
from bench.page import PAGE, latest, render
from bench.results import Circumstances, Measurement, append, from_line, read_all, to_line
from bench.scale import CURVES

WHERE = Circumstances(
    "2026-01-02T03:04:05Z",
    "abc1234567",
    True,
    {"cpu": "a chip", "cores": "2", "memory_gib": "24", "kernel": "6.1", "system": "Linux"},
    {"python": "3.11.7"},
)
POINT = Measurement(
    "scale",
    "processes",
    "python -m bench.scale processes",
    {"processes": 2, "seconds": 4},
    {"answers_per_s": 12345, "server_cpu_us": 9.5},
    WHERE,
)


def test_a_line_comes_back_as_it_was() -> None:
    """A measurement survives its line of JSON, which is one line."""
    line = to_line(POINT)
    assert "\n" not in line
    assert from_line(line) == POINT


def test_results_are_appended_with_their_circumstances(tmp_path: Path) -> None:
    """Appending twice keeps both, with machine, commit and versions; reading gives them in order."""
    append([POINT], tmp_path)
    append([replace(POINT, case="rules")], tmp_path)
    found = read_all(tmp_path)

    assert [each.case for each in found] == ["processes", "rules"]
    assert all(each.circumstances and each.circumstances.versions["python"] for each in found)
    assert all(each.circumstances and each.circumstances.commit for each in found)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    """File and line number of what is no measurement are in the error."""
    (tmp_path / "2026-01.jsonl").write_text(to_line(POINT) + "\n{}\n")
    with pytest.raises(ValueError, match=r"2026-01\.jsonl:2"):
        read_all(tmp_path)


def test_the_newest_of_each_case_is_shown() -> None:
    """A case measured again with the same parameters replaces the old one; other parameters stand beside it."""
    newer = replace(POINT, figures={"answers_per_s": 99999, "server_cpu_us": 8.0})
    other = replace(POINT, parameters={"processes": 1, "seconds": 4})

    assert latest([POINT, other, newer]) == [other, newer]
    page = render([POINT, other, newer])
    assert "99,999" in page
    assert "1 server processes" in page
    assert "2 server processes" in page


def test_every_bench_has_a_heading_of_its_own() -> None:
    """Whatever saves figures is on the page, each case with the parameters that the others have not."""
    replay = Measurement("replay", "data", "python -m bench.replay", {"records": 9, "from": "files"}, {}, WHERE)
    found = [
        POINT,
        Measurement("rating", "call", "python -m bench.rating", {"calls": 7}, {"cpu_us": 0.5}, WHERE),
        replace(replay, figures={"records_per_s": 1_234_567}),
        replace(replay, parameters={"records": 9, "from": "lake"}, figures={"records_per_s": 2}),
        Measurement("other_things", "a", "python -m bench.rating", {}, {"new_figures": 4_321}, WHERE),
    ]
    page = render(found)
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings[-4:] == [
        "## Processes",
        "## Pricing a usage",
        "## Past records under another price list",
        "## Other things",
    ]
    assert "| call | 0.5 |" in page
    assert "| data, from files | 1,234,567 |" in page
    assert "| data, from lake | 2 |" in page
    assert "All of them: records 9." in page
    assert "| | new figures |" in page
    assert "| a | 4,321 |" in page


def test_an_empty_page_says_so() -> None:
    """Without results the page explains itself and has no table."""
    assert "Nothing was measured yet" in render([])


def test_the_page_is_current() -> None:
    """docs/performance.md is what the committed results give."""
    assert PAGE.read_text(encoding="utf-8") == render(read_all()), "python -m bench.page"


def test_every_line_names_a_command_that_exists() -> None:
    """Each measurement says how to measure it again, with a module of this repository and a curve it knows."""
    for each in read_all():
        words = each.command.split()
        assert words[:2] == ["python", "-m"]
        module = ROOT / words[2].replace(".", "/")
        assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), each.command
        if words[2] == "bench.scale":
            assert set(words[3:]) <= set(CURVES)
