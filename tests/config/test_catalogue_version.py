"""The version of a catalogue: every change of what decides about a charge changes it, and nothing else does."""

from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue

CATALOGUE = """\
services: [voice, data]
time_zone: Europe/Berlin
numbering: { country: 49 }
holidays: { national: [2026-12-25] }
calendars: { week: { bands: { weekend: { days: [sat, sun, national] }, rest: otherwise } } }
destinations: { prefixes: { home: ["49"], france: ["33"] }, groups: { eu: [home, france] } }
networks: { prefixes: { abroad: ["208"] } }
exchange_rates: [{ from: USD, to: EUR, rate: "0.9", valid_from: 2026-01-01 }]
rate_decks: { d: { file: d.csv, currency: USD, per: 60 s } }
plans:
  p:
    name: x
    currency: EUR
    tax: telecom
    payment: hybrid
    credit_limit: 5.00 EUR
    counters: { minutes: { measure: seconds, period: month } }
    fees: { monthly: { amount: 9.99 EUR, every: month } }
    caps: { day: { amount: 5.00 EUR, per: day } }
    bundles: { b: { units: 60 min, for: { destination: home }, priority: 1 } }
    discounts: { happy: { percent: 50 %, calendar: week, bands: [weekend] } }
    bonuses: { friend: { when: referral, give: 5.00 EUR } }
    voice:
      - { destination: eu, direction: outgoing, calendar: week, price: {weekend: free, rest: 0.10 EUR per min}}
      - { network: abroad, tiers_of: minutes, tiers: [{up_to: 60 min, price: free}, {price: 0.20 EUR per s}] }
      - { deck: d, increment: 60/1 }
    data: [{ rating_group: any, price: 1.00 EUR per 1 GB, valid_from: 2026-02-01, cap: 1.00 EUR per usage }]
addons: { week: { name: w, currency: EUR, fee: 5.00 EUR, bundles: { mb: { units: 1 GB } }, valid_for: 7 d } }
"""
DECK = "prefix,destination,price\n1,America,0.02\n44,Britain,0.03\n"

CHANGES = [
    ("Europe/Berlin", "Europe/London"),
    ("country: 49", "country: 43"),
    ("2026-12-25", "2026-12-26"),
    ("[sat, sun, national]", "[sun, national]"),
    ('"33"', '"34"'),
    ("[home, france]", "[home]"),
    ('"208"', '"209"'),
    ('"0.9"', '"0.91"'),
    ("valid_from: 2026-01-01", "valid_from: 2025-01-01"),
    ("currency: USD", "currency: EUR"),
    ("per: 60 s", "per: 1 s"),
    ("tax: telecom", "tax: other"),
    ("payment: hybrid", "payment: postpaid"),
    ("5.00 EUR\n    counters", "6.00 EUR\n    counters"),
    ("period: month", "period: week"),
    ("9.99 EUR", "9.98 EUR"),
    ("every: month", "every: week"),
    ("per: day", "per: month"),
    ("60 min, for", "61 min, for"),
    ("{ destination: home }", "{ destination: france }"),
    ("priority: 1", "priority: 2"),
    ("50 %", "51 %"),
    ("bands: [weekend]", "bands: [rest]"),
    ("referral", "activation"),
    ("direction: outgoing", "direction: incoming"),
    ("rest: 0.10", "rest: 0.11"),
    ("up_to: 60 min", "up_to: 61 min"),
    ("price: 0.20", "price: 0.21"),
    ("60/1", "60/2"),
    ("2026-02-01", "2026-02-02"),
    ("1.00 EUR per usage", "1.01 EUR per usage"),
    ("fee: 5.00", "fee: 5.01"),
    ("units: 1 GB", "units: 2 GB"),
    ("valid_for: 7 d", "valid_for: 8 d"),
]


def version(folder: Path, text: str, deck: str = DECK) -> str:
    """The version of a catalogue and its deck."""
    (folder / "d.csv").write_text(deck)
    (folder / "c.yaml").write_text(text)
    checked = check_catalogue(folder)
    assert checked.catalogue is not None, [str(issue) for issue in checked.issues]
    return checked.catalogue.version


@pytest.mark.parametrize(("old", "new"), CHANGES, ids=[new for _, new in CHANGES])
def test_change_of_meaning_changes_the_version(tmp_path: Path, old: str, new: str) -> None:
    """Whatever may change a charge is in the version."""
    assert old in CATALOGUE
    assert version(tmp_path, CATALOGUE) != version(tmp_path, CATALOGUE.replace(old, new, 1))


@pytest.mark.parametrize(
    "deck",
    [
        DECK.replace("0.03", "0.04"),
        DECK.replace("44,", "45,"),
        DECK + "7,Russia,0.05\n",
        DECK.replace("Britain", "England"),
        "prefix,destination,price,connection_fee\n1,America,0.02,\n44,Britain,0.03,0.01\n",
    ],
)
def test_change_of_a_deck_changes_the_version(tmp_path: Path, deck: str) -> None:
    """Prices, prefixes, names and fees of a deck are in the version."""
    assert version(tmp_path, CATALOGUE) != version(tmp_path, CATALOGUE, deck)


def test_spelling_order_and_examples_are_not_in_the_version(tmp_path: Path) -> None:
    """Another order of rows and rules, other spelling, comments and examples leave the version as it is."""
    text = CATALOGUE.replace("0.10 EUR per min", "0.10 EUR per 60 s").replace("60/1", "60/1 ")
    text += (
        "# a comment\nexamples:\n  - name: e\n    plan: p\n    costs: 0 EUR\n"
        "    usage: {service: voice, called: '49', direction: outgoing, duration: 1 s, at: 2026-11-28 12:00}\n"
    )
    deck = "price,prefix,destination\n0.030,+44,Britain\n\n0.02,1,America\n"
    assert version(tmp_path, CATALOGUE) == version(tmp_path, text, deck)
