"""What ``ocs settle`` prints: documents, and what a reconciliation found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
import msgspec

from balance.quantity import format_micros
from ocs.cli.printing import print_json, print_table
from ocs.settlement.reconciliation.reconcile import Reconciled
from ocs.settlement.reconciliation.report import ClassTotal, summed
from ocs.settlement.run import Settled
from ocs.settlement.statement import Statement


def print_settled(settled: Settled, as_json: bool) -> None:
    """Print a document and where its files are."""
    if as_json:
        data = {"folder": str(settled.folder), "repeated": settled.repeated}
        print_json({**data, "statement": msgspec.to_builtins(settled.statement)})
        return
    print_statement(settled.statement, as_json=False)
    what = "was committed before; the same again is in" if settled.repeated else "is in"
    click.echo(f"{settled.statement.number} {what} {settled.folder}")


def print_statement(statement: Statement, as_json: bool) -> None:
    """Print a document: its lines, totals and net."""
    if as_json:
        print_json(msgspec.to_builtins(statement))
        return
    corrects = f", corrects {statement.corrects}" if statement.corrects else ""
    click.echo(f"{statement.number or 'not committed'}: {statement.kind} for {statement.party.name}{corrects}")
    click.echo(f"{statement.period} in {statement.time_zone}, agreement {statement.agreement}\n")
    header = ("direction", "service", "month", "destination", "band", "tier", "records", "units", "amount", "")
    print_table(
        header,
        (
            (
                line.direction,
                line.service or line.kind,
                line.month,
                line.destination or "-",
                line.band or ("-" if line.kind == "usage" else line.kind),
                line.tier or "-",
                line.records,
                line.units,
                format_micros(line.amount_micros),
                line.currency,
            )
            for line in statement.lines
        ),
    )
    for unrated in statement.unrated:
        click.echo(
            f"without a price: {unrated.records} {unrated.direction} {unrated.service}: {unrated.reason}"
        )
    click.echo("")
    for total in statement.totals:
        click.echo(
            f"{total.direction}: {total.records} records, {format_micros(total.total_micros)} {total.currency}"
            f" (rounded by {format_micros(total.rounding_micros)})"
        )
        if statement.corrects:
            click.echo(
                f"  stated before {format_micros(total.before_micros)}, due {format_micros(total.due_micros)}"
            )
    for conversion in statement.conversions:
        click.echo(
            f"{conversion.direction}: {format_micros(conversion.converted_micros)} {conversion.to_currency}"
            f" at {conversion.rate} of {conversion.day}"
        )
    for net in statement.net:
        who = "the partner pays" if net.net_micros >= 0 else "we pay"
        click.echo(f"net: {who} {format_micros(abs(net.net_micros))} {net.currency}")


def print_reconciled(done: Reconciled, as_json: bool) -> None:
    """Print the sums of each class of difference."""
    report = done.report
    if as_json:
        data: dict[str, Any] = asdict(report)
        data["folder"] = str(done.folder)
        print_json(data)
        return
    currencies = dict(report.currencies)
    for direction in dict.fromkeys(total.direction for total in report.totals):
        currency = currencies.get(direction, "")
        click.echo(f"{direction or 'unreadable lines'} {currency}".rstrip())
        totals = [total for total in report.totals if total.direction == direction]
        totals.append(summed(totals, direction))
        header = (
            "class",
            "records",
            "our units",
            "their units",
            "difference",
            "our amount",
            "their amount",
            "difference",
        )
        print_table(header, (_total_row(total, report.amounts) for total in totals))
        click.echo("")
    click.echo(f"{done.differences} records in {done.folder / 'differences.csv'}")


def _total_row(total: ClassTotal, amounts: bool) -> list[object]:
    row: list[object] = [total.name, total.records, total.our_units, total.their_units, total.difference_units]
    row.append(format_micros(total.our_micros))
    row += (
        [format_micros(total.their_micros), format_micros(total.difference_micros)] if amounts else ["-", "-"]
    )
    return row
