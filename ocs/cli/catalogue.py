"""``ocs catalogue check`` and ``ocs catalogue show``."""

from pathlib import Path

import click

from config.catalogue_file import load_catalogue
from config.price_list import describe_catalogue
from ocs.cli.options import common_options, current_settings
from rating.catalogue import Catalogue


@click.group("catalogue")
@common_options
def command() -> None:
    """Check and read price lists."""


@command.command("check")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@common_options
def check(directory: Path | None) -> None:
    """Check a price list; every error is printed with file:line:column."""
    catalogue = _load(directory)
    plans = len(catalogue.plans)
    click.echo(f"catalogue {catalogue.version}: {plans} plan{'' if plans == 1 else 's'}, no errors")


@command.command("show")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@common_options
def show(directory: Path | None) -> None:
    """Print a price list in words."""
    click.echo(describe_catalogue(_load(directory)).rstrip("\n"))


def _load(directory: Path | None) -> Catalogue:
    return load_catalogue(directory if directory is not None else current_settings().catalogue_path)
