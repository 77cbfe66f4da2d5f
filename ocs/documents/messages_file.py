"""The words of documents in each language: gettext's PO files, the English text being the name of a message.

An operator's own folder of PO files comes before ours, message by message: it may add a language or reword one.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from babel.messages.pofile import PoFileError, read_po

from config.issues import ConfigError, Issue

SHIPPED: Final = Path(__file__).parent / "messages"
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
        catalogue = read_po(io.BytesIO(path.read_bytes()), abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        raise ConfigError([Issue(path, (line or 0) and line, 0, f"not a PO file: {error}")]) from None
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
