"""``ocs bill render``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from sqlalchemy import Engine

from ocs.billing.accounts import BillingError
from ocs.billing.document.files import write_files
from ocs.billing.document.invoice_renderer import InvoiceRenderer
from ocs.billing.document.run_rendering import RenderingError, RenderingOutcome, render_run
from ocs.billing.invoice import INVOICE, Invoice
from ocs.billing.itemised import invoices_with_usage, numbers_of_run
from ocs.billing.reading import load_document
from ocs.cdr.lake import Lake, LakeError
from ocs.cli.counts import ID
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, warn
from ocs.cli.progress import progress_bar
from ocs.documents.branding import Branding, load_branding
from ocs.documents.fonts import MissingGlyphsError
from ocs.documents.typst_renderer import TemplateError

_MOST_WARNINGS = 10


@click.command("render")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@click.option("--run", "run_id", type=ID, metavar="RUN", help="All invoices of a run.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Else invoices/ in --data."
)
@click.option("--branding", type=click.Path(path_type=Path), metavar="DIR", help="Else that of [documents].")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes; one for each core where it is not said."
)
@click.option("--again", is_flag=True, help="Also those that are there, as after a change of the branding.")
@common_options
@json_option
def render(
    numbers: tuple[str, ...], run_id: int | None, folder: Path | None, branding: Path | None,
    workers: int | None, again: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make PDF, JSON and CSV of invoices and credit notes, by number or of a whole run.

    A run that was broken off goes on where it was. Documents that are there stay as they are, but with --again.
    """
    if bool(numbers) == (run_id is not None):
        raise click.UsageError("name invoices or credit notes, or a --run")
    settings = current_settings()
    chosen = load_branding(branding or settings.branding_directory)
    target = folder or settings.data_directory / "invoices"
    try:
        with opened_database(settings) as engine:
            lake = Lake(settings.data_directory / "lake", engine)
            if run_id is None:
                outcome = _render_some(engine, lake, numbers, chosen, target)
            else:
                target /= f"run-{run_id}"
                outcome = _render_run(engine, lake, run_id, chosen, target, workers, again=again)
    except (BillingError, LakeError, RenderingError, TemplateError) as error:
        raise Failure(str(error)) from None
    _report(outcome, target, as_json=as_json)


def _render_some(
    engine: Engine, lake: Lake, numbers: Sequence[str], branding: Branding, folder: Path
) -> RenderingOutcome:
    """A few documents of either kind, always made again."""
    folder.mkdir(parents=True, exist_ok=True)
    outcome = RenderingOutcome()
    with InvoiceRenderer(branding) as renderer:
        for document in _documents(engine, lake, numbers):
            try:
                write_files(folder, document, renderer.render(document))
                outcome.made += 1
            except MissingGlyphsError as error:
                outcome.problems.append((document.number, str(error)))
    return outcome


def _documents(engine: Engine, lake: Lake, numbers: Sequence[str]) -> Iterator[Invoice]:
    for number in numbers:
        with engine.connect() as connection:
            document = load_document(connection, number)
        if document.kind == INVOICE:
            (document,) = invoices_with_usage(engine, lake, [number])
        yield document


def _render_run(
    engine: Engine,
    lake: Lake,
    run_id: int,
    branding: Branding,
    folder: Path,
    workers: int | None,
    *,
    again: bool,
) -> RenderingOutcome:
    numbers = numbers_of_run(engine, run_id)
    with progress_bar("documents", len(numbers)) as progress:
        return render_run(
            numbers,
            lambda some: invoices_with_usage(engine, lake, some),
            branding,
            folder,
            workers or os.cpu_count() or 1,
            again=again,
            progress=progress,
        )


def _report(outcome: RenderingOutcome, folder: Path, *, as_json: bool) -> None:
    if as_json:
        problems = [{"number": number, "problem": text} for number, text in outcome.problems]
        print_json({"folder": str(folder), "made": outcome.made, "kept": outcome.kept, "problems": problems})
    else:
        kept = f", {outcome.kept} were there already" if outcome.kept else ""
        click.echo(f"{outcome.made} documents made{kept}: {folder}")
    for number, text in outcome.problems[:_MOST_WARNINGS]:
        warn(f"{number}: {text}")
    if outcome.problems:
        raise Failure(f"{len(outcome.problems)} documents could not be made")
