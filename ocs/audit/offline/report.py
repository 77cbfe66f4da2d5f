"""What the audit of the offline side found: every record in one class, sums, differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from balance.quantity import format_micros

DIFFERENCES_SHOWN: Final = 20

BILLED: Final = "billed"
WAITING: Final = "waiting for a bill"
PAID: Final = "paid from a balance"
SETTLED: Final = "settled"
UNSETTLED: Final = "waiting for settlement"
CLASSES: Final = (BILLED, WAITING, PAID, SETTLED, UNSETTLED)


@dataclass(slots=True)
class ClassTotals:
    """The records of one class, and their sums by currency in micros."""

    records: int = 0
    amounts: dict[str, int] = field(default_factory=dict)

    def add(self, currency: str, records: int, micros: int) -> None:
        """Add some records."""
        self.records += records
        if currency:
            self.amounts[currency] = self.amounts.get(currency, 0) + micros


@dataclass(slots=True)
class OfflineReport:
    """The outcome. ``without_account`` of the records that wait belong to no billing account."""

    files: int = 0
    classes: dict[str, ClassTotals] = field(default_factory=lambda: {name: ClassTotals() for name in CLASSES})
    without_account: int = 0
    invoices: int = 0
    credit_notes: int = 0
    unfinished_runs: int = 0
    receivables: dict[str, dict[str, int]] = field(default_factory=dict)
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)

    def differ(self, sentence: str) -> None:
        """Note a difference; the first DIFFERENCES_SHOWN are kept, all are counted."""
        self.difference_count += 1
        if len(self.differences) < DIFFERENCES_SHOWN:
            self.differences.append(sentence)

    @property
    def clean(self) -> bool:
        """Whether the books agree."""
        return self.difference_count == 0

    @property
    def records(self) -> int:
        """All records of the lake."""
        return sum(totals.records for totals in self.classes.values())

    def to_json(self) -> dict[str, object]:
        """The report as JSON types."""
        return {
            "clean": self.clean,
            "lake_files": self.files,
            "records": {
                name: {"records": totals.records, "micros": totals.amounts}
                for name, totals in self.classes.items()
            },
            "records_without_account": self.without_account,
            "invoices": self.invoices,
            "credit_notes": self.credit_notes,
            "unfinished_runs": self.unfinished_runs,
            "receivables": self.receivables,
            "difference_count": self.difference_count,
            "differences": self.differences,
        }

    def to_text(self) -> str:
        """The report for people."""
        lines = [f"{self.records} records in {self.files} files of the lake"]
        for name, totals in self.classes.items():
            if totals.records:
                lines.append(f"  {name}: {totals.records} records{_amounts(totals.amounts)}")
        if self.without_account:
            lines.append(f"  of those that wait, {self.without_account} belong to no billing account")
        lines.append(f"{self.invoices} invoices, {self.credit_notes} credit notes")
        if self.unfinished_runs:
            lines.append(f"{self.unfinished_runs} billing runs were broken off: call them again")
        for currency, sums in sorted(self.receivables.items()):
            parts = [f"{name.removesuffix('_micros')} {format_micros(micros)}" for name, micros in sums.items()]
            lines.append(f"{currency}: " + ", ".join(parts))
        if self.clean:
            lines.append("The books of the offline side balance.")
        else:
            lines.append(f"{self.difference_count} differences of the offline side:")
            lines.extend(f"  {sentence}" for sentence in self.differences)
        return "\n".join(lines)


def _amounts(amounts: dict[str, int]) -> str:
    return "".join(f", {format_micros(micros)} {currency}" for currency, micros in sorted(amounts.items()))
