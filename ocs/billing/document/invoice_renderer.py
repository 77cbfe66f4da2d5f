"""From an invoice to its PDF, in the language of its customer and the branding of the operator."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ocs.billing.document.content import invoice_content
from ocs.billing.invoice import Invoice
from ocs.documents.branding import Branding
from ocs.documents.language import Language
from ocs.documents.typst_renderer import DocumentRenderer

TEMPLATES: Final = Path(__file__).parent / "templates"


class InvoiceRenderer:
    """Renders invoices and credit notes; the same invoice, branding and fonts give the same octets."""

    def __init__(self, branding: Branding) -> None:
        self._branding = branding
        self._renderer = DocumentRenderer("invoice.typ", TEMPLATES, branding)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._renderer.close()

    def fingerprint(self) -> str:
        """The hash of all that PDFs are made of besides the invoice."""
        return self._renderer.fingerprint()

    def language_of(self, invoice: Invoice) -> Language:
        """The customer's language as the operator writes it, or the operator's where it has no words here."""
        return self._renderer.language_of(invoice.language)

    def render(self, invoice: Invoice) -> bytes:
        """The PDF. MissingGlyphsError where no font has a letter, TemplateError where the template fails."""
        language = self.language_of(invoice)
        issued = datetime.fromisoformat(invoice.issue_day).replace(tzinfo=UTC)
        content = invoice_content(invoice, language, self._branding, self._renderer.fonts.width)
        return self._renderer.render(content, language, int(issued.timestamp()))
