"""The fonts of documents: those shipped, those of the operator; and which letters they have.

The typesetter leaves out a letter that no font has, without a word, so every text is checked before it is set:
a name in a script that no font here can write is an error that names the letters, never a name that vanishes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import typst
from fontTools.ttLib import TTCollection, TTFont, TTLibError

from config.issues import ConfigError, Issue

SHIPPED_FONTS: Final = Path(__file__).parent / "fonts"
FONT_SUFFIXES: Final = {".ttf", ".otf", ".ttc", ".otc"}
FAMILIES: Final = (
    "Noto Sans", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai",
    "Noto Sans Devanagari"
)  # fmt: skip
"""The families of the shipped fonts, in the order in which a letter is looked for."""
_NEVER_DRAWN: Final = {"Cf", "Zl", "Zp"}
"""Marks of direction and joining, line and paragraph separators: they need no glyph."""


class MissingGlyphsError(ValueError):
    """A text with letters that no font has; ``characters`` are those."""

    def __init__(self, text: str, characters: Iterable[str]) -> None:
        self.text = text
        self.characters = sorted(set(characters))
        named = ", ".join(f"U+{ord(letter):04X} {_name(letter)}" for letter in self.characters[:5])
        more = f" and {len(self.characters) - 5} more" if len(self.characters) > 5 else ""
        super().__init__(
            f"no font has {named}{more}, in {text[:60]!r}: "
            "put one that does into the folder 'fonts' of the branding"
        )


class FontSet:
    """The fonts of one branding, for the typesetter and for the check before it."""

    def __init__(self, folder: Path | None = None) -> None:
        folders = [SHIPPED_FONTS] if folder is None or not folder.is_dir() else [folder, SHIPPED_FONTS]
        self.folders = folders
        self.typst = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(found) for found in folders],
        )
        self.families = frozenset(self.typst.families())
        self._advances: dict[int, int] = {}
        for path in font_files([SHIPPED_FONTS]):
            for letter, advance in _advances_of(path).items():
                self._advances.setdefault(letter, advance)
        for path in font_files(folders[:-1]):
            for letter, advance in _advances_of(path).items():
                self._advances[letter] = max(advance, self._advances.get(letter, 0))
        self._seen: set[str] = set()

    def check(self, texts: Iterable[str]) -> None:
        """MissingGlyphsError for the first text that can not be written in full."""
        for text in texts:
            unknown = set(text) - self._seen
            if unknown:
                missing = [letter for letter in unknown if not self._can_write(letter)]
                if missing:
                    raise MissingGlyphsError(text, missing)
                self._seen |= unknown

    def width(self, text: str) -> int:
        """How wide a text is at most, in thousandths of its size, whichever of an operator's fonts is used."""
        advances = self._advances
        return sum([advances.get(ord(letter), 1000) for letter in text])

    def _can_write(self, letter: str) -> bool:
        if ord(letter) in self._advances or letter in "\n\t":
            return True
        return unicodedata.category(letter) in _NEVER_DRAWN or 0xFE00 <= ord(letter) <= 0xFE0F


def font_files(folders: Iterable[Path]) -> list[Path]:
    """The font files in some folders, in the order in which letters are looked for: bold ones last."""
    return [
        path
        for folder in folders
        for path in sorted(folder.iterdir(), key=lambda path: ("Bold" in path.name, len(path.name), path.name))
        if path.suffix.lower() in FONT_SUFFIXES
    ]


@cache
def _advances_of(path: Path) -> dict[int, int]:
    """The characters of a font file, with their widths in thousandths; ConfigError where it is no font."""
    try:
        found: dict[int, int] = {}
        collection = path.suffix.lower() in {".ttc", ".otc"}
        with path.open("rb") as file:
            for font in TTCollection(file, lazy=True).fonts if collection else [TTFont(file, lazy=True)]:
                unit, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
                for letter, glyph in (font.getBestCmap() or {}).items():
                    found[letter] = -(-metrics[glyph][0] * 1000 // unit)
    except (TTLibError, OSError, KeyError) as error:
        raise ConfigError([Issue(path, 0, 0, f"not a font: {error}")]) from None
    return found


def _name(letter: str) -> str:
    return unicodedata.name(letter, "a character without a name")
