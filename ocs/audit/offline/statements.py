"""Statements with partners: documents, their rows, runs and numbers say the same, lines add up to the net.

Sums are made again with Decimal and whole numbers, not by the code that makes statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from ocs.settlement.statement import AGREED, INCOMING, DirectionTotal, Statement, StatementLine, parse_statement
from ocs.settlement.tables import (
    COMMITTED,
    SETTLEMENT_RUN,
    SETTLEMENT_SERIES,
    SETTLEMENT_STATEMENT,
    SETTLEMENT_TOTAL,
    STATEMENT,
)

_SUMS: Final = ("records", "usage_micros", "rounding_micros", "total_micros", "due_micros")


def check_statements(connection: Connection) -> Iterator[str]:
    """What differs, a sentence each."""
    run, statement, total = SETTLEMENT_RUN.c, SETTLEMENT_STATEMENT.c, SETTLEMENT_TOTAL.c
    runs = {row.run_id: row for row in connection.execute(select(SETTLEMENT_RUN).order_by(run.run_id))}
    totals: dict[int, list[Any]] = {}
    for row in connection.execute(select(SETTLEMENT_TOTAL).order_by(total.direction, total.currency)):
        totals.setdefault(row.statement_id, []).append(row)
    rows = connection.execute(select(SETTLEMENT_STATEMENT).order_by(statement.statement_id)).all()
    for row in rows:
        name = f"statement {row.number}"
        try:
            document = parse_statement(row.content)
        except msgspec.DecodeError as error:
            yield f"{name}: its content can not be read: {error}"
            continue
        yield from _same(name, row, runs[row.run_id], document)
        yield from _same_totals(name, totals.get(row.statement_id, []), document)
        yield from _adds_up(name, document)
    yield from _runs(list(runs.values()), [row for row in rows if row.kind == STATEMENT])
    yield from _numbers(connection, [row.number for row in rows])


def _same(name: str, row: Any, run: Any, document: Statement) -> Iterator[str]:
    """The row of a document, and the run that it was made in, say what the document does."""
    frozen = document.frozen
    facts: dict[str, tuple[object, object]] = {
        "number": (row.number, document.number),
        "kind": (row.kind, document.kind),
        "partner": (row.partner, document.party.partner),
        "period": (row.period, document.period),
        "agreement": (row.agreement, document.agreement),
        "issue_day": (row.issue_day, document.issue_day),
        "from_ms": (row.from_ms, _epoch_ms(document.from_at)),
        "to_ms": (row.to_ms, _epoch_ms(document.to_at)),
        "lake_cut": (row.lake_cut, frozen.lake_cut),
        "unrated": (row.unrated, sum(one.records for one in document.unrated)),
        "its run's partner": (run.partner, document.party.partner),
        "its run's period": (run.period, document.period),
        "its run's after_file": (run.after_file, frozen.after_file),
        "its run's after_ms": (run.after_ms, frozen.after_ms),
        "its run's lake_cut": (run.lake_cut, frozen.lake_cut),
    }
    for field, (stored, said) in facts.items():
        if stored != said:
            yield f"{name}: {field} is {stored!r}, in its document {said!r}"


def _epoch_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1000


def _same_totals(name: str, rows: list[Any], document: Statement) -> Iterator[str]:
    stored = [(row.direction, row.currency, *(getattr(row, field) for field in _SUMS)) for row in rows]
    said = sorted(
        (one.direction, one.currency, *(getattr(one, field) for field in _SUMS)) for one in document.totals
    )
    if stored != said:
        yield f"{name}: the totals in the database are not those of the document"


def _adds_up(name: str, document: Statement) -> Iterator[str]:
    for line in document.lines:
        yield from _line(name, line)
    for total in document.totals:
        yield from _total(name, total, document.lines)
    ways = {(line.direction, line.currency) for line in document.lines}
    if not ways <= {(total.direction, total.currency) for total in document.totals}:
        yield f"{name}: it has lines that are in no total"
    yield from _net(name, document)


def _line(name: str, line: StatementLine) -> Iterator[str]:
    """Each record of a line is rounded by itself, by less than a micro."""
    if line.kind == AGREED:
        return
    apart = abs(line.amount_micros * line.per_units - line.units * line.price_micros)
    if apart > line.records * line.per_units:
        yield f"{name}: line {line.number} is {line.amount_micros} micros, which its units and price are not"


def _total(name: str, total: DirectionTotal, lines: tuple[StatementLine, ...]) -> Iterator[str]:
    name = f"{name}, {total.direction} in {total.currency}"
    own = (line for line in lines if (line.direction, line.currency) == (total.direction, total.currency))
    usage = sum(line.amount_micros for line in own)
    if usage != total.usage_micros:
        yield f"{name}: its lines are {usage} micros, its sum says {total.usage_micros}"
    if _coins(Decimal(total.usage_micros), total.digits) != total.total_micros:
        yield f"{name}: {total.total_micros} micros are not {total.usage_micros} in whole coins"
    if total.usage_micros + total.rounding_micros != total.total_micros:
        yield f"{name}: sum and rounding are not the total"
    if total.total_micros - total.before_micros != total.due_micros:
        yield f"{name}: what is due is not the total less what was stated before"


def _coins(micros: Decimal, digits: int) -> int:
    coin: int = 10 ** (6 - digits)
    return coin * int(micros.scaleb(digits - 6).quantize(Decimal(1), ROUND_HALF_UP))


def _net(name: str, document: Statement) -> Iterator[str]:
    """What is due both ways, after conversion, is the net of each currency."""
    digits = {net.currency: net.digits for net in document.net}
    due = {(total.direction, total.currency): total.due_micros for total in document.totals}
    for one in document.conversions:
        if due.get((one.direction, one.currency)) != one.due_micros:
            yield f"{name}: what is converted is not what is due {one.direction}"
        right = _coins(Decimal(one.due_micros) * Decimal(one.rate), digits.get(one.to_currency, 6))
        if right != one.converted_micros:
            yield f"{name}: {one.converted_micros} micros were converted at {one.rate}, {right} is right"
    sums: dict[str, list[int]] = {}
    converted = {
        (one.direction, one.currency): (one.to_currency, one.converted_micros) for one in document.conversions
    }
    for total in document.totals:
        currency, micros = converted.get((total.direction, total.currency), (total.currency, total.due_micros))
        sums.setdefault(currency, [0, 0])[total.direction != INCOMING] += micros
    said = [(net.currency, net.receivable_micros, net.payable_micros, net.net_micros) for net in document.net]
    if said != [(currency, *ways, ways[0] - ways[1]) for currency, ways in sorted(sums.items())]:
        yield f"{name}: its net is not what is due both ways"


def _runs(runs: list[Any], statements: list[Any]) -> Iterator[str]:
    """Each run that was committed has its statement, and those of a partner follow each other."""
    made = {row.run_id: row for row in statements}
    last: dict[str, tuple[int, int]] = {}
    for run in sorted(runs, key=lambda one: (one.partner, one.period)):
        statement = made.get(run.run_id)
        if (run.status == COMMITTED) != (statement is not None):
            has = "no statement" if statement is None else f"statement {statement.number}"
            yield f"the settlement of {run.partner} for {run.period} is {run.status}, and has {has}"
        if statement is None:
            continue
        if (run.after_file, run.after_ms) != last.get(run.partner, (0, 0)):
            yield f"statement {statement.number} does not follow the one before"
        last[run.partner] = (run.lake_cut, statement.to_ms)


def _numbers(connection: Connection, numbers: list[str]) -> Iterator[str]:
    """The numbers of each series are 1, 2, 3 and so on, and the series knows the last one."""
    used: dict[str, set[int]] = {}
    for number in numbers:
        series, _, digits = number.rpartition("-")
        used.setdefault(series, set()).add(int(digits))
    known = {row.series: row.last_number for row in connection.execute(select(SETTLEMENT_SERIES))}
    for series in sorted({*used, *known}):
        last = max(used.get(series, set()), default=0)
        missing = sorted(set(range(1, last + 1)) - used.get(series, set()))
        if missing:
            yield f"series {series} has no number {', '.join(map(str, missing[:5]))}"
        if known.get(series, 0) != last:
            yield f"series {series} was taken up to {known.get(series, 0)}, {last} is the last that is there"
