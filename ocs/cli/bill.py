"""``ocs bill run``, ``drop``, ``credit``, ``show``, ``list`` and ``runs``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from balance.opening import epoch_ms
from balance.quantity import AmountError, format_micros, parse_micros
from config.bill_discounts_file import BillDiscounts, load_bill_discounts
from config.catalogue_file import load_catalogue
from config.settings_schema import Settings
from config.tax_file import load_tax_table
from ocs.billing.accounts import BillingError
from ocs.billing.commit import Totals
from ocs.billing.credit import CreditRequest
from ocs.billing.credit import credit as write_credit_note
from ocs.billing.draft import Draft
from ocs.billing.invoice import INVOICE, Invoice, canonical_json
from ocs.billing.itemised import invoices_with_usage
from ocs.billing.nobodys import NobodysUsage, nobodys_usage
from ocs.billing.reading import credit_notes_of, list_documents, list_runs, load_document
from ocs.billing.run import AT_ONCE, BillingRuns
from ocs.billing.terms import CatalogueTerms
from ocs.cdr.lake import Lake, LakeError
from ocs.cli.bill_export import export
from ocs.cli.bill_render import render
from ocs.cli.bill_text import invoice_text
from ocs.cli.bill_verify import verify
from ocs.cli.counts import ID, SOME
from ocs.cli.days import Day
from ocs.cli.delivering import deliver_waiting
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, print_table, warn
from ocs.cli.progress import staged_bar
from ocs.cli.whole_file import whole_file
from ocs.payments.books import open_balances

TAX_FILE: Final = "tax.csv"
MOST_NAMED: Final = 20
DISCOUNTS_FILE: Final = "bill_discounts.csv"
FILE: Final = click.Path(path_type=Path)


@click.group("bill")
@common_options
def command() -> None:
    """Make invoices of what customers used and have, correct them, and look at them."""


command.add_command(render)
command.add_command(verify)
command.add_command(export)


@command.command("run")
@click.option("--cycle", "cycle_id", required=True, metavar="ID", help="The billing cycle.")
@click.option("--as-of", type=Day(), required=True, help="The day of issue: bills what ended by then.")
@click.option("--dry-run", is_flag=True, help="Compute every invoice and write nothing.")
@click.option("--tax", type=FILE, metavar="FILE", help="Tax rates; else tax.csv beside the plans.")
@click.option("--discounts", type=FILE, metavar="FILE", help="Discounts on the bill; else beside the plans.")
@click.option("--at-once", type=click.IntRange(min=1), default=AT_ONCE, help="Bills drafted in a transaction.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="A dry run's invoices, JSON Lines."
)
@common_options
@json_option
def run(
    cycle_id: str, as_of: str, dry_run: bool, tax: Path | None, discounts: Path | None, at_once: int,
    output: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Bill a cycle through its last period that ended by a day.

    A run that was killed goes on when it is called again. Accounts that can not be billed are left out and
    named (exit code 1); calling the run again bills them when the reason is gone.
    """
    if output is not None and not dry_run:
        raise click.UsageError("--output is a dry run's; use `ocs bill export` for invoices that exist")
    settings = current_settings()
    with _failures(), opened_database(settings) as engine, staged_bar() as bar:

        def progress(done: int, total: int) -> None:
            bar("invoices", done, total)

        runs = _runs(settings, engine, tax, discounts, at_once)
        if dry_run:
            with _written(output) as take:
                outcome = runs.dry_run(cycle_id, date.fromisoformat(as_of), take, progress)
        else:
            outcome = runs.run(cycle_id, date.fromisoformat(as_of), progress)
            deliver_waiting(settings, engine)
        nobodys = nobodys_usage(_lake(settings, engine))
    if as_json:
        print_json(
            {
                "run": outcome.run_id or None,
                "through": outcome.to_day,
                "invoices": outcome.totals.invoices,
                "total_micros": dict(outcome.totals.amounts),
                "resumed": outcome.resumed,
                "problems": [{"account": account, "problem": text} for account, text in outcome.problems],
                "nobodys_usage": [one._asdict() for one in nobodys],
            }
        )
    else:
        name = "dry run" if dry_run else f"run {outcome.run_id}" if outcome.run_id else "nothing to bill"
        click.echo(f"{name}: periods that ended before {outcome.to_day}, {_totals_text(outcome.totals)}")
        if outcome.resumed:
            click.echo(f"{outcome.resumed} drafts were there from a run that was broken off")
    _warn_of_days_to_come(outcome.to_day)
    _warn_of_nobodys(nobodys)
    for account, text in outcome.problems:
        warn(f"{account}: {text}")
    if outcome.problems:
        raise Failure(f"{len(outcome.problems)} accounts were left out")


@command.command("drop")
@click.argument("run_id", metavar="RUN", type=ID)
@common_options
def drop(run_id: int) -> None:
    """Forget a run that was broken off. A committed run stays: its invoices are corrected by credit notes."""
    settings = current_settings()
    with _failures(), opened_database(settings) as engine:
        _runs(settings, engine, None, None).drop(run_id)
    click.echo(f"run {run_id} is dropped")


@command.command("credit")
@click.argument("number", metavar="INVOICE")
@click.option("--line", type=click.IntRange(min=1), metavar="N", help="Only this line of the invoice.")
@click.option("--amount", help="So much before tax, instead of all that is left.")
@click.option("--reason", required=True, help="Why; it is printed on the credit note.")
@click.option("--date", "day", type=Day(), help="The day of issue; today where it is not said.")
@common_options
@json_option
def credit(
    number: str, line: int | None, amount: str | None, reason: str, day: str | None, as_json: bool
) -> None:
    """Give back an invoice, a line of it or an amount, with its tax, by a credit note."""
    try:
        micros = None if amount is None else parse_micros(amount)
    except AmountError as error:
        raise click.BadParameter(str(error), param_hint="--amount") from None
    issued = day or datetime.now(UTC).date().isoformat()
    settings = current_settings()
    with _failures(), opened_database(settings) as engine:
        note = write_credit_note(engine, CreditRequest(number, line, micros, reason, issued), epoch_ms())
        deliver_waiting(settings, engine)
    _print_document(note, [], as_json=as_json)


@command.command("show")
@click.argument("number", metavar="NUMBER")
@click.option("--usage", is_flag=True, help="With every item of usage.")
@common_options
@json_option
def show(number: str, usage: bool, as_json: bool) -> None:
    """Show an invoice or a credit note."""
    settings = current_settings()
    with _failures(), opened_database(settings) as engine:
        with engine.connect() as connection:
            document = load_document(connection, number)
            notes = list(credit_notes_of(connection, number))
        if usage and document.kind == INVOICE:
            (document,) = invoices_with_usage(engine, _lake(settings, engine), [number])
    _print_document(document, notes, as_json=as_json)


@command.command("list")
@click.option("--account", "account_id", metavar="ID", help="Only this account's.")
@click.option("--run", "run_id", type=ID, metavar="RUN", help="Only this run's.")
@click.option("--most", type=SOME, default=1000, show_default=True, help="The last so many.")
@common_options
@json_option
def list_invoices(account_id: str | None, run_id: int | None, most: int, as_json: bool) -> None:
    """List invoices and credit notes."""
    with opened_database(current_settings()) as engine, engine.connect() as connection:
        found = list_documents(connection, account_id=account_id, run_id=run_id, most=most)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    header = ("number", "account", "issued", "due", "net", "tax", "total", "currency", "corrects")
    rows = [
        [one.number, one.account_id, one.issue_day, one.due_day or ""]
        + [format_micros(micros) for micros in (one.net_micros, one.tax_micros, one.total_micros)]
        + [one.currency, one.corrects or ""]
        for one in found
    ]
    print_table(header, rows)


@command.command("runs")
@common_options
@json_option
def runs_command(as_json: bool) -> None:
    """List billing runs, with the input they were made of."""
    with opened_database(current_settings()) as engine, engine.connect() as connection:
        found = [asdict(one) for one in list_runs(connection)]
    if as_json:
        print_json(found)
        return
    header = (
        "run", "cycle", "as of", "through", "status", "accounts", "invoices", "drafts", "lake file",
        "catalogue", "taxes",
    )  # fmt: skip
    print_table(header, [list(one.values()) for one in found])


def _runs(
    settings: Settings, engine: Engine, tax: Path | None, discounts: Path | None, at_once: int = AT_ONCE
) -> BillingRuns:
    """Billing by the settings' catalogue, and the files beside it or those that are named."""
    path = settings.catalogue_path
    folder = path if path.is_dir() else path.parent
    beside = discounts or folder / DISCOUNTS_FILE
    on_bill = load_bill_discounts(beside) if discounts or beside.is_file() else BillDiscounts([])
    taxes = load_tax_table(tax or folder / TAX_FILE)
    terms = CatalogueTerms(load_catalogue(path))
    lake = _lake(settings, engine)
    return BillingRuns(engine, lake, terms, taxes, on_bill, open_balances, epoch_ms, at_once)


def _lake(settings: Settings, engine: Engine) -> Lake:
    return Lake(settings.data_directory / "lake", engine)


@contextmanager
def _failures() -> Iterator[None]:
    """What billing refuses is a failure of the command."""
    try:
        yield
    except (BillingError, LakeError) as error:
        raise Failure(str(error)) from None


@contextmanager
def _written(output: Path | None) -> Iterator[Callable[[Draft], None]]:
    """Where drafts go: a file of JSON Lines, or nowhere."""
    if output is None:
        yield _leave
        return
    with whole_file(output) as stream:

        def write(draft: Draft) -> None:
            if draft.invoice is not None:
                stream.write(canonical_json(draft.invoice).decode() + "\n")

        yield write


def _leave(draft: Draft) -> None:
    del draft


def _warn_of_days_to_come(to_day: str) -> None:
    """A bill of days that are not over is allowed, and seldom meant."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # somewhere it is tomorrow now
    if to_day > tomorrow.isoformat():
        warn(f"the days before {to_day} are not over: what is used until then will be on later bills")


def _warn_of_nobodys(found: list[NobodysUsage]) -> None:
    """Name the accounts whose usage waits for a customer; the first of many."""
    for one in found[:MOST_NAMED]:
        amount = f", {format_micros(one.amount_micros)} {one.currency}" if one.currency else ""
        number = f" ({one.msisdn})" if one.msisdn not in {"", one.account_id} else ""
        warn(f"nobody is billed for {one.records} records of account {one.account_id}{number}{amount}")
    if len(found) > MOST_NAMED:
        warn(f"... and for those of {len(found) - MOST_NAMED} more accounts: see --json")


def _totals_text(totals: Totals) -> str:
    sums = sorted(totals.amounts.items())
    amounts = ", ".join(f"{format_micros(micros)} {currency}" for currency, micros in sums)
    return f"{totals.invoices} invoices" + (f", {amounts} with tax" if amounts else "")


def _print_document(document: Invoice, notes: list[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(canonical_json(document).decode())
    else:
        click.echo(invoice_text(document, notes))
