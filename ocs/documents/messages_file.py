"""The words of documents in each language: gettext's PO files, the English text being the name of a message.

An operator's own folder of PO files comes before ours, message by message: it may add a language or reword one.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Final

from babel.messages.pofile import PoFileError, read_po

from config.issues import ConfigError, Issue

SHIPPED: Final = Path(__file__).parent / "messages"
_LINE: Final = re.compile(r'(#.*)?|((msgctxt|msgid|msgid_plural|msgstr(\[\d\])?)\s*)?"([^"\\]|\\.)*"')
SOURCE_LANGUAGE: Final = "en"
"""English needs no file: it is what the templates say."""


def available_languages(folders: list[Path]) -> list[str]:
    """The languages that documents can be written in."""
    found = {path.stem for folder in folders for path in folder.glob("*.po")}
    return sorted({SOURCE_LANGUAGE, *found})


def read_messages(language: str, folders: list[Path]) -> dict[str, str]:
    """English text to the language's, from all folders that know the language, the first one winning.

    ConfigError where a file is no PO file.
    """
    texts: dict[str, str] = {}
    for folder in reversed(folders):
        path = folder / f"{language}.po"
        if path.is_file():
            texts.update(_read(path))
    return texts


def _read(path: Path) -> dict[str, str]:
    try:
        octets = path.read_bytes()
        _check_lines(path, octets.decode("utf-8-sig"))
        catalogue = read_po(io.BytesIO(octets), abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise ConfigError([Issue(path, 0, 0, f"not a PO file in UTF-8: {error}")]) from None
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }


def _check_lines(path: Path, text: str) -> None:
    """ConfigError for lines that are none of a PO file: the library would read something else into them."""
    issues = [
        Issue(path, number, 0, "not a line of a PO file", 'write it such as msgid "Invoice", with both quotes')
        for number, line in enumerate(text.splitlines(), 1)
        if _LINE.fullmatch(line.strip()) is None
    ]
    if issues:
        raise ConfigError(issues)
