"""``ocs demo``."""

import sys
from pathlib import Path

import click

from ocs.cli.failure import Failure
from ocs.demo.run import DemoError, prepare, run_demo
from ocs.demo.server_process import ServerFailedError

_OWN_PLACE = Path("data/demo")


@click.command("demo")
@click.option(
    "--seconds", type=click.IntRange(min=1), default=60, show_default=True, help="How long traffic flows."
)
@click.option("--data", type=click.Path(path_type=Path), help="An empty directory instead of data/demo.")
def command(seconds: int, data: Path | None) -> None:
    """See it all: a server, gateways and subscribers for a minute, and the books proven at the end."""
    try:
        prepare(data or _OWN_PLACE, own=data is None)
        well = run_demo(data or _OWN_PLACE, seconds)
    except (DemoError, ServerFailedError) as error:
        raise Failure(str(error)) from error
    sys.exit(0 if well else 1)
