"""``ocs bill verify``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import Engine, select

from config.bill_discounts_file import BillDiscounts, load_bill_discounts
from config.catalogue_file import load_catalogue
from config.settings_schema import Settings
from config.tax_file import load_tax_table
from ocs.billing.accounts import BillingError
from ocs.billing.comparing import Rebuilt
from ocs.billing.rebuilding import Rebuilder
from ocs.billing.tables import INVOICE
from ocs.billing.terms import CatalogueTerms
from ocs.cdr.lake import Lake, LakeError
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json

_MOST_DIFFERENCES = 20


@click.command("verify")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@click.option("--run", "run_id", type=int, metavar="RUN", help="All invoices of a run.")
@click.option("--tax", type=click.Path(path_type=Path), metavar="FILE", help="Else tax.csv beside the plans.")
@click.option("--discounts", type=click.Path(path_type=Path), metavar="FILE", help="Else beside the plans.")
@common_options
@json_option
def verify(
    numbers: tuple[str, ...], run_id: int | None, tax: Path | None, discounts: Path | None, as_json: bool
) -> None:
    """Make invoices and credit notes again from their frozen input and compare them, octet by octet.

    A credit note is made again from its invoice and the credit notes before it. Exit code 1 where one differs.
    What was open before is taken from the invoice: payments come later.
    """
    if bool(numbers) == (run_id is not None):
        raise click.UsageError("name invoices, or a --run")
    settings = current_settings()
    try:
        with opened_database(settings) as engine:
            rebuilder = _rebuilder(settings, engine, tax, discounts)
            found = [rebuilder.rebuild(number) for number in numbers or _numbers(engine, run_id)]
    except (BillingError, LakeError) as error:
        raise Failure(str(error)) from None
    if as_json:
        print_json([{**asdict(one), "same": one.same} for one in found])
    else:
        for one in found:
            _print(one)
    unlike = sum(not one.same for one in found)
    if unlike:
        raise Failure(f"{unlike} of {len(found)} documents are not what their input makes now")


def _rebuilder(settings: Settings, engine: Engine, tax: Path | None, discounts: Path | None) -> Rebuilder:
    path = settings.catalogue_path
    folder = path if path.is_dir() else path.parent
    beside = discounts or folder / "bill_discounts.csv"
    on_bill = load_bill_discounts(beside) if discounts or beside.is_file() else BillDiscounts([])
    lake = Lake(settings.data_directory / "lake", engine)
    terms = CatalogueTerms(load_catalogue(path))
    return Rebuilder(engine, lake, terms, load_tax_table(tax or folder / "tax.csv"), on_bill)


def _numbers(engine: Engine, run_id: int | None) -> Sequence[str]:
    with engine.connect() as connection:
        query = select(INVOICE.c.number).where(INVOICE.c.run_id == run_id).order_by(INVOICE.c.number)
        numbers = connection.scalars(query).all()
    if not numbers:
        raise BillingError(f"there is no invoice of run {run_id}")
    return numbers


def _print(one: Rebuilt) -> None:
    click.echo(f"{one.number}: {'the same' if one.same else 'NOT the same'}, sha256 {one.digest}")
    if one.inputs:
        click.echo(f"  not as it was frozen: {', '.join(one.inputs)}")
    for place, issued, again in one.differences[:_MOST_DIFFERENCES]:
        click.echo(f"  {place}: issued {issued}, now {again}")
    if len(one.differences) > _MOST_DIFFERENCES:
        click.echo(f"  and {len(one.differences) - _MOST_DIFFERENCES} more")
