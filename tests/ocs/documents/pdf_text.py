"""The text of a PDF, by poppler's pdftotext; tests that need it are skipped where it is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_DIRECTIONS = re.compile(
    "[\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}\u202a-\u202e\u2066-\u2069]"
)


def text_of(pdf: bytes, folder: Path) -> str:
    """All text in lines, spaces as single ones, without marks of direction."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed here")
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    text = _DIRECTIONS.sub("", done.stdout.decode())
    return re.sub(r"[ \u00a0\u202f]+", " ", text)


def pages_of(pdf: bytes, folder: Path) -> list[str]:
    """The text page by page."""
    return text_of(pdf, folder).split("\f")[:-1]
