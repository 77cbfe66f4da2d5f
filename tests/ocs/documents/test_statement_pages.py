"""Statements speak the partner's language: words, numbers and months, read out of PDFs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.documents.branding import load_branding
from ocs.settlement.document import StatementWriter
from ocs.settlement.statement import canonical_json, parse_statement
from tests.ocs.documents.pdf_text import text_of
from tests.ocs.documents.statements import statement


@pytest.fixture(scope="module")
def writer() -> Iterator[StatementWriter]:
    """One writer for all statements."""
    with StatementWriter(load_branding()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("", ["Settlement statement S-2026-000001", "Due from you €3.60", "November 2026", "tier 2"]),
        (
            "de",
            ["Abrechnung zwischen Netzbetreibern S-2026-000001", "Von Ihnen zu zahlen 3,60 €", "Südtelefon"],
        ),
        ("el", ["Εκκαθάριση διασύνδεσης", "Οφείλετε 3,60 €", "Νοέμβριος 2026", "κλίμακα 2"]),
        ("ja", ["精算書", "2026 年 11 月", "太平洋通信株式会社", "3.60"]),
        ("ar", ["S-2026-000001", "4.801332", "3.60"]),
    ],
)
def test_a_statement_speaks_the_partners_language(
    writer: StatementWriter, language: str, words: list[str], tmp_path: Path
) -> None:
    """English where the agreement names none; the same statement gives the same octets."""
    made = statement(language)
    files = writer.write(made, tmp_path)
    pdf = files[2].read_bytes()
    found = text_of(pdf, tmp_path)

    assert [word for word in words if word not in found] == []
    assert writer.write(made, tmp_path)[2].read_bytes() == pdf


def test_a_partner_without_a_language_has_none_in_the_data() -> None:
    """What was stated before there were languages keeps its octets."""
    assert b"language" not in canonical_json(statement(""))
    assert parse_statement(canonical_json(statement("ja"))).party.language == "ja"
