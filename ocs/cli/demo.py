"""``ocs demo`` and ``ocs demo billing``."""

import sys
from pathlib import Path

import click

from ocs.cli.failure import Failure
from ocs.demo.run import DemoError, prepare, run_demo
from ocs.demo.server_process import ServerFailedError

_OWN_PLACE = Path("data/demo")
_OWN_BILLING_PLACE = Path("data/demo-billing")


@click.group("demo", invoke_without_command=True)
@click.option(
    "--seconds", type=click.IntRange(min=1), default=60, show_default=True, help="How long traffic flows."
)
@click.option("--data", type=click.Path(path_type=Path), help="An empty directory instead of data/demo.")
@click.pass_context
def command(context: click.Context, seconds: int, data: Path | None) -> None:
    """See it all: a server, gateways and subscribers for a minute, and the books proven at the end."""
    if context.invoked_subcommand is not None:
        return
    try:
        prepare(data or _OWN_PLACE, own=data is None)
        well = run_demo(data or _OWN_PLACE, seconds)
    except (DemoError, ServerFailedError) as error:
        raise Failure(str(error)) from error
    sys.exit(0 if well else 1)


@command.command("billing")
@click.option(
    "--data", type=click.Path(path_type=Path), help="An empty directory instead of data/demo-billing."
)
def billing(data: Path | None) -> None:
    """See the offline side: customers, a month of usage, invoices, statements of partners, the books."""
    from ocs.demo.billing.run import BillingDemo  # noqa: PLC0415  (SQL, which the other demonstration does not need)

    try:
        prepare(data or _OWN_BILLING_PLACE, own=data is None)
        well = BillingDemo(data or _OWN_BILLING_PLACE, run_command).run()
    except DemoError as error:
        raise Failure(str(error)) from error
    sys.exit(0 if well else 1)


def run_command(arguments: list[str]) -> int:
    """Run one of our commands in this process; its exit code."""
    from ocs.cli import cli  # noqa: PLC0415  (it imports this module when it is asked for the command)

    try:
        code = cli.main(arguments, prog_name="ocs", standalone_mode=False)
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except SystemExit as end:
        code = end.code
    return code if isinstance(code, int) else 0
