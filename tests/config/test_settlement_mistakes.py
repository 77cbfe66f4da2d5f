"""Wrong agreements: each mistake has its words and its place, and all are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.issues import ConfigError
from config.settlement_file import load_agreements

HEAD = """\
partner: p
operator: { name: We }
party: { name: They }
currency: EUR
time_zone: Europe/Berlin
valid_from: 2026-01-01
calendars: { day: { bands: { peak: { hours: "08:00-20:00" }, off-peak: otherwise } } }
"""
DECK = "prefix,destination,price\n49,Germany,0.01\n"


def told(folder: Path, **files: str) -> list[str]:
    """What is told of files: names end in .yaml, or are those of decks."""
    for name, text in files.items():
        (folder / (name if "." in name else f"{name}.yaml")).write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_agreements(folder)
    return [str(issue).replace(f"{folder}/", "").partition("\n")[0] for issue in refused.value.issues]


RATES = [
    ("{ price: 1 EUR per 60 s, deck: d.csv }", "9:28: T108 the rate has a deck and a price"),
    ("{ service: voice }", "9:28: T108 the rate has neither a deck nor a price"),
    ("{ prise: 1 EUR per 60 s }", "9:30: T102 unknown key 'prise'"),
    ("{ price: 1 USD per 60 s }", "9:37: T109 a price in USD, but incoming is in EUR"),
    ("{ price: 1 EUR per 60 s, connection_fee: 1 USD }", "9:69: T109 a fee in USD, but incoming is in EUR"),
    (
        "{ price: 1 EUR per 60 s, increment: 1 MB }",
        "9:64: T109 an increment in octets, but the price counts seconds",
    ),
    ("{ price: 1 EUR per 60 s, calendar: night }", "9:63: T201 there is no calendar 'night'"),
    ("{ price: { peak: free }, calendar: day }", "9:37: T906 band 'off-peak' has no price"),
    (
        "{ price: { peak: free, noon: free, off-peak: free }, calendar: day }",
        "9:57: T201 there is no band 'noon'",
    ),
    ("{ price: 1 EUR per 60 s, prefixes: [49x] }", "9:63: T104 '49x' is not the beginning of a number"),
    ("{ price: 1 EUR per 60 s, tiers: [ { discount: 5 % }, {} ] }", "9:62: T108 'up_to' is missing"),
    ("{ price: 1 EUR per 60 s, tiers: [ { up_to: 9 min } ] }", "9:62: T108 'up_to' is in the last tier"),
    (
        "{ price: 1 EUR per 60 s, tiers: [ { up_to: 9 min }, { up_to: 9 min }, {} ] }",
        "9:89: T108 the tier before it goes as far",
    ),
    (
        "{ price: 1 EUR per 60 s, tiers: [ { up_to: 9 min }, { price: free, discount: 5 % } ] }",
        "9:80: T108 the tier has a price and a discount",
    ),
    ("{ price: 1 EUR per 60 s, valid_from: 2026-02-01, valid_until: 2026-02-01 }", "9:90: T402 valid_until"),
    ("{ deck: ../d.csv }", "9:36: T104 '../d.csv' leads out of the folder"),
    ("{ deck: none.csv }", "9:36: T001 none.csv can not be read"),
    ("{ deck: d.csv, prefixes: [49] }", "9:53: T108 'prefixes' has no meaning here"),
    (
        "{ deck: d.csv, tiers: [ { up_to: 9 min, price: free }, {} ] }",
        "9:75: T108 the prices are those of the deck",
    ),
]


@pytest.mark.parametrize(("rate", "words"), RATES)
def test_mistake_in_a_rate(tmp_path: Path, rate: str, words: str) -> None:
    """A wrong rate is told with line and column, and that is all that is told."""
    text = f"{HEAD}incoming:\n  {{ trunks: [T1], rates: [ {rate} ] }}\n"
    found = told(tmp_path, **{"p": text, "d.csv": DECK})
    assert len(found) == 1
    assert found[0].startswith(f"p.yaml:{words}")


DECKS = [
    ("prefix,destination\n49,Germany\n", "1: T501 column 'price' is missing"),
    ("prefix,destination,price,colour\n49,Germany,1,red\n", "1:26: T501 unknown column 'colour'"),
    ("prefix,destination,price,price\n49,Germany,1,1\n", "1:26: T501 column 'price' is here twice"),
    ("prefix,destination,price\n4x,Germany,1\n", "2:1: T502 '4x' is not the beginning of a number"),
    ("prefix,destination,price\n49,,1\n", "2:4: T502 the destination has no name"),
    ('prefix,destination,price\n49,"Germany, all","1,5"\n', "2:19: T502 '1,5' is not a decimal amount"),
    ("prefix,destination,price\n49,Germany,-1\n", "2:12: T502 -1 is below zero"),
    ("prefix,destination,price\n49,Germany\n", "2: T502 2 fields, the header has 3"),
    ("prefix,destination,price,increment\n49,Germany,1,60/0\n", "2:14: T502 '60/0' counts in steps of nothing"),
    ("prefix,destination,price,minimum\n49,Germany,1,-5\n", "2:14: T502 '-5' is not a number of units"),
    (
        "prefix,destination,price,valid_from,valid_until\n49,Germany,1,2026-03-01,2026-02-01\n",
        "2:25: T402 valid_until is not after valid_from",
    ),
    (
        "prefix,destination,price\n49,Germany,1\n48,Poland,1\n49,Germany,2\n",
        "4:1: T503 prefix 49 is in d.csv:2 already, for the same time",
    ),
    ("prefix,destination,price\n", "1: T502 the deck has no rows"),
    ('prefix,destination,price\n49,"Germany,1\n', "2: T501 not CSV"),
]


@pytest.mark.parametrize(("deck", "words"), DECKS)
def test_mistake_in_a_deck(tmp_path: Path, deck: str, words: str) -> None:
    """A wrong cell is told with line and column, in the deck."""
    text = f"{HEAD}incoming:\n  {{ trunks: [T1], rates: [ {{ deck: d.csv }} ] }}\n"
    found = told(tmp_path, **{"p": text, "d.csv": deck})
    assert len(found) == 1
    assert found[0].startswith(f"d.csv:{words}")


def test_prices_by_band_of_a_deck(tmp_path: Path) -> None:
    """A deck of a rate with a calendar has a price for each band, or one."""
    text = f"{HEAD}incoming:\n  {{ trunks: [T1], rates: [ {{ deck: d.csv, calendar: day }} ] }}\n"
    deck = "prefix,destination,price.peak,price.noon\n49,Germany,1,2\n"
    assert told(tmp_path, **{"p": text, "d.csv": deck}) == [
        "d.csv:1: T501 column 'price.off-peak' is missing",
        "d.csv:1:31: T501 unknown column 'price.noon'",
    ]
    (tmp_path / "d.csv").write_text(DECK)
    terms = load_agreements(tmp_path)["p"].versions[0].directions["incoming"].services["voice"]
    term = terms.term_for(b"4930", 1_790_000_000_000)
    assert term is not None
    assert term.rule.tariff is not None
    assert [rate.price_micros for rate in term.rule.tariff.tiers[0].rates] == [10_000, 10_000]


AGREEMENTS = [
    ("time_zone: Europe/Berlin", "time_zone: Europe/Berlim", "5:12: T204 'Europe/Berlim' is not a time zone"),
    ("currency: EUR", "currency: EURO", "4:11: T104 'EURO' is not a currency code"),
    ("party: { name: They }\n", "", "1:1: T101 'party' is missing"),
    ("party: { name: They }", "party: { nome: They }", "3:10: T102 unknown key 'nome'"),
    ("valid_from: 2026-01-01", "valid_from: 2026-02-30", "6:13: T104 '2026-02-30' is not a date"),
    ("partner: p", "partner: p\npayment_terms: 30 h", "2:16: T104 '30 h' is not a number of days"),
    ("partner: p", "partner: p\nincoming: x", "2:11: T103 a mapping"),
    (
        "partner: p",
        "partner: p\nexchange_rates: [ { from: USD, to: EUR, rate: 0, valid_from: 2026-01-01 } ]",
        "2:47: T104 '0' is not an exchange rate",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "words"), AGREEMENTS)
def test_mistake_in_the_head(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    """What stands above the prices is told by its place too."""
    text = f"{HEAD}outgoing:\n  {{ trunks: [T1], rates: [ {{ price: 1 EUR per 60 s }} ] }}\n"
    assert right in text
    found = told(tmp_path, p=text.replace(right, wrong, 1))
    assert [one for one in found if one.startswith(f"p.yaml:{words}")], found


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """One run shows what is wrong in both agreements and in a deck."""
    one = f"{HEAD}incoming:\n  {{ trunks: [T1], rates: [ {{ deck: d.csv }}, {{ price: 1 }} ] }}\n"
    two = f"{HEAD}outgoing:\n  trunks: T1\n".replace("partner: p", "partner: q")
    found = told(tmp_path, **{"one": one, "two": two, "d.csv": "prefix,destination,price\nx,,\n"})
    places = [text.partition(" ")[0] for text in found]
    assert places == ["d.csv:2:1:", "d.csv:2:3:", "d.csv:2:4:", "one.yaml:9:54:", "two.yaml:8:1:"]


def test_versions_do_not_overlap(tmp_path: Path) -> None:
    """Two files of a partner are versions: one after the other, in one time zone."""
    rates = "outgoing:\n  { trunks: [T1], rates: [ { price: 1 EUR per 60 s } ] }\n"
    first = f"{HEAD}{rates}"
    second = first.replace("valid_from: 2026-01-01", "valid_from: 2026-07-01").replace("Berlin", "Vienna")
    assert told(tmp_path, a=first, b=second) == [
        "b.yaml:5:12: T108 a.yaml counts months in Europe/Berlin",
        "b.yaml:6:13: T107 a.yaml holds at the same time",
    ]
    (tmp_path / "a.yaml").write_text(first.replace("2026-01-01", "2026-01-01\nvalid_until: 2026-07-01"))
    (tmp_path / "b.yaml").write_text(second.replace("Vienna", "Berlin"))
    versions = load_agreements(tmp_path)["p"].versions
    assert versions[0].valid_until_ms == versions[1].valid_from_ms


def test_the_hash_is_that_of_all_files(tmp_path: Path) -> None:
    """Another octet in a deck makes another version; the name of the folder does not matter."""
    text = f"{HEAD}incoming:\n  {{ trunks: [T1], rates: [ {{ deck: d.csv }} ] }}\n"
    hashes = []
    for name, deck in (("a", DECK), ("b", DECK), ("c", DECK.replace("0.01", "0.02"))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "p.yaml").write_text(text)
        (folder / "d.csv").write_text(deck)
        hashes.append(load_agreements(folder)["p"].version)
    assert hashes[0] == hashes[1] != hashes[2]
