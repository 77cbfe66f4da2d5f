"""A partner's file as the table ``theirs`` of DuckDB: every line is there, read or with the reason why not.

The lines are split by Python's csv, so that each keeps its number whatever is quoted, and what the fields mean
is computed by DuckDB over all lines at once.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from config.column_texts import SecondsColumn, TimeColumn, Word, WordColumn
from config.issues import ConfigError, Issue, did_you_mean
from config.settlement_mapping import FIELDS, PartnerMapping
from ocs.cdr.lake.columns import sql_text

if TYPE_CHECKING:
    from _csv import Reader

THEIRS: Final = "theirs"
_STAGED: Final = ("line", "problem", *FIELDS)
_FIELD_LIMIT: Final = 10_000
_MOST_SECONDS: Final = 1 << 40


def load_partner_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: PartnerMapping,
    currencies: dict[str, str],
    folder: Path,
) -> int:
    """Make ``theirs`` of a file; how many lines it has. ConfigError where file or header can not be used.

    ``currencies`` are those of incoming and outgoing: calls in another one can not be compared. ``folder``
    takes a temporary file.
    """
    fields = folder / "fields.csv"
    with fields.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_STAGED)
        writer.writerows(_rows(path, mapping))
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in _STAGED)
    source = (
        f"read_csv({sql_text(str(fields))}, header = true, columns = {{{types}}}, auto_detect = false, "
        "delim = ',', quote = '\"', escape = '\"', nullstr = '\\N')"
    )
    connection.execute(f"CREATE OR REPLACE TABLE {THEIRS} AS {_meaning(source, mapping, currencies)}")
    fields.unlink()
    (count,) = connection.execute(f"SELECT count(*) FROM {THEIRS}").fetchall()[0]  # noqa: S608
    return int(count)


def _rows(path: Path, mapping: PartnerMapping) -> Iterator[list[object]]:
    """Line number, what is wrong with the line, and the fields that the mapping knows: as in _STAGED."""
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        with path.open(encoding=_encoding(mapping), errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=mapping.delimiter)
            order, width = _order(path, reader, mapping)
            empty = [""] * len(FIELDS)
            while True:
                try:
                    fields = next(reader, None)
                except csv.Error as error:
                    yield [reader.line_num, f"not CSV: {error}", *empty]
                    continue
                if fields is None:
                    return
                if not fields:
                    continue
                if len(fields) == width or (width < 0 and len(fields) >= -width):
                    yield [reader.line_num, "", *(fields[at] if at >= 0 else "" for at in order)]
                else:
                    yield [reader.line_num, f"{len(fields)} fields, not {abs(width)}", *empty]
    except OSError as error:
        raise ConfigError([Issue(path, 0, 0, f"can not be read: {error.strerror}")]) from None


def _order(path: Path, reader: Reader, mapping: PartnerMapping) -> tuple[list[int], int]:
    """Where each field stands (-1 = nowhere), and how many fields a line has (below zero: at least so many)."""
    named = {str(location[0]): column for location, column in mapping.columns()}
    if not mapping.header:
        order = [int(named[name]) - 1 if name in named else -1 for name in FIELDS]
        return order, -(max(order) + 1)
    header = [name.strip() for name in next(reader, [])]
    issues = []
    for name, column in named.items():
        if column not in header:
            message = f"there is no column {column!r}, which the mapping reads {name!r} from"
            issues.append(Issue(path, 1, 0, message, did_you_mean(column, header)))
        elif header.count(column) > 1:
            issues.append(Issue(path, 1, 0, f"column {column!r} is here twice"))
    if issues:
        raise ConfigError(issues)
    return [header.index(named[name]) if name in named else -1 for name in FIELDS], len(header)


def _encoding(mapping: PartnerMapping) -> str:
    return "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding


def _meaning(source: str, mapping: PartnerMapping, currencies: dict[str, str]) -> str:
    """The query that makes values of fields; a line whose values are not all there has a problem."""
    own = " ".join(f"WHEN {sql_text(way)} THEN {sql_text(currency)}" for way, currency in currencies.items())
    currency = "own_currency" if mapping.currency is None else _word(mapping.currency, "currency")
    amount_point = "." if mapping.amount is None else mapping.amount.decimal
    rate_point = "." if mapping.rate is None else mapping.rate.decimal
    values = (
        f"SELECT *, {_word(mapping.direction, 'direction')} AS way, "  # noqa: S608 - quoted by sql_text
        f"nullif(trim(call_id), '') AS id, "
        f"{_number('calling', mapping) if mapping.calling is not None else 'NULL::VARCHAR'} AS caller, "
        f"{_number('called', mapping)} AS number, {_started(mapping.started)} AS started_ms, "
        f"{_seconds(mapping.seconds)} AS units, {_amount('amount', amount_point)} AS amount_micros, "
        f"{_amount('rate', rate_point)} AS rate_micros FROM {source}"
    )
    problems = [
        "WHEN problem <> '' THEN problem",
        _unreadable("way IS NULL", "direction"),
        "WHEN number IS NULL THEN 'the called number is missing'",
        _unreadable("started_ms IS NULL", "started"),
        _unreadable(f"units IS NULL OR units < 0 OR units > {_MOST_SECONDS}", "seconds"),
        "WHEN own_currency IS NULL THEN 'the agreement has no ' || way || ' traffic'",
        (
            f"WHEN {currency} IS DISTINCT FROM own_currency "
            f"THEN 'currency ' || coalesce({currency}, currency, '') || ', the agreement has ' || own_currency"
        ),
    ]
    if mapping.amount is not None:
        problems.append(_unreadable("amount_micros IS NULL", "amount"))
    if mapping.rate is not None:
        problems.append(_unreadable("rate_micros IS NULL", "rate"))
    return (
        f"SELECT CAST(line AS BIGINT) AS line, CASE {' '.join(problems)} ELSE '' END AS problem, "  # noqa: S608
        "way AS direction, id AS call_id, caller AS calling, number AS called, started_ms, units AS seconds, "
        "amount_micros, rate_micros "
        f"FROM (SELECT *, CASE way {own} END AS own_currency FROM ({values}))"
    )


def _unreadable(condition: str, field: str) -> str:
    return f"WHEN {condition} THEN '{field} ' || coalesce({field}, '') || ' can not be read'"


def _word(word: Word, field: str) -> str:
    """The word of a column or of the mapping; NULL where the mapping does not know it."""
    if not isinstance(word, WordColumn):
        return sql_text(word)
    text = f"trim({field})"
    if not word.values:
        return f"nullif({text}, '')"
    cases = " ".join(f"WHEN {sql_text(theirs)} THEN {sql_text(ours)}" for theirs, ours in word.values.items())
    other = "NULL" if word.otherwise is None else sql_text(word.otherwise)
    return f"CASE {text} {cases} ELSE {other} END"


def _number(field: str, mapping: PartnerMapping) -> str:
    """A number in international form, digits only; NULL where there is none."""
    bare = f"regexp_replace({field}, '[^0-9+]', '', 'g')"
    cases = [f"WHEN starts_with({bare}, '+') THEN substr({bare}, 2)"]
    numbers = mapping.numbers
    for prefix, country in (
        ()
        if numbers is None
        else (
            (numbers.international_prefix, ""),
            (numbers.national_prefix, numbers.country),
        )
    ):
        if prefix:
            rest = f"substr({bare}, {len(prefix) + 1})"
            cases.append(f"WHEN starts_with({bare}, {sql_text(prefix)}) THEN {sql_text(country)} || {rest}")
    return f"nullif(CASE {' '.join(cases)} ELSE {bare} END, '')"


def _started(column: TimeColumn) -> str:
    """Epoch milliseconds; of a local time that comes twice the one that the mapping means."""
    if column.format in {"epoch", "epoch_ms"}:
        return f"TRY_CAST(trim(started) AS BIGINT){' * 1000' if column.format == 'epoch' else ''}"
    if column.format == "iso":
        return "epoch_ms(TRY_CAST(trim(started) AS TIMESTAMPTZ))"
    parsed = f"try_strptime(trim(started), {sql_text(column.format)})"
    if "%z" in column.format:
        return f"epoch_ms({parsed})"
    zone = sql_text(column.time_zone)
    local = f"CAST({parsed} AS TIMESTAMP)"
    instant = f"timezone({zone}, {local})"
    hour = "INTERVAL 1 HOUR"
    other, choose = (
        (f"{instant} - {hour}", "least") if column.twice == "first" else (f"{instant} + {hour}", "greatest")
    )
    twin = f"CASE WHEN timezone({zone}, {other}) = {local} THEN {other} END"
    return f"epoch_ms({choose}({instant}, {twin}))"


def _seconds(column: SecondsColumn | None) -> str:
    """Whole seconds; begun ones count."""
    text = "trim(seconds)"
    if column is None:
        return "CAST(1 AS BIGINT)"
    if column.unit == "clock":
        parts = [f"TRY_CAST(split_part({text}, ':', {index}) AS BIGINT)" for index in (1, 2, 3)]
        return f"{parts[0]} * 3600 + {parts[1]} * 60 + {parts[2]}"
    if column.unit == "ms":
        return f"(TRY_CAST({text} AS BIGINT) + 999) // 1000"
    size = " * 60" if column.unit == "min" else ""
    return f"CAST(ceil(TRY_CAST({text} AS DECIMAL(18, 6)){size}) AS BIGINT)"


def _amount(field: str, point: str) -> str:
    """Micros of a decimal text; what is beyond a micro is rounded."""
    text = f"trim({field})" if point == "." else f"replace(replace(trim({field}), '.', ''), ',', '.')"
    plain = f"CASE WHEN regexp_full_match({text}, '[+-]?[0-9]+(\\.[0-9]*)?') THEN {text} END"
    return f"CAST(round(TRY_CAST({plain} AS DECIMAL(24, 12)) * 1000000) AS BIGINT)"
