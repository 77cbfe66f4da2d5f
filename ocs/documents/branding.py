"""How an operator's documents look and who sends them: a folder with ``branding.yaml``, and more beside it.

``logo.svg`` or another picture, ``fonts/`` (looked in before ours), ``messages/`` (PO files before ours) and
``templates/`` (a file here takes the place of ours of the same name).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from config.issues import ConfigError, Issue, TextError, did_you_mean
from config.piece_reader import IssueCollector, read_piece
from config.quantity_text import parse_currency
from config.settings_schema import EXAMPLE_OPERATOR
from config.yaml_nodes import Document, read_yaml
from ocs.documents.fonts import FontSet

EXAMPLE_BRANDING: Final = EXAMPLE_OPERATOR / "branding"
PICTURES: Final = {".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"}
_NO_BRANDING: Final = "write 'name' and 'address' into it, or name a folder by 'branding' in [documents]"
PAPERS: Final = ("a4", "us-letter")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")


def _colour(value: object) -> object:
    if not isinstance(value, str) or _COLOUR.fullmatch(value) is None:
        raise TextError(f"{value!r} is not a colour", "write it such as '#0B5FFF', in quotes")
    return value


def _currency(value: object) -> object:
    return parse_currency(value) if isinstance(value, str) else value


def _yes_or_no(value: object) -> object:
    if value not in {"true", "false"}:
        raise TextError(f"{value!r} is neither true nor false")
    return value == "true"


def _paper(value: object) -> object:
    if value not in PAPERS:
        raise TextError(f"{value!r} is not a paper", f"known: {', '.join(PAPERS)}")
    return value


Colour = Annotated[str, BeforeValidator(_colour)]
Text = Annotated[str, Field(max_length=500)]


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Colours(_Piece):
    """``accent`` for lines and bars, ``ink`` for text, ``quiet`` for small print, ``tint`` behind totals."""

    accent: Colour = "#1F4E79"
    ink: Colour = "#1A1F29"
    quiet: Colour = "#5B6472"
    tint: Colour = "#EEF2F7"


class BankAccount(_Piece):
    """Where customers pay amounts of ``currency``; without one, amounts of all other currencies."""

    holder: Text
    bank: Text
    account: Text = Field(description="IBAN or account number", examples=["GB33 BUKB 2020 1555 5555 55"])
    bic: Text = ""
    currency: Annotated[str, BeforeValidator(_currency)] = ""


class BrandingFile(_Piece):
    """What ``branding.yaml`` says."""

    name: Text = Field(min_length=1, examples=["Small MVNO Ltd"])
    address: list[Text] = Field(min_length=1, max_length=6)
    logo: str = ""
    colours: Colours = Colours()
    fonts: list[Text] = Field(default=[], description="families that come before ours")
    paper: Annotated[str, BeforeValidator(_paper)] = "a4"
    tax_number: Text = ""
    registration: Text = ""
    email: Text = ""
    phone: Text = ""
    web: Text = ""
    payment: list[BankAccount] = []
    payment_note: dict[str, Text] = Field(default={}, description="a sentence by language")
    language: str = Field(default="en", description="for customers in a language that has no words here")
    tagged: Annotated[bool, BeforeValidator(_yes_or_no)] = Field(
        default=False, description="PDFs that screen readers can read: larger, and slower"
    )


class Branding:
    """A checked branding: ``file`` and the folders beside it, None where there are none."""

    def __init__(self, folder: Path, file: BrandingFile) -> None:
        self.folder = folder
        self.file = file
        self.fonts = _folder(folder / "fonts")
        self.messages = _folder(folder / "messages")
        self.templates = _folder(folder / "templates")
        self.logo = folder / file.logo if file.logo else None

    def account_for(self, currency: str) -> BankAccount | None:
        """Where amounts of a currency are paid: the account of that currency, else the one without."""
        accounts = self.file.payment
        exact = [account for account in accounts if account.currency == currency]
        return next(iter(exact or [account for account in accounts if not account.currency]), None)

    def to_template(self) -> dict[str, Any]:
        """What templates know as ``brand``."""
        values = self.file.model_dump(exclude={"payment", "payment_note", "language"})
        values["logo"] = f"logo{self.logo.suffix.lower()}" if self.logo is not None else ""
        return values


def load_branding(folder: Path | None = None) -> Branding:
    """The branding of a folder, by default the example operator's.

    ConfigError with every mistake and its place.
    """
    chosen = EXAMPLE_BRANDING if folder is None else folder
    path = chosen / "branding.yaml"
    if not path.is_file():
        raise ConfigError([Issue(path, 0, 0, "there is no branding: who sends the documents", _NO_BRANDING)])
    document = read_yaml(path)
    issues = IssueCollector(document.issues)
    file = None if document.broken else read_piece(issues, document, BrandingFile, document.data, ())
    if file is not None and file.logo:
        logo = chosen / file.logo
        if logo.suffix.lower() not in PICTURES:
            hint = f"known: {', '.join(sorted(PICTURES))}"
            issues.add(document.issue(("logo",), f"{file.logo!r} is no picture that documents can show", hint))
        elif not logo.is_file():
            issues.add(document.issue(("logo",), f"there is no file {logo}"))
    if file is not None and file.fonts:
        _check_fonts(issues, document, file, chosen)
    if issues.has_errors or file is None:
        raise ConfigError(issues.in_order() or [Issue(path, 0, 0, "nothing in it")], issues.unlisted)
    return Branding(chosen, file)


def _check_fonts(issues: IssueCollector, document: Document, file: BrandingFile, folder: Path) -> None:
    """Each family that the branding names is there."""
    known = FontSet(_folder(folder / "fonts")).families
    for index, family in enumerate(file.fonts):
        if family not in known:
            message = f"no font of the folder 'fonts' is of the family {family!r}"
            issues.add(document.issue(("fonts", index), message, did_you_mean(family, known)))


def _folder(path: Path) -> Path | None:
    return path if path.is_dir() else None
