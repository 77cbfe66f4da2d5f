"""The files of a statement; the same statement, branding and fonts give the same octets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ocs.documents.branding import Branding
from ocs.documents.typst_renderer import DocumentRenderer
from ocs.settlement.document.content import statement_content
from ocs.settlement.document.csv_text import statement_csv
from ocs.settlement.statement import Statement, canonical_json

TEMPLATES: Final = Path(__file__).parent / "templates"
LANGUAGE: Final = "en"
"""Where an agreement names no language of the partner: partners of all countries settle in English."""


class StatementWriter:
    """Writes statements in the branding of the operator and the languages of the partners."""

    def __init__(self, branding: Branding) -> None:
        self._renderer = DocumentRenderer("statement.typ", TEMPLATES, branding)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._renderer.close()

    def write(self, statement: Statement, folder: Path) -> list[Path]:
        """Write ``statement.json``, ``.csv`` and ``.pdf`` into a folder; the files."""
        created_s = int(datetime.fromisoformat(statement.issue_day).replace(tzinfo=UTC).timestamp())
        language = self._renderer.language_of(statement.party.language or LANGUAGE)
        content = statement_content(statement, language, self._renderer.fonts.width)
        pdf = self._renderer.render(content, language, created_s)
        contents = {
            "statement.json": canonical_json(statement) + b"\n",
            "statement.csv": statement_csv(statement).encode(),
            "statement.pdf": pdf,
        }
        for name, octets in contents.items():
            (folder / name).write_bytes(octets)
        return [folder / name for name in contents]
