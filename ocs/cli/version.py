"""``ocs version``."""

import platform

import click

from ocs import __version__, hotpath
from ocs.cli.options import json_option
from ocs.cli.printing import print_json


def version_fields() -> dict[str, str]:
    """What runs here."""
    return {
        "version": __version__,
        "hot_path": hotpath.form(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
    }


@click.command("version")
@json_option
def command(as_json: bool) -> None:
    """Print the version."""
    fields = version_fields()
    if as_json:
        print_json(fields)
    else:
        click.echo(f"ocs {fields['version']} ({fields['hot_path']}, Python {fields['python']})")
