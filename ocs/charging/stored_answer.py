"""Stored answers: the content of a CCA in a few octets, kept in its session to answer a repeat with.

What an answer echoes (Session-Id, type, number, Proxy-Info) comes from the repeat itself, the rest from
here, through the one encoder there is: a repeat of the same request gets the same octets.
"""

from typing import Final
from zlib import crc32

from librt.strings import read_i64_be
from mypy_extensions import i64, u8

from balance.packing import (
    MAX_TEXT,
    Unpacker,
    finished,
    put_number,
    put_octet,
    put_octets,
    put_text,
    put_varint,
    spare_writer,
    with_length,
)
from protocol.messages import CreditControlAnswer, CreditControlRequest, ServiceAnswer

HOSTS_KEPT: Final = 4096
_hosts: Final[dict[bytes, int]] = {}


def request_key(request: CreditControlRequest) -> i64:
    """CC-Request-Type and CC-Request-Number in one number (RFC 8506, 8.2: with the Session-Id it is unique)."""
    return (request.request_type << 32) | request.request_number


def message_key(request: CreditControlRequest) -> i64:
    """Origin-Host (its CRC-32) and End-to-End Identifier in one number (RFC 6733, 3)."""
    host = request.origin_host
    known = _hosts.get(host)
    if known is None:
        if len(_hosts) >= HOSTS_KEPT:
            _hosts.clear()
        known = crc32(host) & 0x7FFFFFFF
        _hosts[host] = known
    high: i64 = known
    return (high << 32) | request.end_to_end


def find_answer(answers: bytes, request: CreditControlRequest) -> bytes | None:
    """The stored answer to a repeated request: by its own key, or by Origin-Host and End-to-End Identifier.

    ``answers`` are those of a session, each behind its length.
    """
    if not answers:
        return None
    by_request = request_key(request)
    by_message = message_key(request)
    at: i64 = 0
    end: i64 = len(answers)
    while at < end:
        size: i64 = answers[at]
        at += 1
        if size == MAX_TEXT:
            size = read_i64_be(answers, at)
            at += 8
        if read_i64_be(answers, at) == by_request or read_i64_be(answers, at + 8) == by_message:
            return answers[at : at + size]
        at += size
    return None


def pack_answer(request: CreditControlRequest, answer: CreditControlAnswer) -> bytes:
    """What to keep of an answer, under the keys of its request, behind its length (``put_octets``)."""
    out = spare_writer()
    put_octet(out, 0)
    put_number(out, request_key(request))
    put_number(out, message_key(request))
    put_varint(out, answer.result_code)
    put_octet(out, answer.session_failover + 1)
    put_octet(out, answer.failure_handling + 1)
    put_octet(out, i64(1 if answer.units_at_command_level else 0))
    put_octets(out, answer.failed_avp)
    put_text(out, answer.error_message)
    put_varint(out, i64(len(answer.services)))
    for service in answer.services:
        put_varint(out, service.rating_group + 1)
        put_varint(out, service.service_identifier + 1)
        put_varint(out, service.result_code)
        put_octet(out, service.granted_kind)
        put_varint(out, service.granted)
        put_varint(out, service.validity_time_s + 1)
        put_varint(out, service.threshold + 1)
        put_varint(out, service.quota_holding_time_s + 1)
        put_octet(out, service.final_unit_action + 1)
    size: i64 = len(out) - 1
    if size < MAX_TEXT:
        out[0] = u8(size)
        return finished(out)
    return with_length(finished(out)[1:])


def unpack_answer(stored: bytes) -> CreditControlAnswer:
    """The answer that ``pack_answer`` kept."""
    octets = Unpacker(stored, 16)
    answer = CreditControlAnswer(octets.varint())
    answer.session_failover = octets.octet() - 1
    answer.failure_handling = octets.octet() - 1
    answer.units_at_command_level = octets.octet() == 1
    answer.failed_avp = octets.octets()
    answer.error_message = octets.text()
    count = octets.varint()
    for _ in range(count):
        rating_group = octets.varint() - 1
        service_identifier = octets.varint() - 1
        service = ServiceAnswer(rating_group, service_identifier, octets.varint())
        service.granted_kind = octets.octet()
        service.granted = octets.varint()
        service.validity_time_s = octets.varint() - 1
        service.threshold = octets.varint() - 1
        service.quota_holding_time_s = octets.varint() - 1
        service.final_unit_action = octets.octet() - 1
        answer.services.append(service)
    return answer
