"""The end of services: what they hold goes back, and each leaves its record."""

from __future__ import annotations

from mypy_extensions import i64

from balance.operations import NOTHING_HELD, release
from ocs.charging.rated_service import Service
from ocs.charging.record import record_octets
from ocs.charging.turn import Turn
from protocol.messages import ABSENT
from rating.meter_state import MeterState


def return_quota(turn: Turn, service: Service) -> None:
    """On a report or a new request the client holds nothing of its old quota (RFC 8506, 5.1.2)."""
    service.granted = 0
    service.granted_under = ""
    service.validity_time_s = 0
    if service.reservation is not NOTHING_HELD:
        service.reservation = release(turn.account, service.reservation)


def close_services(turn: Turn, cause: str, now_ms: i64) -> None:
    """Close every service. What was never granted nor used leaves no record, but each session leaves one."""
    session = turn.session
    services = session.services
    session.services = ()
    for service in services:
        if not is_blank(service):
            close_service(turn, service.copy(), cause, now_ms)
    if session.records == 0:
        close_service(turn, Service(ABSENT, ABSENT, session.opened_ms), cause, now_ms)


def close_service(turn: Turn, service: Service, cause: str, now_ms: i64) -> None:
    """Write a service's record; after a partial one it goes on from zero with the quota that it holds."""
    partial = cause == "partial"
    if not partial:
        return_quota(turn, service)
    session = turn.session
    session.records += 1
    turn.records += (record_octets(session, service, turn.account, session.records, cause, partial, now_ms),)
    if partial:
        service.opened_ms = now_ms
        service.used_units = 0
        service.used_octets = 0
        service.input_octets = 0
        service.output_octets = 0
        service.time_s = 0
        service.specific_units = 0
        service.amount_micros = 0
        service.written_off_micros = 0
        service.requests = 0
        service.lines = ()
        service.bucket_uses = ()
        service.metered_from = 0
        if service.meter is not None:
            service.meter = MeterState("", "", now_ms)


def is_blank(service: Service) -> bool:
    """Whether a service was never granted anything and has used nothing."""
    return service.unit_kind == 0 and service.line is None
