"""Payments as a bank would list them: most customers pay, some a part, some too much, some nothing yet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from balance.quantity import MICROS, format_micros

HEADER: Final = ("invoice", "amount", "currency", "date", "reference")
PAID_DAY: Final = "2026-11-12"


def write_payments(path: Path, invoices: Iterable[Mapping[str, Any]]) -> None:
    """Write the payments of some invoices, as ``ocs bill list`` tells of them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for number, invoice in enumerate(invoices):
            micros = _paid(number, int(invoice["total_micros"]))
            if micros > 0:
                amount = format_micros(micros)
                writer.writerow(
                    (invoice["number"], amount, invoice["currency"], PAID_DAY, f"BANK-{number:05d}")
                )


def _paid(number: int, total_micros: int) -> int:
    if number % 7 == 3:
        return 0
    if number % 13 == 5:
        return total_micros // (2 * MICROS) * MICROS
    if number % 31 == 8:
        return total_micros + 20 * MICROS
    return total_micros
