"""``ocs tariff``: check, show, try and compare price lists."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from balance.opening import epoch_ms
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json

if TYPE_CHECKING:  # what reads price lists is imported by the commands that do
    from config.catalogue_file import CheckedCatalogue
    from config.yaml_nodes import Data
    from ocs.tariffs.trial import Trial

_path = click.Path(path_type=Path)


@click.group("tariff")
@common_options
def command() -> None:
    """Check, show, try and compare price lists."""


@command.command("check")
@click.argument("directory", metavar="[PATH]", required=False, type=_path)
@click.option("--strict", is_flag=True, help="Warnings fail the check too.")
@common_options
def check(directory: Path | None, strict: bool) -> None:
    """Check a price list and prove its examples; each mistake with file:line:column, a code and a hint."""
    checked = _checked(directory)
    for issue in checked.issues:
        click.echo(str(issue), err=True)
    catalogue = checked.catalogue
    assert catalogue is not None  # noqa: S101  (_checked fails otherwise)
    counts = [_count(len(catalogue.plans), "plan"), _count(len(checked.examples), "example") + " proved"]
    counts.append(f"no errors, {_count(len(checked.issues), 'warning')}" if checked.issues else "no errors")
    click.echo(f"catalogue {catalogue.version}: {', '.join(counts)}")
    if strict and checked.issues:
        raise Failure("there are warnings")


@command.command("show")
@click.argument("directory", metavar="[PATH]", required=False, type=_path)
@common_options
def show(directory: Path | None) -> None:
    """Print a price list in words."""
    from config.price_list import describe_catalogue  # noqa: PLC0415  (see above)

    catalogue = _checked(directory).catalogue
    if catalogue is not None:
        click.echo(describe_catalogue(catalogue).rstrip("\n"))


@command.command("price")
@click.argument("directory", metavar="[PATH]", required=False, type=_path)
@click.option("--plan", metavar="PLAN", help="The plan of somebody of whom nothing else is known.")
@click.option("--msisdn", metavar="ID", help="A subscriber of the store: plan, group, counters and buckets.")
@click.option(
    "--usage",
    metavar="WHAT",
    required=True,
    help="As in an example: 'service=voice, called=+49301234567, direction=outgoing, duration=5 min'.",
)
@click.option("--at", metavar="TIME", help="When it begins, local time of the network; now if not said.")
@click.option(
    "--state", metavar="STATE", help="As in an example: 'counters.month-minutes=90 min, buckets=full'."
)
@common_options
@json_option
def price(
    directory: Path | None,
    plan: str | None,
    msisdn: str | None,
    usage: str,
    at: str | None,
    state: str | None,
    as_json: bool,
) -> None:
    """Print what a usage costs, and the reasoning line by line with the file and line of each rule."""
    if (plan is None) == (msisdn is None):
        raise click.UsageError("say --plan or --msisdn")
    if msisdn is not None and state is not None:
        raise click.UsageError("--state is told where --plan is; a subscriber's own is in the store")
    trial = _trial(_checked(directory), plan or "", msisdn, usage, at, state)
    from ocs.tariffs.words import trial_json, trial_words  # noqa: PLC0415  (see above)

    if as_json:
        print_json(trial_json(trial))
    else:
        click.echo("\n".join(trial_words(trial)))
    if trial.charge.refusal:
        raise Failure("the usage can not be rated")


@command.command("diff")
@click.argument("old", metavar="OLD", type=_path)
@click.argument("new", metavar="NEW", type=_path)
@common_options
@json_option
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Print what changes for whom between two price lists, in words and prices."""
    from ocs.tariffs.differences import differences_of  # noqa: PLC0415  (see above)

    before, after = _checked(old), _checked(new)
    found = differences_of(before, after)
    if as_json:
        print_json(found.as_json())
    else:
        click.echo("\n".join(found.lines()))


@command.command("replay")
@click.option(
    "--records", metavar="DIR", required=True, type=_path, help="Record files (cdr-*.jsonl), or a usage lake."
)
@click.option(
    "--top", default=10, type=click.IntRange(min=0), metavar="N", help="How many winners and losers to list."
)
@common_options
@json_option
def replay(records: Path, top: int, as_json: bool) -> None:
    """Rate past records again under the price list of --catalogue: revenue, winners and losers by plan."""
    from ocs.tariffs.replay import replay_records  # noqa: PLC0415  (see above)

    checked = _checked(None)
    catalogue = checked.catalogue
    assert catalogue is not None  # noqa: S101  (_checked fails otherwise)
    report = replay_records(catalogue, records, top)
    if as_json:
        print_json(report.as_json())
    else:
        click.echo("\n".join(report.lines()))


def _checked(directory: Path | None) -> CheckedCatalogue:
    """A catalogue that may have warnings; ConfigError where it has errors."""
    from config.catalogue_file import check_catalogue  # noqa: PLC0415  (see above)
    from config.issues import ConfigError  # noqa: PLC0415

    checked = check_catalogue(directory if directory is not None else current_settings().catalogue_path)
    if checked.catalogue is None:
        raise ConfigError(checked.issues, checked.unlisted)
    return checked


def _trial(
    checked: CheckedCatalogue, plan: str, msisdn: str | None, usage: str, at: str | None, state: str | None
) -> Trial:
    from ocs.tariffs import trial as trials  # noqa: PLC0415  (see above)

    wanted = trials.pairs(usage, "--usage")
    if at is not None and wanted.setdefault("at", at) != at:
        message = "say when it begins once: --at, or at= in --usage"
        raise click.UsageError(message)
    if msisdn is not None:
        return asyncio.run(_trial_of_subscriber(checked, msisdn, wanted))
    wanted.setdefault("at", trials.local_text(checked, epoch_ms()))
    return trials.try_usage(checked, plan, wanted, trials.pairs(state, "--state") if state else {})


async def _trial_of_subscriber(checked: CheckedCatalogue, msisdn: str, usage: dict[str, Data]) -> Trial:
    from ocs.tariffs import trial as trials  # noqa: PLC0415

    async with opened_store(current_settings()) as store:
        return await trials.try_usage_of_subscriber(store, checked, msisdn, usage, epoch_ms())


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
