"""A statement as CSV: its lines, then what could not be rated, totals, conversions and the net."""

from __future__ import annotations

import csv
import io
from typing import Final

from balance.quantity import format_micros
from ocs.settlement.statement import Statement

COLUMNS: Final = (
    "row",
    "document",
    "direction",
    "kind",
    "service",
    "month",
    "late",
    "destination",
    "band",
    "tier",
    "records",
    "units",
    "unit_kind",
    "price",
    "per_units",
    "amount",
    "currency",
    "text",
)
"""``row`` is line, unrated, usage, rounding, total, before, due, converted, receivable, payable or net."""

Row = dict[str, object]


def statement_csv(statement: Statement) -> str:
    """The text of the file; amounts are decimal text, empty what does not apply."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in (*_lines(statement), *_totals(statement), *_net(statement)):
        writer.writerow({"document": statement.number, **row})
    return stream.getvalue()


def _lines(statement: Statement) -> list[Row]:
    lines: list[Row] = [
        {
            "row": "line",
            "direction": line.direction,
            "kind": line.kind,
            "service": line.service,
            "month": line.month,
            "late": "yes" if line.late else "no",
            "destination": line.destination,
            "band": line.band,
            "tier": line.tier or "",
            "records": line.records,
            "units": line.units,
            "unit_kind": line.unit_kind,
            "price": format_micros(line.price_micros),
            "per_units": line.per_units,
            "amount": format_micros(line.amount_micros),
            "currency": line.currency,
            "text": line.text,
        }
        for line in statement.lines
    ]
    lines += [
        {
            "row": "unrated",
            "direction": unrated.direction,
            "service": unrated.service,
            "records": unrated.records,
            "units": unrated.used_units,
            "amount": format_micros(0),
            "text": unrated.reason,
        }
        for unrated in statement.unrated
    ]
    return lines


def _totals(statement: Statement) -> list[Row]:
    rows: list[Row] = []
    for total in statement.totals:
        amounts = {
            "usage": total.usage_micros,
            "rounding": total.rounding_micros,
            "total": total.total_micros,
            "before": total.before_micros,
            "due": total.due_micros,
        }
        rows += [
            {
                "row": name,
                "direction": total.direction,
                "records": total.records if name == "usage" else "",
                "amount": format_micros(micros),
                "currency": total.currency,
            }
            for name, micros in amounts.items()
        ]
    return rows


def _net(statement: Statement) -> list[Row]:
    rows: list[Row] = [
        {
            "row": "converted",
            "direction": conversion.direction,
            "amount": format_micros(conversion.converted_micros),
            "currency": conversion.to_currency,
            "text": f"{format_micros(conversion.due_micros)} {conversion.currency} "
            f"at {conversion.rate} of {conversion.day}",
        }
        for conversion in statement.conversions
    ]
    for net in statement.net:
        amounts = {"receivable": net.receivable_micros, "payable": net.payable_micros, "net": net.net_micros}
        rows += [
            {"row": name, "amount": format_micros(micros), "currency": net.currency}
            for name, micros in amounts.items()
        ]
    return rows
