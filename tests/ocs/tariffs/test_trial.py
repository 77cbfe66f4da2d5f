"""Trying a usage on a price list: the price, the reasoning with its places, and mistakes in what is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue
from config.issues import ConfigError
from ocs.tariffs.trial import local_text, pairs, try_usage
from ocs.tariffs.words import trial_json, trial_words

PRICES = Path(__file__).parents[2] / "scenarios" / "catalogues" / "tariffs.yaml"
CHECKED = check_catalogue(PRICES)


def test_a_price_names_the_line_of_each_rule() -> None:
    """The sum first, then every step with file and line; a switch of price is split where it is."""
    usage = pairs("service=data, volume=3 MB, at=2026-11-24 08:30, until=2026-11-24 09:30", "--usage")
    trial = try_usage(CHECKED, "banded", usage, {})
    words = trial_words(trial)
    assert words[0] == "total 4.50 EUR"
    text = "\n".join(words)
    assert "1500 kB at 2.00 EUR per 1 MB, band peak, from 2026-11-24 08:30: 3.00 EUR   [tariffs.yaml:" in text
    assert "band off-peak, from 2026-11-24 09:00: 1.50 EUR" in text
    shown = trial_json(trial)
    assert (shown["amount_micros"], shown["rule"]) == (4_500_000, "banded/data-any")


def test_a_state_is_where_the_usage_begins() -> None:
    """Counters and buckets are told as in an example."""
    usage = pairs("service=data, volume=2 MB, at=2026-11-24 12:00", "--usage")
    dear = try_usage(CHECKED, "tiered", usage, pairs("counters.volume=4 MB", "--state"))
    assert dear.charge.due_micros == 1_100_000
    cheap = try_usage(CHECKED, "tiered", usage, pairs("counters.volume=9 MB", "--state"))
    assert cheap.charge.due_micros == 200_000


@pytest.mark.parametrize(
    ("usage", "state", "words"),
    [
        ("service", "", "'service' is not NAME=VALUE"),
        ("service=data, service=data", "", "'service' is here twice"),
        ("service=data, volum=2 MB, at=2026-11-24 12:00", "", "unknown key 'volum'"),
        ("service=data, volume=2 miles, at=2026-11-24 12:00", "", "'miles' is not a unit"),
        ("service=data, volume=2 MB, at=yesterday", "", "--at: T104 'yesterday' is not a date"),
        ("service=data, volume=-2 MB, at=2026-11-24", "", "--usage: T104 '-2 MB' is not a quantity"),
        ("service=dat, volume=2 MB, at=2026-11-24", "", "--usage: T201 there is no service 'dat'"),
        ("service=data, volume=2 MB, at=2026-11-24", "buckets=half", "--state: T103 a mapping"),
        ("service=data, volume=2 MB, at=2026-11-24 12:00", "counters.minutes=4", "the plan has no 'minutes'"),
    ],
)
def test_mistakes_are_named(usage: str, state: str, words: str) -> None:
    """What can not be read is said in words, with where it was written."""
    with pytest.raises(ConfigError) as caught:
        try_usage(CHECKED, "tiered", pairs(usage, "--usage"), pairs(state, "--state") if state else {})
    assert words in str(caught.value)


def test_an_unknown_plan_is_named() -> None:
    """With the nearest one."""
    with pytest.raises(ConfigError, match="did you mean 'tiered'"):
        try_usage(CHECKED, "tierd", pairs("service=data, volume=2 MB, at=2026-11-24", "--usage"), {})


def test_now_is_local_time() -> None:
    """A usage begins now where nothing else is said."""
    assert local_text(CHECKED, 1_800_000_000_000) == "2027-01-15 08:00"
