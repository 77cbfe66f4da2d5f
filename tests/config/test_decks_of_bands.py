"""A deck for each band of a calendar in a catalogue: its words, its version, its mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.catalogue_file import CheckedCatalogue, check_catalogue
from config.rule_words import price_words
from config.tariff_version import fields_of
from rating.rule import Rule
from rating.tariff import Tariff

TEXT = """\
services: [voice]
rate_decks:
  d: { file: d.csv, currency: EUR, per: 60 s }
  n: { file: n.csv, currency: EUR, per: 60 s }
  dollars: { file: n.csv, currency: USD, per: 60 s }
  octets: { file: n.csv, currency: EUR, per: 1 MB }
calendars: { hours: { bands: { night: { hours: 20:00-08:00 }, day: otherwise } } }
plans:
  p: { name: x, currency: EUR, voice: [RULE] }
examples:
  - name: over the switch
    plan: p
    usage: { service: voice, called: '49', duration: 90 s, at: 2026-11-24 19:59 }
    costs: COSTS
"""


def checked(folder: Path, rule: str, costs: str = "0.11 EUR") -> CheckedCatalogue:
    """A catalogue of one rule; a minute is 0.10 EUR by day and 0.02 EUR at night."""
    (folder / "d.csv").write_text("prefix,destination,price\n49,Germany,0.10\n")
    (folder / "n.csv").write_text("prefix,destination,price\n4,Europe,0.02\n")
    (folder / "c.yaml").write_text(TEXT.replace("RULE", rule).replace("COSTS", costs))
    return check_catalogue(folder)


def rule_of(found: CheckedCatalogue) -> Rule:
    """The one rule."""
    assert found.catalogue is not None, [str(issue) for issue in found.issues]
    (rules,) = found.catalogue.plans["p"].rules.values()
    (rule,) = rules.values()
    return rule


def tariff_of(found: CheckedCatalogue) -> Tariff:
    """The tariff of the one rule."""
    rule = rule_of(found)
    assert rule.tariff is not None
    return rule.tariff


def test_each_second_costs_what_the_deck_of_its_band_says(tmp_path: Path) -> None:
    """A minute by day and half of one at night; the words of the rule name both decks."""
    found = checked(tmp_path, "{ calendar: hours, deck: { day: d, night: n } }")
    assert price_words(rule_of(found), "EUR") == "night as in deck n, day as in deck d"


def test_which_deck_is_whose_is_in_the_version(tmp_path: Path) -> None:
    """The same decks the other way round are another catalogue; one deck for all has none of bands there."""
    one = tariff_of(checked(tmp_path, "{ calendar: hours, deck: { day: d, night: n } }"))
    other = tariff_of(checked(tmp_path, "{ calendar: hours, deck: { day: n, night: d } }", "0.07 EUR"))
    assert fields_of(one)["band_decks"] == ["n", "d"]
    assert fields_of(other)["band_decks"] == ["d", "n"]
    single = fields_of(tariff_of(checked(tmp_path, "{ deck: d }", "0.15 EUR")))
    assert "band_decks" not in single


def test_a_reload_takes_the_changed_deck_of_any_band(tmp_path: Path) -> None:
    """Nothing changed but the rows of one band's deck, and the plan is not that of before."""
    rule = "{ calendar: hours, deck: { night: n, day: d } }"
    before = checked(tmp_path, rule)
    (tmp_path / "d.csv").write_text("prefix,destination,price\n49,Germany,0.16\n")
    (tmp_path / "c.yaml").write_text(TEXT.replace("RULE", rule).replace("COSTS", "0.17 EUR"))
    after = check_catalogue(tmp_path, before.kept)
    assert [str(issue) for issue in after.issues if issue.severity == "error"] == []
    rates = [deck.price_for(b"49", 0) for deck in tariff_of(after).band_decks]
    assert [row.rate.price_micros for row in rates if row is not None] == [20_000, 160_000]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{ calendar: hours, deck: { day: d } }", ["T101 { day"]),
        ("{ calendar: hours, deck: {} }", ["T101 {"]),
        ("{ deck: { day: d, night: n } }", ["T101 { day"]),
        ("{ calendar: hours, deck: d }", ["T108 hours"]),
        ("{ calendar: hours, deck: { day: d, night: dollars } }", ["T109 { day"]),
        ("{ calendar: hours, deck: { day: d, night: octets } }", ["T109 { day"]),
        ("{ calendar: hours, deck: { day: d, nite: n } }", ["T101 { day", "T201 n"]),
        ("{ calendar: hours, deck: { day: d, night: [n] } }", ["T104 [n]"]),
        ("{ calendar: hours, deck: { day: d, night: { x: n } } }", ["T104 { x"]),
        ("{ calendar: hours, deck: [d, n] }", ["T104 [d", "T108 hours"]),
        ("{ calendar: never, deck: { day: d, night: n } }", ["T201 never"]),
        ("{ calendar: hours, deck: { day: d, night: nn } }", ["T201 nn"]),
        ("{ calendar: hours, deck: { day: d, night: n }, price: free }", ["T108 { calendar"]),
    ],
)
def test_mistakes(tmp_path: Path, rule: str, expected: list[str]) -> None:
    """Each is told once, at its place."""
    found = [issue for issue in checked(tmp_path, rule).issues if issue.severity == "error"]
    lines = (tmp_path / "c.yaml").read_text().splitlines()
    told = [
        f"{issue.code} {re.split(r'[,}:]', lines[issue.line - 1][issue.column - 1 :])[0].strip()}"
        for issue in found
    ]
    assert sorted(told) == expected
