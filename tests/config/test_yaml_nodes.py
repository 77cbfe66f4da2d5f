"""YAML as texts with places: nothing is guessed, nothing is lost, every fault of form has its place."""

from pathlib import Path

import pytest

from config.yaml_nodes import MOST_LEVELS, Document, read_yaml
from tests.config.catalogue_folder import without_code


def _read(folder: Path, octets: bytes) -> Document:
    path = folder / "f.yaml"
    path.write_bytes(octets)
    return read_yaml(path)


def _words(document: Document) -> list[str]:
    return [without_code(str(issue)).replace(str(document.source), "f") for issue in document.issues]


def test_scalars_stay_the_text_that_was_written(tmp_path: Path) -> None:
    """No boolean, sexagesimal, octal or float is made of a plain text."""
    document = _read(tmp_path, b"a: NO\nb: 18:30\nc: 0047\nd: 0.10\non: 1e3\ne: ~\nf:\n")
    assert document.data == {"a": "NO", "b": "18:30", "c": "0047", "d": "0.10", "on": "1e3", "e": "~", "f": ""}
    assert document.issues == []


def test_places_of_keys_and_values_are_kept(tmp_path: Path) -> None:
    """Line and column of each key and value are known, in block and in flow form."""
    document = _read(tmp_path, b"plans:\n  payg:\n    data:\n      - { price: free }\n")
    assert document.keys[("plans", "payg")] == (2, 3)
    assert document.values[("plans", "payg", "data", 0, "price")] == (4, 18)
    issue = document.issue(("plans", "payg", "data", 0, "missing"), "wrong")
    assert (issue.line, issue.column) == (4, 9)


def test_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """A file that an editor marked as UTF-8 reads like any other."""
    assert _read(tmp_path, b"\xef\xbb\xbfa: b\n").data == {"a": "b"}


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"a: 1\nb:\n\tc: 1\n", ["f:3:1: a tab can not indent YAML\n    hint: indent with spaces"]),
        (
            b"a: b: c\n",
            [
                (
                    "f:1:5: mapping values are not allowed in this context\n"
                    "    hint: a text with ': ' in it needs quotes"
                )
            ],
        ),
        (
            b"a: [1,\nb: 2\n",
            [
                (
                    "f:3:1: did not find expected ',' or ']' "
                    "while parsing a flow sequence that began in line 1\n"
                    "    hint: a bracket is not closed, or a comma is missing"
                )
            ],
        ),
        (
            b"a: 'x\n",
            [
                (
                    "f:2:1: found unexpected end of stream "
                    "while scanning a quoted scalar that began in line 1\n"
                    "    hint: a quote or bracket is not closed"
                )
            ],
        ),
        (b"a: 1\nb: 2\na: 3\n", ["f:3:1: key 'a' was given already in line 1"]),
        (b"a: *x\n", ["f:1:4: alias *x is not supported\n    hint: write the value out"]),
        (b"a: &x 1\n", ["f:1:4: anchor &x is not supported\n    hint: write the value out"]),
        (
            b"a: !!int 1\n",
            ["f:1:4: tag tag:yaml.org,2002:int is not supported\n    hint: all values are read as text"],
        ),
        (b"[1]: 1\n", ["f:1:1: a key is a plain text"]),
        (b"a: 1\n---\nb: 1\n", ["f:2:1: a second document in one file\n    hint: remove the '---'"]),
        (b"just text\n", ["f:1:1: a mapping (key: value) is expected here"]),
        (b"a: 1\nb: \xff\n", ["f:2:4: octet 0xff is not UTF-8\n    hint: save the file as UTF-8"]),
        ("ä: 1\nb: \x01\n".encode(), ["f:2:4: character 0x1 is not allowed in YAML"]),
    ],
)
def test_fault_of_form_has_its_place(tmp_path: Path, octets: bytes, words: list[str]) -> None:
    """What is no plain YAML is told with line, column and a way out."""
    assert _words(_read(tmp_path, octets)) == words


def test_deep_nesting_is_refused_and_not_followed(tmp_path: Path) -> None:
    """Ten thousand brackets end in one issue, not in an exhausted stack."""
    document = _read(tmp_path, b"a: " + b"[" * 5000 + b"]" * 5000)
    assert _words(document) == [f"f:1:{MOST_LEVELS + 3}: nested deeper than {MOST_LEVELS} levels"]


def test_unreadable_file_is_an_issue(tmp_path: Path) -> None:
    """A file that is not there is told like any other mistake."""
    document = read_yaml(tmp_path / "nowhere.yaml")
    assert document.broken
    assert _words(document) == [
        f"{tmp_path}/nowhere.yaml: can not be read: No such file or directory".replace(
            str(document.source), "f"
        )
    ]
