"""Trying a usage on a price list: the price, the reasoning with its places, and mistakes in what is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue
from config.issues import ConfigError
from ocs.tariffs.trial import Trial, local_text, pairs, try_usage
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
        ("service=data, volume=2 MB, at=2026-11-24", "half", "write it such as 'counters."),
        ("service=data, volume=2 MB, at=2026-11-24, network=1", "", "'1' is not a network"),
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


WRITTEN = """\
services: [voice]
time_zone: Europe/Berlin
exchange_rates: [{ from: USD, to: EUR, rate: "0.9" }]
rate_decks: { world: { file: world.csv, currency: USD, per: 60 s } }
plans:
  talk:
    name: Talk
    currency: EUR
    discounts: { less: { percent: 12.5 %, first: 30 d } }
    voice:
      - { direction: outgoing, price: 0.20 EUR per 60 s }
      - { direction: incoming, deck: world, connection_fee: 0.50 USD }
      - { direction: forwarded, access: denied }
"""


def _trial(folder: Path, usage: str, state: str = "") -> Trial:
    (folder / "p.yaml").write_text(WRITTEN)
    (folder / "world.csv").write_text(
        "prefix,destination,price,connection_fee\n1,US,0.02,\n2,Africa,0.02,1.00\n"
    )
    usage = f"service=voice, {usage}"
    known = pairs(state, "--state") if state else {}
    return try_usage(check_catalogue(folder), "talk", pairs(usage, "--usage"), known)


def test_prices_are_told_as_they_are_written(tmp_path: Path) -> None:
    """Not as fractions in lowest terms; and what is left of them after discounts."""
    usage = "direction=outgoing, duration=30 s, at=2026-11-24 12:00"
    text = "\n".join(trial_words(_trial(tmp_path, usage)))
    assert "30 seconds at 0.20 EUR per 1 min, from" in text
    state = "activated=2026-11-20"
    text = "\n".join(trial_words(_trial(tmp_path, usage, state)))
    assert "discount less: 12.5 % off where it holds" in text
    assert "30 seconds at 0.20 EUR per 1 min, here 0.175 EUR, from" in text
    usage = "direction=incoming, called=+1212, duration=60 s, at=2026-11-24 12:00"
    text = "\n".join(trial_words(_trial(tmp_path, usage, state)))
    assert "exchange rate USD to EUR: 0.9" in text
    assert "1 min at 0.02 USD per 1 min, here 0.01575 EUR, from" in text


def test_a_price_that_no_decimal_says_is_told_about(tmp_path: Path) -> None:
    """A conversion may have no end; the amount is exact all the same."""
    usage = "direction=outgoing, duration=60 s, at=2026-11-24 12:00"
    trial = _trial(tmp_path, usage)
    step = next(step for step in trial.charge.trace if step.what == "units")
    step.numbers = [
        ("price_micros", 10_000) if name == "price_micros" else (name, n) for name, n in step.numbers
    ]
    step.numbers = [("per_units", 7) if name == "per_units" else (name, n) for name, n in step.numbers]
    assert any("per 1 min, here about 0.085714 EUR" in line for line in trial_words(trial))


def test_a_usage_of_nothing_is_priced(tmp_path: Path) -> None:
    """Not even a connection fee is due."""
    trial = _trial(tmp_path, "direction=incoming, called=+2000, duration=0 s, at=2026-11-24 12:00")
    assert (trial.charge.due_micros, trial.charge.refusal) == (0, "")


@pytest.mark.parametrize(("called", "fee"), [("+1212", 450_000), ("+2000", 900_000)])
def test_a_connection_fee_beside_a_deck(tmp_path: Path, called: str, fee: int) -> None:
    """The rule's is that of rows without one; in the deck's currency, as all its amounts."""
    trial = _trial(tmp_path, f"direction=incoming, called={called}, duration=60 s, at=2026-11-24 12:00")
    assert trial.charge.due_micros == fee + 18_000


def test_a_refusal_is_told_once(tmp_path: Path) -> None:
    """It is the last step; there is no price to put first."""
    words = trial_words(_trial(tmp_path, "direction=forwarded, duration=60 s, at=2026-11-24 12:00"))
    assert words[-1].startswith("refused: the rule denies it")
    assert sum("refused" in line for line in words) == 1


def test_a_time_that_no_clock_shows_is_named(tmp_path: Path) -> None:
    """With the time that comes instead; one that comes twice is its first."""
    with pytest.raises(ConfigError, match="2026-03-29 02:30 does not exist in Europe/Berlin"):
        _trial(tmp_path, "direction=outgoing, duration=60 s, at=2026-03-29 02:30")
    trial = _trial(tmp_path, "direction=outgoing, duration=60 s, at=2026-10-25 02:30")
    assert trial.example.usage.start_ms == 1_792_888_200_000
