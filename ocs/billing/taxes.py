"""Tax and discounts on a bill: by category and rate, each sum rounded once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from balance.quantity import MICROS
from config.bill_discounts_file import ALL, FEES, BillDiscount, BillDiscounts
from config.tax_file import STANDARD, TaxTable
from ocs.billing.accounts import Account, BillingError
from ocs.billing.coins import divided
from ocs.billing.invoice import DISCOUNT, USAGE, InvoiceLine, TaxLine
from ocs.billing.periods import day_before

WHOLE: Final = 1_000_000
"""100 % in millionths."""
TAXED: Final = "standard"
"""The tax status of accounts that pay tax; that of others is the reason why not."""


class TaxRules:
    """How the lines of one account are taxed: its status and jurisdiction, and the dated rates."""

    def __init__(self, table: TaxTable, jurisdiction: str, status: str) -> None:
        self._table = table
        self._jurisdiction = jurisdiction
        self._reason = "" if status == TAXED else status

    def rate_millionths(self, category: str, last_day: str) -> int:
        """The rate for what was delivered by a day; BillingError where the table has none."""
        if self._reason:
            return 0
        rate = self._table.rate_millionths(self._jurisdiction, category, last_day)
        if rate is None:
            raise BillingError(f"no tax rate for {self._jurisdiction!r}, {category!r} on {last_day}")
        return rate

    def group_of(self, line: InvoiceLine) -> tuple[str, int]:
        """Category and rate of a line. The last of its days decides which rate."""
        category = line.tax or STANDARD
        return category, self.rate_millionths(category, day_before(line.to_day))

    def rated(self, line: InvoiceLine, number: int) -> InvoiceLine:
        """The line with its number and rate; what costs nothing needs none."""
        rate = self.group_of(line)[1] if line.amount_micros else 0
        return replace(line, number=number, tax=line.tax or STANDARD, tax_rate_millionths=rate)

    def lines(self, lines: Iterable[InvoiceLine], digits: int) -> tuple[TaxLine, ...]:
        """A tax line for each category and rate of rated lines; what costs nothing has none."""
        nets: dict[tuple[str, int], int] = {}
        for line in lines:
            if line.amount_micros:
                group = (line.tax, line.tax_rate_millionths)
                nets[group] = nets.get(group, 0) + line.amount_micros
        return tuple(self._line(group, net, digits) for group, net in sorted(nets.items()))

    def _line(self, group: tuple[str, int], net_micros: int, digits: int) -> TaxLine:
        category, rate = group
        tax = tax_of(net_micros, rate, digits)
        return TaxLine(self._jurisdiction, category, rate, self._reason, net_micros, tax)


def tax_of(net_micros: int, rate_millionths: int, digits: int) -> int:
    """The tax on a sum, rounded once to whole coins; halves go away from zero."""
    coin: int = MICROS // 10**digits
    return coin * divided(net_micros * rate_millionths, WHOLE * coin)


def discount_lines(
    lines: Sequence[InvoiceLine], discounts: BillDiscounts, taxes: TaxRules, payer: Account, last_day: str
) -> list[InvoiceLine]:
    """The discounts on a bill, below zero: by plan and name, and by category and rate of tax."""
    found: list[InvoiceLine] = []
    for plan_id in sorted({line.plan for line in lines}):
        of_plan = [line for line in lines if line.plan == plan_id]
        reached: dict[str, BillDiscount] = {}
        for row in discounts.holding(plan_id, last_day):
            if sum(line.amount_micros for line in of_plan if _counts(row, line)) >= row.from_micros:
                reached[row.name] = row
        for row in reached.values():
            counted = [line for line in of_plan if _counts(row, line) and line.amount_micros]
            found += _lines_of(row, counted, taxes, payer)
    return found


def _counts(row: BillDiscount, line: InvoiceLine) -> bool:
    return row.of == ALL or (line.kind == USAGE) == (row.of != FEES)


def _lines_of(
    row: BillDiscount, counted: list[InvoiceLine], taxes: TaxRules, payer: Account
) -> list[InvoiceLine]:
    groups: dict[tuple[str, int], list[InvoiceLine]] = {}
    for line in counted:
        groups.setdefault(taxes.group_of(line), []).append(line)
    found = []
    for _, lines in sorted(groups.items()):
        amount = -divided(sum(line.amount_micros for line in lines) * row.percent_millionths, WHOLE)
        latest = max(lines, key=lambda line: line.to_day)
        begin = min(line.from_day for line in lines)
        line = InvoiceLine(
            0, DISCOUNT, row.name, payer.account_id, "", "", row.plan_id, latest.plan_name, "", begin,
            latest.to_day, 0, "", 0, False, latest.tax, amount, amount, payer.currency,
        )  # fmt: skip
        if amount:
            found.append(line)
    return found
