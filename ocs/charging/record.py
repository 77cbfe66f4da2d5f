"""Charging data records as the outbox carries them: one JSON object for each closed service of a session.

The fields and their order are fixed (docs/records.md). The object is written by hand, because a record is made
on the way of every CCR-T and a generic encoder costs four times as much.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from librt.strings import BytesWriter, read_i32_be
from mypy_extensions import i64

from balance.account import Account
from balance.packing import finished, put_decimal, put_octet, spare_writer
from balance.quantity import UNIT_NAMES
from ocs.charging.rated_service import Service
from ocs.charging.session import ChargingSession, SessionIdentity
from protocol.messages import ABSENT

RECORD_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED: Final = 4096
_WORD: Final = 4

_seconds: Final[dict[int, bytes]] = {}
_names: Final[dict[str, bytes]] = {}


def time_octets(epoch_ms: i64) -> bytes:
    """ISO 8601 in UTC with milliseconds: ``2026-11-23T00:47:04.120Z``."""
    out = spare_writer()
    _put_time(out, epoch_ms)
    return finished(out)


def _put_time(out: BytesWriter, epoch_ms: i64) -> None:
    """Append a time as ``time_octets`` writes it."""
    second = epoch_ms // 1000
    milliseconds = epoch_ms - 1000 * second
    text = _seconds.get(second)
    if text is None:
        text = (_EPOCH + timedelta(seconds=int(second))).strftime("%Y-%m-%dT%H:%M:%S.").encode()
        if len(_seconds) >= _REMEMBERED:
            _seconds.clear()
        _seconds[second] = text
    out.write(text)
    put_octet(out, 48 + milliseconds // 100)
    put_octet(out, 48 + milliseconds // 10 % 10)
    put_octet(out, 48 + milliseconds % 10)
    put_octet(out, 90)


def _put_text(out: BytesWriter, value: bytes) -> None:
    """Append octets as a JSON text, quotes included; what is not UTF-8 is written with backslashes."""
    if not is_plain(value):
        out.write(json.dumps(value.decode("utf-8", "backslashreplace"), ensure_ascii=False).encode())
        return
    put_octet(out, 34)
    out.write(value)
    put_octet(out, 34)


def _put_name(out: BytesWriter, name: str) -> None:
    """Append a text that occurs again and again, as names of a catalogue do."""
    known = _names.get(name)
    if known is None:
        quoted = BytesWriter()
        _put_text(quoted, name.encode())
        if len(_names) >= _REMEMBERED:
            _names.clear()
        known = quoted.getvalue()
        _names[name] = known
    out.write(known)


def is_plain(value: bytes) -> bool:
    """Whether all octets are ASCII that JSON takes as it is: no control characters, quotes and backslashes.

    Four octets are looked at together: each sum carries into an octet's top bit unless the octet is wrong.
    """
    size: i64 = len(value)
    if size < _WORD:
        for index in range(size):
            octet: i64 = value[index]
            if octet < 32 or octet > 126 or octet == 34 or octet == 92:  # noqa: PLR1714 - a set boxes each octet
                return False
        return True
    at: i64 = 0
    while at < size:
        if at > size - _WORD:  # noqa: PLR1730 - min boxes
            at = size - _WORD
        word = i64(read_i32_be(value, at)) & 0xFFFFFFFF
        not_quote = (word ^ 0x22222222) + 0x7F7F7F7F
        not_backslash = (word ^ 0x5C5C5C5C) + 0x7F7F7F7F
        printable = word + 0x60606060
        if printable & not_quote & not_backslash & ~word & 0x80808080 != 0x80808080:
            return False
        at += _WORD
    return True


def _put_field(out: BytesWriter, name: bytes, value: i64) -> None:
    """Append a number after its name, which brings its comma."""
    out.write(name)
    put_decimal(out, value)


def _put_optional(out: BytesWriter, name: bytes, value: i64) -> None:
    if value == ABSENT:
        out.write(name)
        out.write(b"null")
    else:
        _put_field(out, name, value)


def _identity_fields(who: SessionIdentity) -> bytes:
    """What all records of a session share, made once."""
    if not who.record_fields:
        out = spare_writer()
        out.write(b'"session_id":')
        _put_text(out, who.session_id)
        out.write(b',"account":')
        _put_text(out, who.account_id.encode())
        out.write(b',"msisdn":')
        _put_text(out, who.msisdn)
        out.write(b',"imsi":')
        _put_text(out, who.imsi)
        out.write(b',"plan":')
        _put_name(out, who.plan_id)
        out.write(b',"service":')
        _put_name(out, who.service)
        out.write(b',"service_context":')
        _put_text(out, who.service_context_id)
        out.write(b',"origin_host":')
        _put_text(out, who.origin_host)
        out.write(b',"origin_realm":')
        _put_text(out, who.origin_realm)
        out.write(b',"apn":')
        _put_text(out, who.apn)
        out.write(b',"payment":')
        _put_name(out, who.payment)
        who.record_fields = finished(out)
    return who.record_fields


def _put_charges(out: BytesWriter, service: Service) -> None:
    out.write(b',"charges":[')
    first = True
    for line in service.lines:
        out.write(b'{"rule":' if first else b',{"rule":')
        first = False
        rate = line.rate
        _put_name(out, rate.rule_id)
        _put_field(out, b',"price_micros":', rate.price_micros)
        _put_field(out, b',"per_units":', rate.per_units)
        _put_field(out, b',"increment":', rate.increment)
        _put_field(out, b',"rounding":', rate.rounding)
        _put_field(out, b',"units":', line.units)
        _put_field(out, b',"amount_micros":', line.amount_micros)
        out.write(b',"catalogue":')
        _put_name(out, rate.catalogue)
        if rate.band:
            out.write(b',"band":')
            _put_name(out, rate.band)
        if rate.tax:
            out.write(b',"tax":')
            _put_name(out, rate.tax)
        put_octet(out, 125)
    out.write(b'],"buckets":[')
    first = True
    for use in service.bucket_uses:
        out.write(b'{"bucket":' if first else b',{"bucket":')
        first = False
        _put_name(out, use.bucket_id)
        _put_field(out, b',"units":', use.units)
        put_octet(out, 125)
    put_octet(out, 93)


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
    out = spare_writer()
    out.write(b'{"record_id":')
    _put_text(out, who.session_id + b"#" + str(number).encode())
    _put_field(out, b',"record_version":', RECORD_VERSION)
    put_octet(out, 44)
    out.write(_identity_fields(who))
    out.write(b',"network":')
    _put_text(out, session.circumstances.serving_network)
    _put_optional(out, b',"rating_group":', service.rating_group)
    _put_optional(out, b',"service_identifier":', service.service_identifier)
    out.write(b',"opened_at":"')
    _put_time(out, service.opened_ms)
    out.write(b'","closed_at":"')
    _put_time(out, now_ms)
    out.write(b'","cause":')
    _put_name(out, cause)
    out.write(b',"partial":true,"unit_kind":' if partial else b',"partial":false,"unit_kind":')
    _put_name(out, UNIT_NAMES[service.unit_kind])
    _put_field(out, b',"used_units":', service.used_units)
    _put_field(out, b',"used_octets":', service.used_octets)
    _put_field(out, b',"input_octets":', service.input_octets)
    _put_field(out, b',"output_octets":', service.output_octets)
    _put_field(out, b',"time_s":', service.time_s)
    _put_field(out, b',"specific_units":', service.specific_units)
    _put_field(out, b',"amount_micros":', service.amount_micros)
    _put_field(out, b',"written_off_micros":', service.written_off_micros)
    out.write(b',"currency":')
    _put_name(out, account.currency)
    _put_charges(out, service)
    _put_field(out, b',"requests":{"first":', service.first_request)
    _put_field(out, b',"last":', service.last_request)
    _put_field(out, b',"count":', service.requests)
    _put_field(out, b'},"balance_micros":', account.balance_micros)
    put_octet(out, 125)
    return finished(out)
