"""At what the units of a line are paid: copied from the catalogue, so that a record explains itself."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.packing import finished, put_name, put_octet, put_signed, put_varint, spare_writer

RATES_KEPT: Final = 4096
"""Of more rates than these, all are made anew: catalogues come and go."""


@mypyc_attr(acyclic=True)
class LineRate:
    """A rate of the catalogue whose version is named. Never changed: the lines of a rule share it.

    ``tax`` is a tax category, ``band`` names the time band; "" where there is none. ``octets`` is its stored
    form but for these two.
    """

    def __init__(
        self,
        rule_id: str,
        catalogue: str,
        price_micros: i64,
        per_units: i64,
        increment: i64,
        rounding: i64,
        tax: str,
        band: str,
    ) -> None:
        self.rule_id = rule_id
        self.catalogue = catalogue
        self.price_micros = price_micros
        self.per_units = per_units
        self.increment = increment
        self.rounding = rounding
        self.tax = tax
        self.band = band
        out = spare_writer()
        put_name(out, rule_id)
        put_name(out, catalogue)
        put_signed(out, price_micros)
        put_varint(out, per_units)
        put_varint(out, increment)
        put_octet(out, rounding)
        self.octets = finished(out)


_KNOWN: Final[dict[tuple[str, str, str, str, int, int, int, int], LineRate]] = {}
_LATEST: Final[dict[str, LineRate]] = {}
"""The one of each rule that was asked for last: of most rules there is one at a time."""


def line_rate(
    rule_id: str,
    catalogue: str,
    price_micros: i64,
    per_units: i64,
    increment: i64,
    rounding: i64,
    tax: str = "",
    band: str = "",
) -> LineRate:
    """The one rate of these."""
    latest = _LATEST.get(rule_id)
    if (
        latest is not None
        and latest.price_micros == price_micros
        and latest.per_units == per_units
        and latest.increment == increment
        and latest.rounding == rounding
        and latest.catalogue == catalogue
        and latest.tax == tax
        and latest.band == band
    ):
        return latest
    key = (rule_id, catalogue, tax, band, int(price_micros), int(per_units), int(increment), int(rounding))
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) >= RATES_KEPT:
            _KNOWN.clear()
            _LATEST.clear()
        known = LineRate(rule_id, catalogue, price_micros, per_units, increment, rounding, tax, band)
        _KNOWN[key] = known
    _LATEST[rule_id] = known
    return known
