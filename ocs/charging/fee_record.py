"""The records of what is taken from an account for something that is no usage: fees, and add-ons."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.account import Account
from balance.quantity import SPECIFIC_UNITS
from balance.subscriber import Subscriber
from ocs.charging.line_rate import LineRate
from ocs.charging.rated_service import ChargeLine, Service
from ocs.charging.record import record_octets
from ocs.charging.session import ChargingSession, SessionIdentity
from protocol.messages import ABSENT
from rating.catalogue import POSTPAID, PREPAID, Plan
from rating.rates import ROUND_HALF_UP

FEE_SERVICE: Final = "fees"
"""The service of these records; no catalogue can have a service of this name."""


def payer_of(subscriber: Subscriber, plan: Plan) -> SessionIdentity:
    """Who pays, where there is no session: a subscriber on a plan."""
    who = SessionIdentity(
        b"", subscriber.account_id, subscriber.msisdn, subscriber.imsi, plan.plan_id, FEE_SERVICE, b""
    )
    who.payment = PREPAID if plan.payment == PREPAID else POSTPAID
    return who


def holder_of(who: SessionIdentity) -> str:
    """The subscriber in the names of counters: the MSISDN, else ``imsi-`` and the IMSI."""
    return who.msisdn.decode() if who.msisdn else "imsi-" + who.imsi.decode()


def fee_record(
    account: Account, who: SessionIdentity, name: str, line: ChargeLine, cause: str, now_ms: i64
) -> bytes:
    """The record of an amount that was taken from an account for something that is no usage.

    ``name`` is unique among what was ever taken. The line says for what; its rule is the fee.
    """
    identity = SessionIdentity(
        name.encode(), account.account_id, who.msisdn, who.imsi, who.plan_id, FEE_SERVICE, b""
    )
    identity.payment = who.payment
    service = Service(ABSENT, ABSENT, now_ms)
    service.unit_kind = SPECIFIC_UNITS
    service.used_units = 1
    service.specific_units = 1
    service.amount_micros = line.amount_micros
    service.lines = (line,)
    return record_octets(ChargingSession(identity, now_ms), service, account, 1, cause, False, now_ms)


def fee_line(fee_id: str, amount_micros: i64, tax: str, version: str, band: str) -> ChargeLine:
    """The charge line of one fee; ``band`` says for which days it is, or what was bought."""
    rate = LineRate(fee_id, version, amount_micros, 1, 1, ROUND_HALF_UP, tax, band)
    return ChargeLine(rate, 1, amount_micros)
