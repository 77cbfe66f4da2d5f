"""``ocs settle reconcile``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from balance.opening import epoch_ms
from config.issues import TextError
from config.settings_schema import Settings
from config.settlement_mapping import load_partner_mapping
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.settle_choices import PARTNER, PERIOD, agreements_of, amount_micros
from ocs.cli.settle_output import print_reconciled
from ocs.settlement import SettlementError
from ocs.settlement.folders import SettlementFolder
from ocs.settlement.period import parse_period
from ocs.settlement.reconciliation.reconcile import PartnerFile, reconcile


@click.command("reconcile")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@PARTNER
@PERIOD
@click.option(
    "--mapping", required=True, metavar="NAME", help="In the folder mappings of the partners, or a file."
)
@click.option("--window", type=click.IntRange(0, 86_400), help="Starts of one call differ by so many seconds.")
@click.option("--duration", type=click.IntRange(0, 86_400), help="So many seconds are no difference.")
@click.option("--rounding", metavar="AMOUNT", help="A difference of so much a record is rounding.")
@click.option("--all", "with_agreed", is_flag=True, help="Write records that agree, too.")
@common_options
@json_option
def reconcile_file(
    file: Path,
    partner: str,
    period: str,
    mapping: str,
    window: int | None,
    duration: int | None,
    rounding: str | None,
    with_agreed: bool,
    as_json: bool,
) -> None:
    """Compare a partner's CSV with our statements of a month, by class of difference.

    Without options the tolerances are those of the agreement. Exit code 1 where anything differs.
    """
    settings = current_settings()
    agreements = agreements_of(settings, partner)
    try:
        month = parse_period(period, agreements.time_zone)
    except TextError as error:
        raise click.BadParameter(f"{error}: {error.hint}", param_hint="--period") from None
    tolerance = agreements.latest_before(month.to_ms).tolerances
    if window is not None:
        tolerance = replace(tolerance, window_ms=1000 * window)
    if duration is not None:
        tolerance = replace(tolerance, duration_s=duration)
    if rounding is not None:
        tolerance = replace(tolerance, rounding_micros=amount_micros(rounding, "--rounding"))
    partner_file = PartnerFile(file, mapping, load_partner_mapping(_mapping_path(settings, mapping)))
    folder = SettlementFolder(settings.data_directory / "settlement")
    with opened_database(settings) as engine:
        try:
            done = reconcile(
                engine, folder, agreements, month, partner_file, tolerance, epoch_ms(), with_agreed=with_agreed
            )
        except SettlementError as error:
            raise Failure(str(error)) from None
    print_reconciled(done, as_json)
    if not done.report.clean:
        click.get_current_context().exit(1)


def _mapping_path(settings: Settings, name: str) -> Path:
    if "/" in name or name.endswith((".yaml", ".yml")):
        return Path(name)
    return settings.partners_path / "mappings" / f"{name}.yaml"
