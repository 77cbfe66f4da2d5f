"""What of a meter is kept between two reports of a usage, so that the next one goes on from there.

Zones, decks, exchange rates and tiers are found again by the usage's beginning; what was decided there by the
subscriber's standing (which discounts, where among the tiers) and what has been counted since is kept.
"""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from rating.catalogue import Catalogue, Plan
from rating.meter import Meter, MeteredPot
from rating.opening import open_meter
from rating.situation import Situation
from rating.tariff import Discount, TariffTerms
from rating.usage import Standing
from rating.walk import connection_line, fresh_line


@mypyc_attr(acyclic=True)
class LineState:
    """A line of a meter: its band (-1 = the connection fee), tier and set of discounts; units and amount."""

    def __init__(self, band: i64, tier: i64, mask: i64, units: i64, amount_micros: i64) -> None:
        self.band = band
        self.tier = tier
        self.mask = mask
        self.units = units
        self.amount_micros = amount_micros


@mypyc_attr(acyclic=True)
class MeterState:
    """``rule_id`` and ``version`` (of the catalogue) say whose meter it is; it is never changed.

    ``percentages`` and ``amounts_off`` are places in the tariff's discounts; ``caps`` has for each cap its
    window, the micros in and out where that began, its room, and those out; ``refundable`` goes by the places
    of credits.
    """

    def __init__(self, rule_id: str, version: str, started_ms: i64) -> None:
        self.rule_id = rule_id
        self.version = version
        self.started_ms = started_ms
        self.continues = False
        self.reported: i64 = 0
        self.counted: i64 = 0
        self.tier: i64 = 0
        self.tier_base: i64 = 0
        self.due_micros: i64 = 0
        self.percentages: list[int] = []
        self.amounts_off: list[int] = []
        self.caps: list[int] = []
        self.refundable: list[int] = []
        self.lines: list[LineState] = []


def save_meter(meter: Meter, version: str) -> MeterState:
    """The state of a meter whose changes have been collected."""
    state = MeterState(meter.rule.rule_id, version, meter.started_ms)
    state.continues = meter.continues
    state.reported = meter.reported
    state.counted = meter.counted
    state.tier = meter.tier
    state.tier_base = meter.tier_base
    state.due_micros = meter.due
    connection = meter.connection
    if connection is not None:
        state.lines.append(LineState(-1, 0, connection.mask, 1, connection.amount_micros))
    for line in meter.lines:
        state.lines.append(LineState(line.band_number, line.tier, line.mask, line.units, line.amount_micros))
    state.percentages = _places(meter.tariff, meter.percentages)
    state.amounts_off = _places(meter.tariff, meter.amounts_off)
    if meter.caps is not None:
        for cap in meter.caps:
            state.caps += [cap.window, cap.base_in, cap.base_out, cap.room, cap.out]
    if meter.credits is not None:
        state.refundable = [credit.refundable for credit in meter.credits]
    return state


def resume_meter(
    state: MeterState,
    plan: Plan,
    rule_number: i64,
    tariff: TariffTerms,
    situation: Situation,
    catalogue: Catalogue,
    standing: Standing,
) -> Meter:
    """The meter that ``save_meter`` saw, with the standing of now; plan and catalogue are those of then."""
    meter = open_meter(plan, rule_number, tariff, situation, catalogue, standing, state.started_ms, trace=False)
    meter.continues = state.continues
    meter.reported = state.reported
    meter.counted = state.counted
    meter.collected = state.counted
    meter.tier = state.tier
    meter.tier_base = state.tier_base
    meter.percentages = _chosen(tariff, state.percentages)
    meter.amounts_off = _chosen(tariff, state.amounts_off)
    meter.off_micros = 0
    if meter.amounts_off is not None:
        meter.plain = False
        for discount in meter.amounts_off:
            meter.off_micros += discount.amount_micros
    _resume_lines(meter, state)
    meter.due = state.due_micros
    meter.collected_due = state.due_micros
    meter.total = meter.amount_in
    if not meter.plain:
        left: int = meter.amount_in - meter.off_micros
        meter.total = left if left > 0 else 0
        _resume_caps(meter, state)
        _resume_credits(meter.credits, state)
    return meter


def _resume_lines(meter: Meter, state: MeterState) -> None:
    for kept in state.lines:
        if kept.band < 0:
            line = connection_line(meter, kept.mask)
            meter.connection = line
        else:
            line = fresh_line(meter, kept.band, kept.tier, kept.mask)
            meter.lines.append(line)
        line.units = kept.units
        line.amount_micros = kept.amount_micros
        meter.amount_in += kept.amount_micros


def _resume_caps(meter: Meter, state: MeterState) -> None:
    if meter.caps is None:
        return
    place = 0
    for cap in meter.caps:
        cap.window = state.caps[place]
        cap.base_in = state.caps[place + 1]
        cap.base_out = state.caps[place + 2]
        cap.room = state.caps[place + 3]
        cap.out = state.caps[place + 4]
        meter.total = cap.out
        place += 5


def _resume_credits(pots: list[MeteredPot] | None, state: MeterState) -> None:
    if pots is None:
        return
    for place, credit in enumerate(pots):
        if place < len(state.refundable):
            credit.refundable = state.refundable[place]


def _places(tariff: TariffTerms, chosen: list[Discount] | None) -> list[int]:
    if chosen is None:
        return []
    return [place for place, discount in enumerate(tariff.discounts) if discount in chosen]


def _chosen(tariff: TariffTerms, places: list[int]) -> list[Discount] | None:
    if not places:
        return None
    return [tariff.discounts[place] for place in places]
