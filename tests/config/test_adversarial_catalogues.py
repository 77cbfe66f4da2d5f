"""Catalogues made to hurt: clear errors, in bounded time, and never a crash."""

import os
import time
from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue

HEAD = "services: [voice, data]\n"
MOST_CPU_S = 10
"""Far more than any case takes on a busy machine, far less than what grows with a square."""


def _plan(rules: str) -> str:
    return f"{HEAD}plans: {{p: {{name: x, currency: EUR, voice: [{rules}]}}}}\n"


def _repeated(rule: str, times: int) -> str:
    return _plan(",".join(rule.replace("#", str(number)) for number in range(times)))


CASES = {
    "deep flow": ("a: " + "[" * 300_000, "T006"),
    "deep block": ("".join(" " * depth + "a:\n" for depth in range(500)), "T006"),
    "billion laughs": (
        "a: &a [x,x]\n" + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)),
        "T004",
    ),
    "too many values": ("a: [" + "x," * 1_000_001 + "]", "T007"),
    "huge number": (_plan("{price: " + "9" * 1_000_000 + " EUR per 60 s}"), "T104"),
    "huge increment": (_plan("{price: 1 EUR per 60 s, increment: " + "9" * 500 + " s}"), "T104"),
    "exponent": (_plan("{price: 1e400 EUR per 60 s}"), "T104"),
    "zero increment": (_plan("{price: 1 EUR per 60 s, increment: 0 s}"), "T104"),
    "nothing per unit": (_plan("{price: 1 EUR per 0 s}"), "T104"),
    "norway": (f"{HEAD}plans: {{NO: {{name: NO, currency: NO, voice: [{{price: free}}]}}}}\n", "T104"),
    "half past six": (_plan("{price: 18:30}"), "T104"),
    "leading zeros": (
        HEAD + "destinations: {prefixes: {norway: [0047]}}\n" + _plan("{price: free}")[len(HEAD) :],
        "T104",
    ),
    "duplicate keys": (_plan("{price: free, price: 1 EUR per 60 s}"), "T005"),
    "NUL": (_plan("{price: free}") + "\0", "T002"),
    "many wrong rules": (_repeated("{price: cheap, called: '#'}", 20_000), "T104"),
    "many equal rules": (_repeated("{price: free}", 20_000), "T401"),
    "many unknown keys": (
        _plan("{price: free}").replace("name: x", ", ".join(f"k{n}: 1" for n in range(20_000))),
        "T102",
    ),
    "many discounts": (
        _plan("{price: 1 EUR per 60 s}").replace(
            "currency: EUR",
            "currency: EUR, discounts: {" + ", ".join(f"d{n}: {{percent: 1 %}}" for n in range(5000)) + "}",
        ),
        "T007",
    ),
    "groups of groups": (
        HEAD + "destinations: {prefixes: {z: ['49']}, groups: {"
        + ", ".join(f"g{n}: [g{n + 1}]" for n in range(3000)) + ", g3000: [z]}}\n"
        + _plan("{destination: g0, price: free}")[len(HEAD) :],
        "T006",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_bounded_time(tmp_path: Path, name: str) -> None:
    """Each is an error with its number, and the number of issues stays bounded too."""
    text, code = CASES[name]
    (tmp_path / "c.yaml").write_text(text)
    before = time.process_time()
    checked = check_catalogue(tmp_path)
    assert time.process_time() - before < MOST_CPU_S
    assert checked.catalogue is None
    assert code in {issue.code for issue in checked.issues if issue.severity == "error"}
    assert len(checked.issues) <= 1200
    assert all(len(str(issue)) < 2000 for issue in checked.issues)


def test_groups_that_fan_out_are_found_once(tmp_path: Path) -> None:
    """Sixty groups that each name the next twice are sixty steps, not two to the sixtieth."""
    groups = ", ".join(f"g{n}: [g{n + 1}, g{n + 1}]" for n in range(45))
    text = HEAD + f"destinations: {{prefixes: {{z: ['49']}}, groups: {{{groups}, g45: [z]}}}}\n"
    (tmp_path / "c.yaml").write_text(text + _plan("{destination: g0, price: free}, {price: free}")[len(HEAD) :])
    assert check_catalogue(tmp_path).catalogue is not None


def test_many_files_have_together_what_one_may_have(tmp_path: Path) -> None:
    """Values and octets of a folder are counted over all files; none is read after the one that is too much."""
    values = "a: [" + "x," * 400_000 + "]\n"
    for name in "abcde":
        (tmp_path / f"{name}.yaml").write_text(values)
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.code == "T007"]
    assert [(Path(issue.source).name, issue.line) for issue in found] == [("c.yaml", 1)]
    for name in "abcde":
        (tmp_path / f"{name}.yaml").write_text("# " + "x" * 15_000_000 + "\na: b\n")
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.code == "T007"]
    assert [(Path(issue.source).name, issue.line) for issue in found] == [("c.yaml", 0)]
    assert found[0].message == "more than 32 MB, with the files before it"


def test_what_is_no_file_of_text_is_refused_unread(tmp_path: Path) -> None:
    """A pipe is not waited for, and a file beyond any price list not read."""
    os.mkfifo(tmp_path / "a.yaml")
    with (tmp_path / "b.yaml").open("wb") as handle:
        handle.truncate(1 << 40)
    (tmp_path / "c.yaml").write_bytes("a: b".encode("utf-16"))
    found = [(Path(issue.source).name, issue.code) for issue in check_catalogue(tmp_path).issues]
    assert found == [("a.yaml", "T001"), ("b.yaml", "T007"), ("c.yaml", "T002")]


def test_byte_order_marks_and_line_ends_of_others_are_read(tmp_path: Path) -> None:
    """A file of a Windows editor reads like any other."""
    (tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbf" + _plan("{price: free}").replace("\n", "\r\n").encode())
    assert check_catalogue(tmp_path).catalogue is not None


@pytest.mark.parametrize(
    "rule", ["!!python/object:os.system {price: free}", "{!!str price: free}", "{&a price: free}"]
)
def test_tags_and_anchors_are_refused_wherever_they_stand(tmp_path: Path, rule: str) -> None:
    """Before a mapping and before a key as before a text."""
    (tmp_path / "c.yaml").write_text(_plan(rule))
    assert [issue.code for issue in check_catalogue(tmp_path).issues] == ["T004"]


def test_a_deck_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe would never end, a folder can not be read."""
    os.mkfifo(tmp_path / "pipe.csv")
    names = ("pipe.csv", ".", "nowhere.csv", "n" * 300)
    text = _plan("{price: free}").replace(HEAD, f"{HEAD}destinations: {{decks: [{', '.join(names)}]}}\n")
    (tmp_path / "c.yaml").write_text(text)
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.severity == "error"]
    places = [
        text.splitlines()[issue.line - 1].index(name) + 1 for issue, name in zip(found, names, strict=True)
    ]
    assert [(issue.code, issue.column) for issue in found[2:]] == [("T001", place) for place in places[2:]]
    assert [issue.message for issue in found] == [
        f"there is no file {name!r} beside this one" for name in names
    ]


DECKS = {
    "semicolons": ("prefix;destination;price\n49;x;1\n", [(1, "T501")]),
    "no header": ("49,x,1\n", [(1, "T501")] * 6),
    "an empty file": ("", [(1, "T501")] * 3),
    "not digits": ("prefix,destination,price\n4x,x,1\n", [(2, "T502")]),
    "leading zeros": ("prefix,destination,price\n0049,x,1\n", [(2, "T502")]),
    "a spreadsheet's number": ("prefix,destination,price\n4.9E+11,x,1\n", [(2, "T502")]),
    "a decimal comma": ('prefix,destination,price\n49,x,"0,05"\n', [(2, "T502")]),
    "an exponent": ("prefix,destination,price\n49,x,1e3\n", [(2, "T502")]),
    "a missing cell": ("prefix,destination,price\n49,x\n", [(2, "T502")]),
    "an open quote": ('prefix,destination,price\n49,x,1\n48,"x,1\n47,x,1\n', [(3, "T502")]),
    "a long line": ("prefix,destination,price\n49," + "x" * 1_000_000 + ",1\n", [(2, "T007")]),
    "twice": ("prefix,destination,price\n49,x,1\n49,x,2\n", [(3, "T503")]),
    "zero increment": ("prefix,destination,price,increment\n49,x,1,0\n", [(2, "T502")]),
    "a NUL": ("prefix,destination,price\n4\0009,x,1\n", [(2, "T502")]),
    "octets of a price for seconds": ("prefix,destination,price,increment\n49,x,1,1 MB\n", [(2, "T109")]),
    "a time that no clock shows": (
        "prefix,destination,price,valid_from\n49,x,1,2026-03-29 02:30\n48,x,1,2026-03-29 03:00\n",
        [(2, "T205")],
    ),
    "times that overlap": (
        "prefix,destination,price,valid_from,valid_until\n49,x,1,,2026-02-01\n49,x,2,2026-01-01,\n",
        [(3, "T503")],
    ),
}


@pytest.mark.parametrize("name", DECKS)
def test_wrong_deck_has_file_and_line(tmp_path: Path, name: str) -> None:
    """What is wrong with a deck is told at its line of the CSV file."""
    text, expected = DECKS[name]
    (tmp_path / "d.csv").write_text(text)
    (tmp_path / "c.yaml").write_text(
        _plan("{deck: d}").replace(
            HEAD, HEAD + "time_zone: Europe/Berlin\nrate_decks: {d: {file: d.csv, currency: EUR}}\n"
        )
    )
    found = [issue for issue in check_catalogue(tmp_path).issues if str(issue.source).endswith("d.csv")]
    assert [(issue.line, issue.code) for issue in found] == expected


def test_mistakes_of_a_deck_are_listed_up_to_a_number(tmp_path: Path) -> None:
    """Of ten thousand wrong rows twenty are told and the reading ends at the thousandth."""
    rows = "".join(f"0{number},x,1\n" for number in range(10_000))
    (tmp_path / "d.csv").write_text("prefix,destination,price\n" + rows)
    text = _plan("{deck: d}").replace(HEAD, HEAD + "rate_decks: {d: {file: d.csv, currency: EUR}}\n")
    (tmp_path / "c.yaml").write_text(text)
    checked = check_catalogue(tmp_path)
    found = [issue for issue in checked.issues if str(issue.source).endswith("d.csv")]
    assert (len(found), checked.unlisted) == (21, 980)
    assert (found[-1].line, found[-1].code) == (1001, "T007")


def test_a_hundred_thousand_prefixes_load(tmp_path: Path) -> None:
    """A deck of 10^5 prefixes takes seconds at most, and each price is found."""
    rows = "".join(
        f"{100_000 + number},zone {number % 500},0.{number % 89 + 10}\n" for number in range(100_000)
    )
    (tmp_path / "d.csv").write_text("prefix,destination,price\n" + rows)
    text = _plan("{deck: d}").replace(HEAD, HEAD + "rate_decks: {d: {file: d.csv, currency: EUR}}\n")
    (tmp_path / "c.yaml").write_text(text)
    before = time.process_time()
    catalogue = check_catalogue(tmp_path).catalogue
    assert time.process_time() - before < MOST_CPU_S
    assert catalogue is not None
    row = catalogue.decks["d"].row_for(b"100089555", 0)
    assert row is not None
    assert (row.destination, row.rate.price_micros, row.line) == (b"zone 89", 100_000, 91)
