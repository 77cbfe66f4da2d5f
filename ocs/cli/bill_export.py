"""``ocs bill export``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TextIO

import click

from ocs.billing.accounts import BillingError
from ocs.billing.invoice import Invoice, InvoiceLine, UsageItem, canonical_json
from ocs.billing.itemised import invoices_with_usage, run_invoices
from ocs.cdr.lake import Lake, LakeError
from ocs.cli.counts import ID
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings
from ocs.cli.whole_file import whole_file


@click.command("export")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@click.option("--run", "run_id", type=ID, metavar="RUN", help="All invoices of a run.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "lines", "usage"]), default="jsonl", show_default=True,
    help="JSON Lines with everything, CSV of the lines, or CSV of the itemised usage.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of stdout.")
@common_options
def export(numbers: tuple[str, ...], run_id: int | None, form: str, output: Path | None) -> None:
    """Write invoices out, by number or of a whole run, with their itemised usage."""
    if bool(numbers) == (run_id is not None):
        raise click.UsageError("name invoices, or a --run")
    settings = current_settings()
    try:
        with opened_database(settings) as engine:
            lake = Lake(settings.data_directory / "lake", engine)
            found: Iterator[Invoice]
            if run_id is None:
                found = iter(invoices_with_usage(engine, lake, numbers))
            else:
                found = run_invoices(engine, lake, run_id)
            if output is None:
                _export(found, form, sys.stdout)
                sys.stdout.flush()
            else:
                with whole_file(output) as stream:
                    _export(found, form, stream)
    except (BillingError, LakeError) as error:
        raise Failure(str(error)) from None


def _export(invoices: Iterator[Invoice], form: str, stream: TextIO) -> None:
    if form == "jsonl":
        stream.writelines(canonical_json(invoice).decode() + "\n" for invoice in invoices)
        return
    kind = InvoiceLine if form == "lines" else UsageItem
    names = [one.name for one in fields(kind)]
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["invoice", *names])
    for invoice in invoices:
        rows = invoice.lines if form == "lines" else invoice.usage
        table.writerows([invoice.number, *(getattr(row, name) for name in names)] for row in rows)
