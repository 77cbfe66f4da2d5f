"""Which partner, month and amount a command of ``ocs settle`` is about."""

from __future__ import annotations

import click

from balance.quantity import AmountError, parse_micros
from config.issues import did_you_mean
from config.settings_schema import Settings
from config.settlement_file import load_agreements
from config.settlement_terms import PartnerAgreements
from ocs.cli.failure import Failure

PARTNER = click.option("--partner", required=True, metavar="P", help="As the agreement names the partner.")
PERIOD = click.option("--period", required=True, metavar="MONTH", help="Such as 2026-11.")


def agreements_of(settings: Settings, partner: str) -> PartnerAgreements:
    """The agreements with a partner; Failure where there are none."""
    found = load_agreements(settings.partners_path)
    if partner not in found:
        hint = did_you_mean(partner, found)
        raise Failure(f"{settings.partners_path} has no agreement with {partner!r}{': ' if hint else ''}{hint}")
    return found[partner]


def amount_micros(text: str, option: str) -> int:
    """The micros of an amount that an option names."""
    try:
        return parse_micros(text)
    except AmountError as error:
        raise click.BadParameter(str(error), param_hint=option) from None
