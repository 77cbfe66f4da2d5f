"""Expected failures: one clear line on stderr and exit code 1, instead of a trace."""

import sys

import click

from balance.store import StoreError
from config.issues import ConfigError
from ocs.accounts.referral import ReferralError
from ocs.accounts.top_up import TopUpError


class Failure(click.ClickException):
    """A command that can not do its work; the message says why."""

    def show(self, file: object = None) -> None:
        """Print the message to stderr."""
        del file
        sys.stderr.write(f"ocs: {self.format_message()}\n")


def failure_of(error: Exception) -> Failure | None:
    """The failure to show for an exception; None where it is a programming error, whose trace is wanted."""
    if isinstance(error, (StoreError, ConfigError, TopUpError, ReferralError)):
        return Failure(str(error))
    if _is_of_the_database(error):
        from ocs.database.opening import reason_of  # noqa: PLC0415

        return Failure(f"the database: {reason_of(error)}")
    if _is_of_the_lake(error):
        return Failure(f"the lake: {error}")
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        place = f"{error.filename}: " if error.filename else ""
        return Failure(f"{place}{error.strerror or error}")
    return None


def _is_of_the_database(error: Exception) -> bool:
    """Whether a database refused, or is not there; it is known by name, its import would cost 200 ms."""
    if "sqlalchemy" not in sys.modules:
        return False
    from sqlalchemy.exc import InterfaceError, OperationalError  # noqa: PLC0415

    from ocs.database.opening import DatabaseError  # noqa: PLC0415

    return isinstance(error, (DatabaseError, InterfaceError, OperationalError))


def _is_of_the_lake(error: Exception) -> bool:
    """Whether a file of the lake can not be read or written; a wrong query of ours is not among these."""
    if "duckdb" not in sys.modules:
        return False
    import duckdb  # noqa: PLC0415

    return isinstance(error, (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException))
