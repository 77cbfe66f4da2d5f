"""Words, days and times of the languages; translations are complete, and fonts have all their letters."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import ocs.billing.document
import ocs.documents
import ocs.settlement.document
from config.issues import ConfigError
from ocs.billing.document.usage_lists import EXTRAS
from ocs.documents.fonts import SHIPPED_FONTS, FontSet
from ocs.documents.language import LanguageError, open_language
from ocs.documents.messages_file import SHIPPED

TRANSLATIONS = sorted(path.stem for path in SHIPPED.glob("*.po") if path.stem != "en")
DOCUMENTS = Path(ocs.documents.__file__).parent
INVOICES = Path(ocs.billing.document.__file__).parent
STATEMENTS = Path(ocs.settlement.document.__file__).parent
PLACE = re.compile(r"\{\w+\}")


def messages(language: str) -> dict[str, str]:
    """English text to translation."""
    catalogue = read_po(io.BytesIO((SHIPPED / f"{language}.po").read_bytes()), abort_invalid=True)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def printed_texts() -> set[str]:
    """Every English text of capital letter, or with a place for a value, in documents, and extras."""
    found: set[str] = set()
    for path in (*INVOICES.glob("*.py"), *INVOICES.glob("templates/*.typ"), DOCUMENTS / "language.py",
                 *STATEMENTS.glob("*.py"), *STATEMENTS.glob("templates/*.typ"),
                 *DOCUMENTS.glob("templates/*.typ")):  # fmt: skip
        source = re.sub(r'""".*?"""|^\s*//.*?$', "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        found.update(re.findall(r'(?:\bt|fill-in|language\.text|self\.text|_sum)\(\s*"([^"]+)"', source))
        for listed in re.findall(r"\(((?:\s*\"[^\"]+\",?)+)\s*\)\.map\((?:t|name)", source):
            found.update(re.findall(r'"([^"]+)"', listed))
        found.update(re.findall(r'\(\s*"([A-Z][a-z][^"]*)",', source))
        found.update(re.findall(r'[:=(]\s*"([A-Z][a-z]+[^"]*)"', source))
    found.update(EXTRAS.values())
    return {text for text in found if text != "..." and not text.startswith("Hms")}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_translations_are_complete(language: str) -> None:
    """Each text that documents print is translated, and places for values are all there."""
    found = messages(language)

    assert sorted(printed_texts() - set(found)) == []
    assert len(printed_texts()) > 50
    assert [text for text, translation in found.items() if not translation] == []
    for text, translation in found.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(translation)), text


def test_all_languages_have_the_same_texts() -> None:
    """No translation has a text that the others lack."""
    texts = [set(messages(language)) for language in TRANSLATIONS]

    assert all(found == texts[0] for found in texts)
    assert set(TRANSLATIONS) >= {"de", "el", "ja", "ar"}


def test_every_letter_of_every_language_is_in_the_fonts() -> None:
    """Texts, days, countries and currencies of the shipped languages can be written in full."""
    fonts = FontSet()
    for code in ("en", "en-GB", *TRANSLATIONS):
        language = open_language(code)
        fonts.check(language.texts.values())
        for month in range(1, 13):
            for length in ("short", "medium", "long"):
                fonts.check([language.day(f"2026-{month:02d}-17", length)])
        fonts.check(language.country(country) for country in ("DE", "GR", "JP", "KW", "GB"))
        for currency, digits in (("EUR", 2), ("JPY", 0), ("KWD", 3), ("GBP", 2), ("INR", 2), ("PLN", 2)):
            fonts.check([language.numbers.money(-1_234_567_891, currency, digits)])
            assert fonts.width(language.numbers.money(1, currency, digits)) > 0


def test_shipped_fonts_are_small_and_licensed() -> None:
    """Under three megabytes together, with their licence beside them."""
    assert sum(path.stat().st_size for path in SHIPPED_FONTS.iterdir()) < 3_000_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (SHIPPED_FONTS / "OFL.txt").read_text()


def test_days_and_times_are_the_languages_own() -> None:
    """The same day in four languages; times of 24 hours; lengths of time and volumes."""
    days = {code: open_language(code).day("2026-11-05") for code in ("en-GB", "de", "el", "ja")}

    assert days == {"en-GB": "5 Nov 2026", "de": "05.11.2026", "el": "5 Νοε 2026", "ja": "2026/11/05"}
    german = open_language("de")
    assert german.moment("2026-11-05T08:03:59.000+01:00") == "05.11.26 08:03:59"
    assert german.span("2026-11-05", "2026-11-05") == "05.11.2026"
    assert german.clock_span(3_723) == "1:02:03"
    assert german.clock_span(-59) == "\N{MINUS SIGN}0:00:59"
    assert [german.volume(octets) for octets in (999, 1_500, 1_234_567, 98_765_432_100)] == [
        "999 B", "1,50 kB", "1,23 MB", "98,77 GB",
    ]  # fmt: skip
    assert open_language("ja").quantity(30, "days") == "30 日"


def test_a_regional_language_has_its_own_numbers() -> None:
    """Swiss German has German words and Swiss groups."""
    swiss = open_language("de-CH")

    assert swiss.text("Invoice") == "Rechnung"
    assert (
        swiss.numbers.money(1_234_500_000, "CHF", 2)
        == "CHF\N{NO-BREAK SPACE}1\N{RIGHT SINGLE QUOTATION MARK}234.50"
    )


def test_an_unknown_language_is_refused_by_name() -> None:
    """The message says which there are."""
    with pytest.raises(LanguageError, match="'xx': languages are ar, de, el, en, ja"):
        open_language("xx")


def test_an_operator_adds_and_rewords(tmp_path: Path) -> None:
    """A PO file of one's own comes first, message by message; a broken one has its place."""
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (tmp_path / "fr.po").write_text(head + 'msgid "Invoice"\nmsgstr "Facture"\n')
    (tmp_path / "de.po").write_text(head + 'msgid "Invoice"\nmsgstr "Beleg"\n')
    (tmp_path / "el.po").write_text('msgid "Bank"\nmsgstr "x"\nmsgid "Invoice\nmsgstr "x"\n')

    assert open_language("fr", tmp_path).text("Invoice") == "Facture"
    assert open_language("de", tmp_path).text("Invoice") == "Beleg"
    assert open_language("de", tmp_path).text("Bank") == "Bank"
    with pytest.raises(ConfigError, match=r"el\.po:3: not a line of a PO file"):
        open_language("el", tmp_path)
