"""Rating a batch of usage: each record becomes rows of the lake, as texts that DuckDB reads.

Compiled where a compiler is there: a record costs a few microseconds here, most of them in the engine.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS, UNIT_NAMES
from ocs.usage_import.refusal import NO_SUBSCRIPTION, NOT_RATED, Refusal
from ocs.usage_import.tenure import FindTenure, Tenure
from rating.bundles import MONEY
from rating.charge import Charge, Line
from rating.conditions import Attributes
from rating.engine import apply, price
from rating.usage import Context, Usage

RATED_COLUMNS: Final = (
    "sequence",
    "account",
    "plan",
    "destination",
    "unit_kind",
    "used_units",
    "currency",
    "tax",
    "line",
    "rule",
    "band",
    "units",
    "price_micros",
    "per_units",
    "rounding",
    "amount_micros",
    "bucket",
)
"""The columns of the lake that a row has behind its head, which says what is known before pricing."""


DAY_MS: Final = 86_400_000
_NOBODY: Final = Refusal(NO_SUBSCRIPTION, "nobody had the number")


class Columns:
    """What records of a batch have in common with rows (``heads``), and what pricing asks for."""

    def __init__(
        self,
        heads: list[str],
        lines: list[int],
        started_ms: list[int],
        ended_ms: list[int],
        measures: list[list[int]],
        texts: dict[str, list[str]],
    ) -> None:
        self.heads = heads
        self.lines = lines
        self.started_ms = started_ms
        self.ended_ms = ended_ms
        self.octets, self.input_octets, self.output_octets, self.seconds, self.units = measures
        self.msisdn = texts["msisdn"]
        self.service = texts["service"]
        self.called = texts["called"]
        self.network = texts["network"]
        self.location = texts["location"]
        self.apn = texts["apn"]
        self.slice = texts["slice"]
        self.service_identifier = texts["service_identifier"]
        self.rating_group = texts["rating_group"]
        self.qos_class = texts["qos_class"]
        self.rat_type = texts["rat_type"]
        self.direction = texts["direction"]


class StagedDay:
    """The rows of a UTC day, by sequence and line: those that wait in memory, and counts of all.

    ``amounts`` are micros by currency.
    """

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.count: i64 = 0
        self.records: i64 = 0
        self.amounts: dict[str, int] = {}

    def count_record(self, rows: i64, currency: str, amount_micros: int) -> None:
        """Count a record whose rows were added."""
        self.count += rows
        self.records += 1
        if currency and (amount_micros != 0 or currency not in self.amounts):
            self.amounts[currency] = self.amounts.get(currency, 0) + amount_micros


class Rated:
    """Rows by day, and lines that could not be rated, with why. ``next_sequence`` follows the last record."""

    def __init__(self, next_sequence: i64, days: dict[int, StagedDay]) -> None:
        self.next_sequence = next_sequence
        self.days = days
        self.day_number: i64 = -1
        self.day = StagedDay()
        self.refused: list[tuple[int, Refusal]] = []

    def day_of(self, started_ms: i64) -> StagedDay:
        """The day of a moment; mostly the last one's."""
        number = started_ms // DAY_MS
        if number != self.day_number:
            known = self.days.get(number)
            if known is None:
                known = StagedDay()
                self.days[number] = known
            self.day_number = number
            self.day = known
        return self.day


def rate(columns: Columns, known: dict[str, Tenure], find: FindTenure, rated: Rated) -> None:
    """Price each record with the standing that the one before left, and move the standing on.

    ``known`` are the tenures that were found last, by number.
    """
    msisdns = columns.msisdn
    for index in range(len(columns.heads)):
        start: i64 = columns.started_ms[index]
        msisdn = msisdns[index]
        tenure = known.get(msisdn)
        if tenure is None or start < tenure.from_ms or start >= tenure.to_ms:
            tenure = find(msisdn, start)
            known[msisdn] = tenure
        context = tenure.context
        refusal = tenure.refusal
        if context is None or refusal is not None:
            rated.refused.append((columns.lines[index], refusal or _NOBODY))
            continue
        holder = tenure.holder
        if holder is not None and (
            holder.bundles is not tenure.bundles or start < holder.open_from_ms or start >= holder.open_until_ms
        ):
            holder.open_at(tenure.bundles, start)
        usage = _usage(columns, index, start, tenure.group)
        charge = price(usage, context)
        if charge.refusal:
            about = f": {charge.refusal_about}" if charge.refusal_about else ""
            rated.refused.append((columns.lines[index], Refusal(NOT_RATED, charge.refusal + about)))
            continue
        if holder is not None and (charge.counter_changes or charge.pot_uses or tenure.counts_usages):
            apply(charge, context.standing)
            holder.changed = True
            if charge.bonuses:
                holder.give(charge.bonuses, start)
                _take_off(charge)
        _put_rows(rated, columns.heads[index], tenure, context, usage, charge)


def _take_off(charge: Charge) -> None:
    """Lines of the money that bonuses give without an end: imported usage has no balance for it."""
    rule_id = "" if charge.rule is None else charge.rule.rule_id
    for bonus in charge.bonuses:
        micros: int = bonus.money_micros(0) if bonus.credit is None else 0
        if micros > 0:
            name = bonus.bonus_id[bonus.bonus_id.rfind("/") + 1 :]
            charge.lines.append(Line(f"{rule_id}#bonus-{name}", -micros, 1, 0, 1, -micros))


def _usage(columns: Columns, index: i64, start: i64, group: bytes) -> Usage:
    attributes = Attributes(
        subscriber_group=group,
        called=_octets(columns.called[index]),
        network=_octets(columns.network[index]),
        location=_octets(columns.location[index]),
        apn=_octets(columns.apn[index]),
        slice=_octets(columns.slice[index]),
        service_identifier=_octets(columns.service_identifier[index]),
        rating_group=_octets(columns.rating_group[index]),
        qos_class=_octets(columns.qos_class[index]),
        rat_type=_octets(columns.rat_type[index]),
        direction=_octets(columns.direction[index]),
    )
    return Usage(
        columns.service[index],
        start,
        columns.ended_ms[index],
        columns.octets[index],
        columns.input_octets[index],
        columns.output_octets[index],
        columns.seconds[index],
        columns.units[index],
        attributes,
    )


def _octets(text: str) -> bytes:
    return text.encode() if text else b""


def _put_rows(rated: Rated, head: str, tenure: Tenure, context: Context, usage: Usage, charge: Charge) -> None:
    destination = charge.destination
    if not destination and usage.attributes.called:
        zones = context.catalogue.destinations
        if zones is not None:
            destination = zones.zone_of(usage.attributes.called)
    kind = charge.unit_kind
    used = charge.used_units
    if kind == 0:
        kind, used = _measured(usage)
    sequence = rated.next_sequence
    rated.next_sequence = sequence + 1
    # \x1f is PART, which a literal joins to its neighbours
    record = (
        f"{head}\x1f{sequence}\x1f{tenure.texts}\x1f{destination.decode()}\x1f{UNIT_NAMES[kind]}\x1f{used}"
        f"\x1f{charge.currency}\x1f{charge.tax}\x1f"
    )
    day = rated.day_of(usage.start_ms)
    rows = day.rows
    amount: int = 0
    number: i64 = 0
    for line in charge.lines:
        rows.append(
            f"{record}{number}\x1f{line.rule_id}\x1f{line.band}\x1f{line.units}\x1f{line.price_micros}"
            f"\x1f{line.per_units}\x1f{line.rounding}\x1f{line.amount_micros}\x1f"
        )
        amount += line.amount_micros
        number += 1
    for use in charge.pot_uses:
        paid: int = use.units if use.unit_kind == MONEY else 0
        rows.append(f"{record}{number}\x1f\x1f\x1f{use.units}\x1f\x1f\x1f\x1f{-paid}\x1f{use.bundle_id}")
        amount -= paid
        number += 1
    if number == 0:
        rows.append(f"{record}0\x1f\x1f\x1f{used}\x1f\x1f\x1f\x1f0\x1f")
        number = 1
    day.count_record(number, charge.currency, amount)


def _measured(usage: Usage) -> tuple[i64, i64]:
    """The kind and number of units of a usage that no price counts."""
    if usage.seconds >= 0:
        return SECONDS, usage.seconds
    if usage.octets >= 0:
        return OCTETS, usage.octets
    return SPECIFIC_UNITS, usage.units if usage.units >= 0 else 0
