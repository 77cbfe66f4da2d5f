"""``ocs settle``: agreements checked, months settled, documents shown and corrected."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
import msgspec

from balance.opening import epoch_ms
from balance.quantity import format_micros
from config.settings_schema import Settings
from config.settlement_file import load_agreements
from ocs.cdr.lake import Lake
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, print_table
from ocs.cli.progress import staged_bar
from ocs.cli.settle_choices import PARTNER, PERIOD, agreements_of, amount_micros
from ocs.cli.settle_output import print_settled, print_statement
from ocs.cli.settle_reconcile import reconcile_file
from ocs.documents.branding import load_branding
from ocs.settlement import SettlementError
from ocs.settlement.document import StatementWriter
from ocs.settlement.folders import SettlementFolder
from ocs.settlement.period import day_of
from ocs.settlement.run import Settlement
from ocs.settlement.statement import DIRECTIONS
from ocs.settlement.stored import find_stored, stored_documents

_DATE = click.option("--date", "day", default=None, metavar="DAY", help="The document's date; today otherwise.")
_LEAVE = click.option("--leave-unrated", is_flag=True, help="Usage without a price stands there at nothing.")


@click.group("settle")
@common_options
def command() -> None:
    """Settle with partners: statements of interconnect traffic, and their records against ours."""


command.add_command(reconcile_file)


@command.command("check")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@common_options
def check(directory: Path | None) -> None:
    """Check agreements; every error is printed with file:line:column."""
    found = load_agreements(directory or current_settings().partners_path)
    for agreements in found.values():
        terms = sum(
            len(prefixes.terms)
            for version in agreements.versions
            for direction in version.directions.values()
            for prefixes in direction.services.values()
        )
        versions = len(agreements.versions)
        click.echo(
            f"{agreements.partner}: {versions} version{'' if versions == 1 else 's'}, {terms} prices, "
            f"hash {agreements.version}"
        )
    click.echo(f"{len(found)} partner{'' if len(found) == 1 else 's'}, no errors")


@command.command("run")
@PARTNER
@PERIOD
@_DATE
@_LEAVE
@click.option("--dry-run", is_flag=True, help="Show what it would be; nothing is kept.")
@common_options
@json_option
def run(partner: str, period: str, day: str | None, leave_unrated: bool, dry_run: bool, as_json: bool) -> None:
    """Make the statement of a partner's month: both ways, netted, as PDF, CSV and JSON.

    Run again it gives the same octets. Usage that comes later is on the next month's statement.
    """
    settings = current_settings()
    agreements = agreements_of(settings, partner)
    with _settlement(settings) as settlement, staged_bar() as bar:
        if dry_run:
            today = _day(day) or day_of(epoch_ms(), agreements.time_zone).isoformat()
            with tempfile.TemporaryDirectory(prefix="ocs-settle-") as work:
                preview = settlement.preview(
                    agreements, period, Path(work), today, lambda done: bar("records", done, None)
                )
            print_statement(preview, as_json)
            return
        settled = settlement.run(
            agreements,
            period,
            epoch_ms(),
            issue_day=_day(day),
            leave_unrated=leave_unrated,
            progress=lambda done: bar("records", done, None),
        )
    print_settled(settled, as_json)


@command.command("again")
@click.argument("number")
@common_options
@json_option
def again(number: str, as_json: bool) -> None:
    """Compute a document again from its frozen input, compare it, and write its files anew."""
    with _settlement(current_settings()) as settlement, staged_bar() as bar:
        settled = settlement.again(number, lambda done: bar("records", done, None))
    print_settled(settled, as_json)


@command.command("correct")
@click.argument("number")
@click.option("--reason", required=True, help="Why; it stands on the document.")
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Of an agreed amount.")
@click.option("--amount", metavar="AMOUNT", help="Agreed upon: more, or below zero less, than was stated.")
@_DATE
@_LEAVE
@common_options
@json_option
def correct(
    number: str,
    reason: str,
    direction: str | None,
    amount: str | None,
    day: str | None,
    leave_unrated: bool,
    as_json: bool,
) -> None:
    """Correct a statement by a new document; nothing that was stated is changed.

    Without --amount the same records are priced by the agreement as it is now, and the difference is stated.
    """
    if (direction is None) != (amount is None):
        raise click.UsageError("--direction and --amount belong together")
    settings = current_settings()
    agreements = agreements_of(settings, _partner_of(settings, number))
    today = _day(day) or day_of(epoch_ms(), agreements.time_zone).isoformat()
    with _settlement(settings) as settlement, staged_bar() as bar:
        if direction is not None and amount is not None:
            settled = settlement.credit(
                agreements, number, direction, amount_micros(amount, "--amount"), reason, today
            )
        else:
            settled = settlement.correct(
                agreements,
                number,
                reason,
                today,
                leave_unrated=leave_unrated,
                progress=lambda done: bar("records", done, None),
            )
    print_settled(settled, as_json)


@command.command("list")
@click.option("--partner", metavar="P", help="Documents of one partner.")
@common_options
@json_option
def list_documents(partner: str | None, as_json: bool) -> None:
    """List statements, corrections and agreed amounts in the order in which they were made."""
    with opened_database(current_settings()) as engine, engine.connect() as connection:
        found = [stored.statement for stored in stored_documents(connection, partner)]
    if as_json:
        print_json([msgspec.to_builtins(replace(statement, lines=())) for statement in found])
        return
    rows = [
        (
            statement.number,
            statement.kind,
            statement.party.partner,
            statement.period,
            statement.issue_day,
            statement.corrects or "-",
            "; ".join(f"{format_micros(net.net_micros)} {net.currency}" for net in statement.net),
        )
        for statement in found
    ]
    print_table(("number", "kind", "partner", "period", "date", "corrects", "net"), rows)


@command.command("show")
@click.argument("number")
@common_options
@json_option
def show(number: str, as_json: bool) -> None:
    """Show a document."""
    with opened_database(current_settings()) as engine, engine.connect() as connection:
        stored = find_stored(connection, number)
    if stored is None:
        raise Failure(f"there is no document {number}")
    print_statement(stored.statement, as_json)


@contextmanager
def _settlement(settings: Settings) -> Iterator[Settlement]:
    """The settlement of the data directory; what it refuses is a failure of the command."""
    with (
        opened_database(settings) as engine,
        StatementWriter(load_branding(settings.branding_directory)) as writer,
    ):
        lake = Lake(settings.data_directory / "lake", engine)
        folder = SettlementFolder(settings.data_directory / "settlement")
        try:
            yield Settlement(engine, lake, folder, writer.write)
        except SettlementError as error:
            raise Failure(str(error)) from None
        finally:
            lake.connection.close()


def _partner_of(settings: Settings, number: str) -> str:
    with opened_database(settings) as engine, engine.connect() as connection:
        stored = find_stored(connection, number)
    if stored is None:
        raise Failure(f"there is no document {number}")
    return stored.partner


def _day(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day such as 2026-12-01", param_hint="--date") from None
