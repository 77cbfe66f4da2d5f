"""The stored octets of a meter between two reports."""

from __future__ import annotations

from librt.strings import BytesWriter
from mypy_extensions import i64

from balance.packing import Unpacker, put_signed, put_text, put_varint
from rating.meter_state import LineState, MeterState


def meter_octets(meter: MeterState, metered_from: i64) -> bytes:
    """A meter, and from which of its service's lines on they are its own."""
    out = BytesWriter()
    put_varint(out, metered_from)
    put_text(out, meter.rule_id)
    put_text(out, meter.version)
    put_varint(out, meter.started_ms)
    put_varint(out, 1 if meter.continues else 0)
    put_varint(out, meter.reported)
    put_varint(out, meter.counted)
    put_varint(out, meter.tier)
    put_varint(out, meter.tier_base)
    put_signed(out, meter.due_micros)
    _put_numbers(out, meter.percentages)
    _put_numbers(out, meter.amounts_off)
    _put_numbers(out, meter.caps)
    _put_numbers(out, meter.refundable)
    put_varint(out, i64(len(meter.lines)))
    for line in meter.lines:
        put_signed(out, line.band)
        put_varint(out, line.tier)
        put_varint(out, line.mask)
        put_varint(out, line.units)
        put_varint(out, line.amount_micros)
    return out.getvalue()


def read_meter(part: bytes) -> tuple[i64, MeterState]:
    """What ``meter_octets`` wrote; PackingError where the octets end too early."""
    octets = Unpacker(part, 0)
    metered_from = octets.varint()
    meter = MeterState(octets.text(), octets.text(), octets.varint())
    meter.continues = octets.varint() == 1
    meter.reported = octets.varint()
    meter.counted = octets.varint()
    meter.tier = octets.varint()
    meter.tier_base = octets.varint()
    meter.due_micros = octets.signed()
    meter.percentages = _numbers(octets)
    meter.amounts_off = _numbers(octets)
    meter.caps = _numbers(octets)
    meter.refundable = _numbers(octets)
    for _ in range(octets.varint()):
        band = octets.signed()
        line = LineState(band, octets.varint(), octets.varint(), octets.varint(), octets.varint())
        meter.lines.append(line)
    return metered_from, meter


def _put_numbers(out: BytesWriter, numbers: list[int]) -> None:
    put_varint(out, i64(len(numbers)))
    for number in numbers:
        put_signed(out, number)


def _numbers(octets: Unpacker) -> list[int]:
    found: list[int] = []
    for _ in range(octets.varint()):
        found.append(octets.signed())
    return found
