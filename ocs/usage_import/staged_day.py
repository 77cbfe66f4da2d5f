"""What is known of the rows of a day while they wait. Compiled."""

from __future__ import annotations

from mypy_extensions import i64


class StagedDay:
    """The rows of a UTC day, by sequence and line: those that wait in memory, and counts of all."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.count: i64 = 0
        self.records: i64 = 0
        self._amounts: dict[str, int] = {}
        self._currency = ""
        self._micros: int = 0

    def count_record(self, rows: i64, currency: str, amount_micros: int) -> None:
        """Count a record whose rows were added."""
        self.count += rows
        self.records += 1
        if currency is not self._currency:
            self._sum_up()
            self._currency = currency
        self._micros += amount_micros

    def amounts(self) -> dict[str, int]:
        """Micros by currency."""
        self._sum_up()
        return self._amounts

    def _sum_up(self) -> None:
        currency = self._currency
        if currency:
            self._amounts[currency] = self._amounts.get(currency, 0) + self._micros
        self._micros = 0
