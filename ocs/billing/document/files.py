"""The files of one invoice: PDF, JSON and CSV, each there whole or not at all, the PDF last."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from ocs.billing.invoice import Invoice, InvoiceLine, TaxLine, UsageItem, canonical_json
from ocs.documents.number_text import write_plain

PDF_END: Final = b"%%EOF"
_MICROS: Final = "_micros"
_SUMS: Final = (
    "net_micros", "tax_micros", "rounding_micros", "total_micros", "brought_forward_micros", "due_micros"
)  # fmt: skip
Cells = dict[str, object]


def is_complete(folder: Path, number: str) -> bool:
    """Whether an invoice's files are there: its PDF is written last, and has its last line."""
    try:
        with (folder / f"{number}.pdf").open("rb") as file:
            file.seek(-len(PDF_END) - 2, os.SEEK_END)
            return PDF_END in file.read()
    except OSError:
        return False


def write_files(folder: Path, invoice: Invoice, pdf: bytes) -> list[Path]:
    """Write the files of an invoice or credit note, taking the place of what is there; the files."""
    contents = {
        f"{invoice.number}.json": canonical_json(invoice) + b"\n",
        f"{invoice.number}.csv": lines_csv(invoice).encode(),
    }
    if invoice.usage:
        contents[f"{invoice.number}-usage.csv"] = usage_csv(invoice).encode()
    contents[f"{invoice.number}.pdf"] = pdf
    for name, octets in contents.items():
        temporary = folder / f".{name}.{os.getpid()}"
        temporary.write_bytes(octets)
        temporary.replace(folder / name)
    return [folder / name for name in contents]


def lines_csv(invoice: Invoice) -> str:
    """The lines of an invoice and its taxes: ``row`` tells them apart. Amounts are in major units, exact."""
    rows: list[tuple[str, Cells]] = [("line", _cells(line)) for line in invoice.lines]
    rows += [("tax", _cells(tax)) for tax in invoice.taxes]
    rows += [("sum", {"item": name, "amount": amount}) for name, amount in _cells(invoice, _SUMS).items()]
    columns = dict.fromkeys(_columns(InvoiceLine) + _columns(TaxLine))
    head = {"invoice": invoice.number, "currency": invoice.currency}
    return _csv(
        ["invoice", "row", *columns, "currency"],
        ({**head, "row": row, **cells} for row, cells in rows),
    )


def usage_csv(invoice: Invoice) -> str:
    """Every usage of an invoice, amounts in major units, exact."""
    return _csv(
        ["invoice", *_columns(UsageItem)],
        ({"invoice": invoice.number, **_cells(item)} for item in invoice.usage),
    )


def _columns(kind: Any) -> list[str]:
    return [field.name.removesuffix(_MICROS) for field in fields(kind)]


def _cells(row: Any, names: Iterable[str] = ()) -> Cells:
    """A row by column; micros become major units under the name without ``_micros``."""
    cells: Cells = {}
    for name in names or [field.name for field in fields(row)]:
        value = getattr(row, name)
        amount = name.endswith(_MICROS)
        cells[name.removesuffix(_MICROS)] = write_plain(value) if amount else value
    return cells


def _csv(columns: Sequence[str], rows: Iterable[Cells]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
