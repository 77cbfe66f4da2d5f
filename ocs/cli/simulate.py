"""``ocs simulate``: drive a charging server as gateways do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ocs.simulation.kinds import ONLY_DATA, Mix, read_mix, text_of
from ocs.simulation.profile import LoadProfile
from ocs.simulation.report import LoadReport, milliseconds
from ocs.simulation.run import run_load

_USUAL = LoadProfile()


def _mix(_context: click.Context, _option: click.Parameter, text: str) -> Mix:
    """The mix that ``--mix`` asks for."""
    try:
        return read_mix(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _number(name: str, text: str, field: str = "") -> Callable[[Decorated], Decorated]:
    """An option for a whole number of the profile."""
    field = field or name.replace("-", "_")
    default = getattr(_USUAL, field)
    return click.option(f"--{name}", field, type=int, default=default, show_default=True, help=text)


@click.command("simulate")
@click.option("--host", default=_USUAL.host, show_default=True, help="The server's address.")
@_number("port", "Its Diameter port.")
@_number("subscribers", "Subscribers, numbered from the two bases on.")
@_number("rate", "Requests a second over all gateways (open loop); 0 keeps --window outstanding instead.")
@_number("sessions", "Open loop: sessions open at a time.")
@_number("window", "Closed loop: requests outstanding per gateway.")
@_number("seconds", "How long sessions are started; the open ones are then ended.")
@_number("gateways", "Connections, each with an Origin-Host of its own.")
@_number("updates", "CCR-Us between a session's CCR-I and CCR-T.")
@_number("rating-groups", "MSCCs in each request; 0 sends one without Rating-Group.")
@_number("first-rating-group", "The first MSCC's Rating-Group.")
@click.option("--msisdn-base", default=_USUAL.msisdn_base, show_default=True, help="The first MSISDN.")
@click.option("--imsi-base", default=_USUAL.imsi_base, show_default=True, help="The first IMSI.")
@click.option("--realm", default=_USUAL.realm, show_default=True, help="The realm of gateways and server.")
@click.option("--apn", default=_USUAL.apn, show_default=True, help="Called-Station-Id.")
@click.option("--context", default=_USUAL.service_context, show_default=True, help="Service-Context-Id.")
@_number("requested", "Octets asked for; 0 leaves the amount to the server.", "requested_octets")
@_number("used", "Octets of a report at most.", "used_octets")
@_number("timeout", "Seconds until a request counts as unanswered.", "timeout_s")
@_number("seed", "The same traffic for the same number.")
@click.option(
    "--mix",
    callback=_mix,
    default=text_of(ONLY_DATA),
    help="Kinds with their shares: data=70,voice=20,sms=8,iec=2.",
)
@click.option("--live", is_flag=True, help="Show how it goes, twice a second.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, live: bool, as_json: bool, context: str, **values: Any) -> None:
    """Drive a charging server with sessions: CCR-I, CCR-Us, CCR-T, over many subscribers; data, or a --mix.

    Every answer is checked. Exit code 0 when all requests were answered and all answers were well-formed.
    """
    profile = LoadProfile(service_context=context, **values)
    faults = profile.faults()
    if faults:
        raise click.UsageError("; ".join(faults))
    report = run_load(profile, _show if live else None)
    if live:
        click.echo(err=True)
    click.echo(json.dumps(report.as_dict()) if as_json else report.as_text())
    sys.exit(0 if report.well else 1)


def _show(report: LoadReport) -> None:
    """One line that is written over itself, on stderr."""
    data = report.as_dict()
    latency = data["latency"]
    line = (
        f"{report.elapsed_us / 1e6:5.1f} s  {data['answers_per_s']:>8,}/s"
        f"  p50 {milliseconds(latency['p50_us'])}  p99 {milliseconds(latency['p99_us'])}"
        f"  malformed {data['malformed']}  shed {data['shed']}"
    )
    click.echo(f"\r{line}", nl=False, err=True)
