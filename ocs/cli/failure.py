"""Expected failures: one clear line on stderr and exit code 1, instead of a trace."""

import sys

import click

from balance.store import StoreError
from config.issues import ConfigError
from ocs.accounts.top_up import TopUpError


class Failure(click.ClickException):
    """A command that can not do its work; the message says why."""

    def show(self, file: object = None) -> None:
        """Print the message to stderr."""
        del file
        sys.stderr.write(f"ocs: {self.format_message()}\n")


def failure_of(error: Exception) -> Failure | None:
    """The failure to show for an exception; None where it is a programming error, whose trace is wanted."""
    if isinstance(error, (StoreError, ConfigError, TopUpError)):
        return Failure(str(error))
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        place = f"{error.filename}: " if error.filename else ""
        return Failure(f"{place}{error.strerror or error}")
    return None
