"""Mappings of partners' files: what is refused, with its place, as in mappings of usage."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.issues import ConfigError
from config.settlement_mapping import load_partner_mapping

GOOD = """\
called: { column: B }
started: { column: START }
"""


def test_columns_have_their_places(tmp_path: Path) -> None:
    """Each column that is read is told with its place in the mapping."""
    (tmp_path / "p.yaml").write_text(GOOD + "amount: { column: COST, decimal: ',' }\n")
    assert list(load_partner_mapping(tmp_path / "p.yaml").columns()) == [
        (("called", "column"), "B"),
        (("started", "column"), "START"),
        (("amount", "column"), "COST"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("B", "2") + "header: no\n", "p.yaml:2:20: 'START' is no number of a column"),
        (GOOD + "direction: forwarded\n", "p.yaml:3:12: 'forwarded' is no direction"),
        (GOOD + "our_id: trunk\n", "p.yaml:3:9: 'trunk' has not one place for the call id"),
        (GOOD + "delimiter: ab\n", "p.yaml:3:12: 'ab' is not a delimiter"),
        (GOOD + "- 1\n", "p.yaml:3:1: "),
    ],
)
def test_mistakes_have_a_place(tmp_path: Path, text: str, said: str) -> None:
    """Each mistake is told with file, line and column."""
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_partner_mapping(tmp_path / "p.yaml")
    told = [f"{issue.place}: {issue.message}".removeprefix(f"{tmp_path}/") for issue in refused.value.issues]
    assert any(one.startswith(said) for one in told), told
