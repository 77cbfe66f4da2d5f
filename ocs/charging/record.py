"""Charging data records as the outbox carries them: one JSON object for each closed service of a session."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from balance.account import Account
from balance.quantity import UNIT_NAMES
from ocs.charging.session import ChargingSession, Service
from protocol.messages import ABSENT

RECORD_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RecordCharge(msgspec.Struct):
    """Units charged at one rate; ``amount_micros`` is the price of ``units`` at that rate, rounded once."""

    rule: str
    price_micros: int
    per_units: int
    increment: int
    rounding: int
    units: int
    amount_micros: int
    catalogue: str


class RecordBucket(msgspec.Struct):
    """Units taken out of one bucket."""

    bucket: str
    units: int


class RecordRequests(msgspec.Struct):
    """The CC-Request-Numbers that reported to the service: first, last, and how many."""

    first: int
    last: int
    count: int


class ChargingDataRecord(msgspec.Struct):
    """One record. ``amount_micros`` is what was debited; the charges add up to it plus ``written_off_micros``."""

    record_id: str
    record_version: int
    session_id: str
    account: str
    msisdn: str
    imsi: str
    plan: str
    service: str
    service_context: str
    rating_group: int | None
    service_identifier: int | None
    origin_host: str
    origin_realm: str
    apn: str
    opened_at: str
    closed_at: str
    cause: str
    partial: bool
    unit_kind: str
    used_units: int
    used_octets: int
    input_octets: int
    output_octets: int
    time_s: int
    specific_units: int
    amount_micros: int
    written_off_micros: int
    currency: str
    charges: list[RecordCharge]
    buckets: list[RecordBucket]
    requests: RecordRequests
    balance_micros: int


_encoder = msgspec.json.Encoder()


@lru_cache(maxsize=4096)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(epoch_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-11-23T00:47:04.120Z``."""
    return f"{_second_text(epoch_ms // 1000)}.{epoch_ms % 1000:03d}Z"


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")


def record_octets(
    session: ChargingSession,
    service: Service,
    account: Account,
    number: int,
    cause: str,
    partial: bool,
    now_ms: int,
) -> bytes:
    """The record of a service that is closed now (or so far, where ``partial``), as JSON octets."""
    who = session.identity
    record = ChargingDataRecord(
        record_id=f"{_text(who.session_id)}#{number}",
        record_version=RECORD_VERSION,
        session_id=_text(who.session_id),
        account=who.account_id,
        msisdn=_text(who.msisdn),
        imsi=_text(who.imsi),
        plan=who.plan_id,
        service=who.service,
        service_context=_text(who.service_context_id),
        rating_group=None if service.rating_group == ABSENT else service.rating_group,
        service_identifier=None if service.service_identifier == ABSENT else service.service_identifier,
        origin_host=_text(who.origin_host),
        origin_realm=_text(who.origin_realm),
        apn=_text(who.apn),
        opened_at=time_text(service.opened_ms),
        closed_at=time_text(now_ms),
        cause=cause,
        partial=partial,
        unit_kind=UNIT_NAMES[service.unit_kind],
        used_units=service.used_units,
        used_octets=service.used_octets,
        input_octets=service.input_octets,
        output_octets=service.output_octets,
        time_s=service.time_s,
        specific_units=service.specific_units,
        amount_micros=service.amount_micros,
        written_off_micros=service.written_off_micros,
        currency=account.currency,
        charges=[
            RecordCharge(
                line.rule_id,
                line.price_micros,
                line.per_units,
                line.increment,
                line.rounding,
                line.units,
                line.amount_micros,
                line.catalogue,
            )
            for line in service.lines
        ],
        buckets=[RecordBucket(use.bucket_id, use.units) for use in service.bucket_uses],
        requests=RecordRequests(service.first_request, service.last_request, service.requests),
        balance_micros=account.balance_micros,
    )
    return _encoder.encode(record)
