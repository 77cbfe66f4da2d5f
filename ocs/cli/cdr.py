"""``ocs cdr``: records as they are in the journal; imports, queries and writing are in files of their own."""

import csv
import sys
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from balance.quantity import format_micros
from ocs.cdr.reader import RecordReader
from ocs.cdr.selection import COLUMNS, Record, Selection, csv_row, parse_since
from ocs.cli.cdr_import import import_files, list_files
from ocs.cli.cdr_query import query
from ocs.cli.cdr_write import write
from ocs.cli.counts import SOME_OR_ALL
from ocs.cli.failure import Failure
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, print_table, warn
from ocs.cli.whole_file import whole_file

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _selection_options(command: Decorated) -> Decorated:
    since = click.option("--since", default="", metavar="TIME", help="ISO 8601, or a span: 30m, 2h, 7d.")
    account = click.option("--account", default="", metavar="ID", help="Records of one account.")
    session = click.option("--session", default="", metavar="ID", help="Records of one Session-Id.")
    return since(account(session(command)))


@click.group("cdr")
@common_options
def command() -> None:
    """Charging data records: list and export them, import other systems' usage, ask the usage lake."""


command.add_command(import_files)
command.add_command(list_files)
command.add_command(query)
command.add_command(write)


@command.command("list")
@_selection_options
@click.option(
    "--limit", type=SOME_OR_ALL, default=50, show_default=True, help="Only the newest so many; 0 = all."
)
@common_options
@json_option
def list_records(since: str, account: str, session: str, limit: int, as_json: bool) -> None:
    """List records, the newest last."""
    reader = RecordReader(_directory())
    wanted = _selection(since, account, session).records(reader)
    found = deque((record for _, record in wanted), maxlen=limit or None)
    if as_json:
        print_json(list(found))
    else:
        header = ("sequence", "closed at", "account", "service", "group", "cause", "used", "unit", "amount", "")
        print_table(header, (_row(record) for record in found))
    for problem in reader.problems:
        warn(problem)


@command.command("export")
@_selection_options
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of stdout.")
@common_options
def export(since: str, account: str, session: str, form: str, output: Path | None) -> None:
    """Write records out as JSON Lines or CSV. Exit code 1 where records are missing or broken."""
    reader = RecordReader(_directory())
    selection = _selection(since, account, session)
    if output is None:
        _write(sys.stdout, reader, selection, form)
        sys.stdout.flush()
    else:
        with whole_file(output) as stream:
            _write(stream, reader, selection, form)
    for problem in reader.problems:
        warn(problem)
    if reader.problems:
        raise Failure("the record files are not complete")


def _write(stream: TextIO, reader: RecordReader, selection: Selection, form: str) -> None:
    if form == "jsonl":
        stream.writelines(line.decode() for line, _ in selection.records(reader))
        return
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for _, record in selection.records(reader):
        table.writerow(csv_row(record))


def _selection(since: str, account: str, session: str) -> Selection:
    try:
        begin = parse_since(since, datetime.now(UTC)) if since else ""
    except ValueError:
        raise click.BadParameter(f"{since!r} is neither a time nor a span", param_hint="--since") from None
    return Selection(begin, account, session)


def _directory() -> Path:
    settings = current_settings()
    if not (settings.records_directory.is_dir() or settings.data_directory.is_dir()):
        raise Failure(
            f"there is no record directory {settings.records_directory}: name it with --data or --config"
        )
    return settings.records_directory


def _row(record: Record) -> list[object]:
    group = record["rating_group"]
    return [
        record["sequence"],
        record["closed_at"],
        record["account"],
        record["service"],
        "-" if group is None else group,
        record["cause"],
        record["used_units"],
        record["unit_kind"],
        format_micros(record["amount_micros"]),
        record["currency"],
    ]
