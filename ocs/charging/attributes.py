"""What a tariff can select by, out of a session, its circumstances and one of its services."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from ocs.charging.session import Circumstances, SessionIdentity
from protocol.messages import ABSENT, CreditControlRequest, MultipleServicesCreditControl
from protocol.user_location import location_text
from rating.catalogue import Catalogue, Plan, Rule
from rating.conditions import Attributes
from rating.situation import Situation

RAT_NAMES: Final = {
    1: b"utran",
    2: b"geran",
    3: b"wlan",
    6: b"eutran",
    8: b"nb-iot",
    9: b"lte-m",
    10: b"nr",
    51: b"nr",
}
"""3GPP-RAT-Type by number: of TS 29.061, 16.4.7.2, and NR as GTPv2 numbers it."""


def circumstances_told(request: CreditControlRequest, known: Circumstances) -> Circumstances:
    """What a request tells; what it does not tell is as it was. The known object where nothing is new."""
    network = request.serving_network or known.serving_network
    location = request.user_location or known.user_location
    rat_type: i64 = known.rat_type if request.rat_type == ABSENT else request.rat_type
    qos_class: i64 = known.qos_class if request.qos_class == ABSENT else request.qos_class
    if (
        network == known.serving_network
        and location == known.user_location
        and rat_type == known.rat_type
        and qos_class == known.qos_class
    ):
        return known
    return Circumstances(network, location, rat_type, qos_class)


def situation_of(
    who: SessionIdentity, now: Circumstances, mscc: MultipleServicesCreditControl, catalogue: Catalogue
) -> Situation:
    """The attributes of one service of a session, beside the catalogue's zones."""
    qos_class: i64 = now.qos_class if mscc.qos_class == ABSENT else mscc.qos_class
    attributes = Attributes(
        subscriber_group=who.subscriber_group,
        network=now.serving_network,
        location=location_text(now.user_location),
        apn=who.apn.lower(),
        service_identifier=_decimal(mscc.service_identifier),
        rating_group=_decimal(mscc.rating_group),
        qos_class=_decimal(qos_class),
        rat_type=RAT_NAMES.get(now.rat_type, b""),
    )
    return Situation(attributes, catalogue.destinations, catalogue.networks, catalogue.locations)


def selected_rule(
    plan: Plan, service: str, group: i64, who: SessionIdentity, situation: Situation, at_ms: i64
) -> Rule | None:
    """The rule with conditions that matches, else the rule of the rating group; None = it can not be rated."""
    rule = plan.select(service, situation, at_ms)
    return plan.rule_for(service, group, who.apn) if rule is None else rule


def _decimal(number: i64) -> bytes:
    return b"" if number == ABSENT else str(number).encode()
