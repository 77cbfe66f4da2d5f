"""Charging data records as the outbox carries them: one JSON object for each closed service of a session.

The fields and their order are fixed (docs/records.md). The object is written by hand, because a record is made
on the way of every CCR-T and a generic encoder costs four times as much.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from mypy_extensions import i64

from balance.account import Account
from balance.quantity import UNIT_NAMES
from ocs.charging.session import ChargingSession, Service, SessionIdentity
from protocol.messages import ABSENT

RECORD_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED: Final = 4096

_texts: dict[str, str] = {}
_seconds: dict[int, str] = {}


def json_text(text: str) -> str:
    """A text as JSON writes it, quotes included. Names that return are remembered."""
    known = _texts.get(text)
    if known is None:
        known = json.dumps(text, ensure_ascii=False)
        if len(_texts) >= _REMEMBERED:
            _texts.clear()
        _texts[text] = known
    return known


def time_text(epoch_ms: i64) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-11-23T00:47:04.120Z``."""
    second: int = epoch_ms // 1000
    text = _seconds.get(second)
    if text is None:
        text = (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
        if len(_seconds) >= _REMEMBERED:
            _seconds.clear()
        _seconds[second] = text
    thousandths = str(1000 + epoch_ms % 1000)
    return f"{text}.{thousandths[1:]}Z"


def _unique_text(octets: bytes) -> str:
    """An identity that seldom returns, as JSON writes it."""
    text = octets.decode("utf-8", "backslashreplace")
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return json.dumps(text, ensure_ascii=False)


def _number_or_null(value: i64) -> str:
    return "null" if value == ABSENT else str(value)


def _identity_fields(who: SessionIdentity) -> str:
    """What all records of a session share, made once."""
    if not who.record_fields:
        context = json_text(who.service_context_id.decode("utf-8", "backslashreplace"))
        host = json_text(who.origin_host.decode("utf-8", "backslashreplace"))
        realm = json_text(who.origin_realm.decode("utf-8", "backslashreplace"))
        apn = json_text(who.apn.decode("utf-8", "backslashreplace"))
        who.record_fields = (
            f'"session_id":{_unique_text(who.session_id)},"account":{_unique_text(who.account_id.encode())},'
            f'"msisdn":{_unique_text(who.msisdn)},"imsi":{_unique_text(who.imsi)},"plan":{json_text(who.plan_id)},'
            f'"service":{json_text(who.service)},"service_context":{context},"origin_host":{host},'
            f'"origin_realm":{realm},"apn":{apn}'
        )
    return who.record_fields


def record_octets(
    session: ChargingSession,
    service: Service,
    account: Account,
    number: i64,
    cause: str,
    partial: bool,
    now_ms: i64,
) -> bytes:
    """The record of a service that is closed now (or so far, where ``partial``), as JSON octets."""
    who = session.identity
    identity = _identity_fields(who)
    charges: list[str] = []
    for line in service.lines:
        charges.append(
            f'{{"rule":{json_text(line.rule_id)},"price_micros":{line.price_micros},"per_units":{line.per_units},'
            f'"increment":{line.increment},"rounding":{line.rounding},"units":{line.units},'
            f'"amount_micros":{line.amount_micros},"catalogue":"{line.catalogue}"}}'
        )
    buckets: list[str] = []
    for use in service.bucket_uses:
        buckets.append(f'{{"bucket":{json_text(use.bucket_id)},"units":{use.units}}}')
    record_id = _unique_text(who.session_id + b"#" + str(number).encode())
    text = (
        f'{{"record_id":{record_id},"record_version":{RECORD_VERSION},{identity},'
        f'"rating_group":{_number_or_null(service.rating_group)},'
        f'"service_identifier":{_number_or_null(service.service_identifier)},'
        f'"opened_at":"{time_text(service.opened_ms)}","closed_at":"{time_text(now_ms)}","cause":"{cause}",'
        f'"partial":{"true" if partial else "false"},"unit_kind":"{UNIT_NAMES[service.unit_kind]}",'
        f'"used_units":{service.used_units},"used_octets":{service.used_octets},'
        f'"input_octets":{service.input_octets},"output_octets":{service.output_octets},'
        f'"time_s":{service.time_s},"specific_units":{service.specific_units},'
        f'"amount_micros":{service.amount_micros},"written_off_micros":{service.written_off_micros},'
        f'"currency":"{account.currency}","charges":[{",".join(charges)}],"buckets":[{",".join(buckets)}],'
        f'"requests":{{"first":{service.first_request},"last":{service.last_request},"count":{service.requests}}},'
        f'"balance_micros":{account.balance_micros}}}'
    )
    return text.encode()
