"""The renderer: equal data gives equal octets; what an operator puts in its place is checked and named."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.issues import ConfigError
from ocs.billing.document.invoice_renderer import InvoiceRenderer
from ocs.billing.invoice import InvoiceParty, canonical_json
from ocs.documents.branding import EXAMPLE_BRANDING, Branding, load_branding
from ocs.documents.fonts import MissingGlyphsError
from ocs.documents.language import open_language
from ocs.documents.listing import Columns, listing_rows
from ocs.documents.typst_renderer import DocumentRenderer, TemplateError
from tests.ocs.documents.invoices import invoice, usage_line, with_usage
from tests.ocs.documents.pdf_text import text_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A branding of one's own: a copy of the example's."""
    return Path(shutil.copytree(EXAMPLE_BRANDING, tmp_path / "branding"))


def rendered(branding: Branding) -> bytes:
    """One invoice in a branding."""
    with InvoiceRenderer(branding) as renderer:
        return renderer.render(invoice())


def test_the_same_invoice_is_the_same_octets(tmp_path: Path) -> None:
    """In another process, after other documents, in another folder: not one octet differs."""
    made = with_usage(invoice("de", usage_line(1, 1_000_000)), 30)
    with InvoiceRenderer(load_branding()) as renderer:
        first = renderer.render(made)
        renderer.render(invoice("ja"))
        again = renderer.render(made)
    (tmp_path / "invoice.json").write_bytes(canonical_json(made))
    script = (
        "import sys; from pathlib import Path;"
        "from ocs.billing.document.invoice_renderer import InvoiceRenderer;"
        "from ocs.billing.invoice import parse_invoice; from ocs.documents.branding import load_branding;"
        "folder = Path(sys.argv[1]); renderer = InvoiceRenderer(load_branding());"
        "pdf = renderer.render(parse_invoice((folder / 'invoice.json').read_bytes()));"
        "(folder / 'other.pdf').write_bytes(pdf)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=ROOT, timeout=60)

    assert first == again
    assert first == (tmp_path / "other.pdf").read_bytes()


def test_a_letter_that_no_font_has_is_an_error_that_names_it() -> None:
    """A name in a script without a font does not vanish; other invoices are made after it."""
    with InvoiceRenderer(load_branding()) as renderer:
        with pytest.raises(
            MissingGlyphsError, match=r"no font has U\+1000 MYANMAR LETTER KA.*'fonts' of the branding"
        ):
            renderer.render(invoice(party=InvoiceParty("က Example", (), "MM", "")))
        with pytest.raises(MissingGlyphsError, match=r"U\+0007 a character without a name"):
            renderer.render(invoice(party=InvoiceParty("Ada\a", (), "GB", "")))
        assert renderer.render(invoice()).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "name",
    [
        "नमस्ते शर्मा",
        "שלום כהן",
        "สมชาย ใจดี",
        "Łukasz Żółć",
        "Đặng Thị Hồng",
        "Дмитро Їжакевич",
        "صباح",
        "髙橋 花子",
    ],
)
def test_names_of_many_scripts_are_printed(name: str, tmp_path: Path) -> None:
    """Scripts beyond those of the languages are in the fonts; names can be read out of the PDF again."""
    with InvoiceRenderer(load_branding()) as renderer:
        pdf = renderer.render(invoice(party=InvoiceParty(name, (), "GB", "")))
    if all(ord(letter) < 0x500 or 0x1E00 <= ord(letter) < 0x1F00 for letter in name):
        assert name in text_of(pdf, tmp_path)


def test_a_template_of_ones_own_takes_the_place_of_ours(folder: Path, tmp_path: Path) -> None:
    """A file of the same name wins; a file that it imports from beside it works."""
    (folder / "templates").mkdir()
    (folder / "templates" / "slogan.typ").write_text('#let slogan = "We are small"\n')
    (folder / "templates" / "invoice.typ").write_text(
        '#import "frame.typ": *\n#import "slogan.typ": slogan\n#show: frame.with(title: data.title)\n'
        '#slogan: #data.sums.last().amount #t("Invoice")\n'
    )

    text = text_of(rendered(load_branding(folder)), tmp_path)
    assert "We are small: £20.81 Invoice" in text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            '#import "frame.typ": *\n#show: frame.with(title: data.titel)\n',
            r"branding/templates/invoice\.typ:2:31",
        ),
        ("= Hello\n#let (\n", r"branding/templates/invoice\.typ:2:6"),
        ('#read("/etc/passwd")\n', r"branding/templates/invoice\.typ:1:\d"),
        ('#read("../../../../etc/passwd")\n', r"branding/templates/invoice\.typ:1:\d"),
        ('#import "missing.typ": *\n', r"branding/templates/invoice\.typ:1:9"),
    ],
)
def test_a_bad_template_is_named_with_its_place(folder: Path, source: str, message: str) -> None:
    """File, line and column of the operator's own file; nothing outside the templates can be read."""
    (folder / "templates").mkdir()
    (folder / "templates" / "invoice.typ").write_text(source)
    with pytest.raises(TemplateError, match=message):
        rendered(load_branding(folder))


def test_templates_load_nothing_from_a_network(folder: Path) -> None:
    """An import of a package is refused before anything is fetched."""
    (folder / "templates").mkdir()
    (folder / "templates" / "invoice.typ").write_text('\n#import "@preview/tablex:0.0.9": *\n')
    with pytest.raises(ConfigError, match=r"invoice\.typ:2:9: templates import no packages"):
        rendered(load_branding(folder))


def test_letters_of_a_template_are_checked_too(folder: Path) -> None:
    """A sign that no font has can not vanish from a template either."""
    (folder / "templates").mkdir()
    (folder / "templates" / "invoice.typ").write_text("= Hello \N{SNOWMAN}\n")
    with pytest.raises(MissingGlyphsError, match="SNOWMAN"):
        rendered(load_branding(folder))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "name: Small MVNO Ltd",
            "nam: Small",
            r"branding\.yaml:\d+:1: T102 unknown key 'nam'(.|\n)*did you mean 'name'",
        ),
        ("'#0F5C6E'", "'blue'", r"branding\.yaml:11:11: T104 'blue' is not a colour"),
        ("paper: a4", "paper: a5", r"branding\.yaml:\d+:8: T104 'a5' is not a paper"),
        ("logo: logo.svg", "logo: none.svg", r"branding\.yaml:\d+:7: T104 there is no file .*none\.svg"),
        ("logo: logo.svg", "logo: logo.pdf", r"is no picture that documents can show"),
        ("currency: KWD", "currency: KWT", r"branding\.yaml:\d+:\d+: T104 'KWT'"),
        ("tagged: false", "tagged: maybe", r"'maybe' is neither true nor false"),
        ("paper: a4", "fonts: [Comic Sans]", r"no font of the folder 'fonts' is of the family 'Comic Sans'"),
    ],
)
def test_mistakes_of_a_branding_have_their_place(folder: Path, old: str, new: str, message: str) -> None:
    """Each mistake is named with file, line and column."""
    path = folder / "branding.yaml"
    text = path.read_text().replace('"', "'")
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        load_branding(folder)


def test_a_font_of_ones_own_comes_first(folder: Path) -> None:
    """A font in the folder is used by its family; what is no font is named."""
    (folder / "fonts").mkdir()
    mono = ROOT / "ocs" / "documents" / "fonts" / "NotoSansThai-Regular.ttf"
    shutil.copy(mono, folder / "fonts" / "own.ttf")
    path = folder / "branding.yaml"
    path.write_text(path.read_text() + "fonts: [Noto Sans Thai]\n")
    assert rendered(load_branding(folder)) != rendered(load_branding())
    (folder / "fonts" / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(ConfigError, match=r"broken\.ttf: not a font"):
        rendered(load_branding(folder))


def test_a_folder_without_a_branding_is_named(tmp_path: Path) -> None:
    """No file, no branding: nobody's invoices get the example's name by accident."""
    with pytest.raises(ConfigError, match=r"branding\.yaml"):
        load_branding(tmp_path)


def test_the_fingerprint_changes_with_what_documents_are_made_of(folder: Path) -> None:
    """A colour, a template, a font: each makes another fingerprint; the same folder makes the same one."""

    def fingerprint() -> str:
        with DocumentRenderer(
            "invoice.typ", ROOT / "ocs" / "billing" / "document" / "templates", load_branding(folder)
        ) as renderer:
            return renderer.fingerprint()

    seen = [fingerprint()]
    assert fingerprint() == seen[0]
    path = folder / "branding.yaml"
    path.write_text(path.read_text().replace("#0F5C6E", "#0F5C6F"))
    seen.append(fingerprint())
    (folder / "templates").mkdir()
    (folder / "templates" / "extra.typ").write_text("")
    seen.append(fingerprint())
    (folder / "fonts").mkdir()
    shutil.copy(ROOT / "ocs" / "documents" / "fonts" / "NotoSansThai-Regular.ttf", folder / "fonts" / "own.ttf")
    seen.append(fingerprint())
    assert len(set(seen)) == 4


def test_rows_are_joined_only_where_every_text_fits() -> None:
    """Short rows become blocks of lines; one that is too wide stands alone, in its place."""
    columns = Columns((20, 20), size=8)
    rows = [("a", "b"), ("c d", "e"), ("wide " * 10, "f"), ("g", "h"), ("two\nlines", "i")]

    def width(text: str) -> int:
        return 600 * len(text)

    joined = listing_rows(rows, columns, width, tagged=False)
    assert [row["lines"] for row in joined] == [2, 0, 1, 0]
    assert joined[0]["cells"] == ["a\nc\N{NO-BREAK SPACE}d", "b\ne"]
    assert [row["lines"] for row in listing_rows(rows, columns, width, tagged=True)] == [1, 1, 0, 1, 0]


def test_right_to_left_keeps_numbers_together() -> None:
    """In Arabic a value has marks of its own direction around it; elsewhere nothing is added."""
    assert open_language("ar").isolate("2026-1") == "\N{FIRST STRONG ISOLATE}2026-1\N{POP DIRECTIONAL ISOLATE}"
    assert open_language("de").isolate("2026-1") == "2026-1"
