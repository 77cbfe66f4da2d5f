"""Template and data to PDF: the same data, template, fonts and version of typst give the same octets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import typst

from ocs.documents.branding import Branding
from ocs.documents.fonts import FAMILIES, FontSet, MissingGlyphsError, font_files
from ocs.documents.language import Language, LanguageError, open_language
from ocs.documents.template_folder import DATA_FILE, LANGUAGE_FILE, TemplateFolder

PDF_STANDARD: Final = "a-3b"
"""PDF/A for archives: fonts inside, nothing outside."""


class TemplateError(Exception):
    """A template that can not be set; the message names its file, line and column."""


class DocumentRenderer:
    """Sets documents of one template in the branding of one operator. Not for several threads at one time."""

    def __init__(self, template: str, shipped: Path, branding: Branding) -> None:
        """``template`` is a file of the folder ``shipped``, which the branding's own templates may replace.

        ConfigError where a file of the branding is wrong, MissingGlyphsError where a template has letters
        that no font has.
        """
        self.branding = branding
        self.template = template
        self.fonts = FontSet(branding.fonts)
        self._folder = TemplateFolder(shipped, branding)
        try:
            self.fonts.check(self._folder.own_texts())
            self.fonts.check(texts_in(branding.to_template()))
        except MissingGlyphsError:
            self.close()
            raise
        self._compiler = typst.Compiler(
            input=str(self._folder.path / template), root=str(self._folder.path), font_paths=self.fonts.typst
        )
        self._texts: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked; nothing can be set any more."""
        self._folder.close()

    def fingerprint(self) -> str:
        """The hash of all that documents are made of besides data and language."""
        digest = hashlib.sha256(f"{self.template} {PDF_STANDARD} typst {version('typst')} ".encode())
        digest.update(self._folder.fingerprint().encode())
        for path in font_files(self.fonts.folders):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def language_of(self, code: str) -> Language:
        """The reader's language as the operator writes it, or the operator's where it has no words here."""
        own, messages = self.branding.file.language, self.branding.messages
        chosen = code or own
        if chosen == own.partition("-")[0]:
            return open_language(own, messages)
        try:
            return open_language(chosen, messages)
        except LanguageError:
            return open_language(own, messages)

    def render(self, data: Mapping[str, Any], language: Language, created_s: int) -> bytes:
        """The PDF of one document; ``created_s`` is the moment it says it was made, in seconds since 1970.

        The template finds ``data`` and, through ``t("...")``, the words of the language in ``frame.typ``.
        MissingGlyphsError where a text has letters that no font has, TemplateError where the template fails.
        """
        self.fonts.check(texts_in(data))
        self._folder.put(LANGUAGE_FILE, self._language(language))
        self._folder.put(DATA_FILE, json.dumps(data, ensure_ascii=False))
        try:
            pdf = self._compiler.compile(
                format="pdf",
                timestamp=created_s,
                pdf_standards=PDF_STANDARD,
                pdf_tags=self.branding.file.tagged,
            )
        except typst.TypstError as error:
            raise TemplateError(self._describe(error)) from None
        if not isinstance(pdf, bytes):
            raise TemplateError(f"{self.template} gave no document")
        return pdf

    def _language(self, language: Language) -> str:
        """The language as the template knows it, made once."""
        found = self._texts.get(language.code)
        if found is None:
            self.fonts.check(language.texts.values())
            described = {
                "name": language.name,
                "region": language.region,
                "rtl": language.right_to_left,
                "fonts": [*self.branding.file.fonts, *FAMILIES],
                "texts": dict(language.texts),
            }
            found = self._texts[language.code] = json.dumps(described, ensure_ascii=False, sort_keys=True)
        return found

    def _describe(self, error: typst.TypstError) -> str:
        """What the typesetter says, with the place in the operator's own file."""
        text = getattr(error, "diagnostic", "") or str(error)
        return self._folder.explain(text.strip())


def texts_in(value: object) -> Iterator[str]:
    """All texts of a JSON value, names of members left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from texts_in(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from texts_in(member)
