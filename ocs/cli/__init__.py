"""The command ``ocs``: subcommands are imported when they are called, so that each starts fast."""

import importlib
import sys

import click

from ocs.cli.options import common_options

_COMMANDS = {
    "account": "Look at accounts and top them up",
    "audit": "Prove that all balances, reservations and records agree",
    "bill": "Make invoices, correct them, and look at them",
    "tariff": "Check, show, try and compare price lists",
    "cdr": "List and export records, import usage, ask the usage lake",
    "customer": "Load customers from files and look at them",
    "demo": "See it all: a server, gateways and subscribers for a minute",
    "doctor": "Check this installation and its machine",
    "payment": "Record what customers pay, and see what they owe",
    "serve": "Run the charging server",
    "settle": "Settle with partners, and compare their records with ours",
    "simulate": "Drive a charging server as gateways do",
    "subscriber": "Load subscribers from files and look at them",
    "version": "Print the version",
}


class _Root(click.Group):
    """Finds a subcommand in the module of its name, as its attribute ``command`` or by its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"ocs.cli.{cmd_name}")
        found: click.Command = getattr(module, "command", None) or getattr(module, cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as error:
            from ocs.cli.failure import failure_of  # noqa: PLC0415  (its imports are for a command that failed)

            failure = failure_of(error)
            if failure is None:
                raise
            raise failure from error


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@common_options
def cli() -> None:
    """A real-time online charging server.

    Options that several commands know may stand before or after the command.
    """


def main() -> None:
    """Run the command line of this process."""
    sys.exit(cli.main(prog_name="ocs"))
