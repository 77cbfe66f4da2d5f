"""Rating a batch of usage: each record becomes rows of the lake, as texts that DuckDB reads.

Compiled where a compiler is there: a record costs a few microseconds here, most of them in the engine.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS
from ocs.usage_import.refusal import NO_SUBSCRIPTION, NOT_RATED, Refusal
from ocs.usage_import.row_texts import RowTexts
from ocs.usage_import.staged_day import StagedDay
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
    "used_units",
    "destination",
    "unit_kind",
    "currency",
    "tax",
    "line",
    "units",
    "amount_micros",
    "rule",
    "band",
    "price_micros",
    "per_units",
    "rounding",
    "bucket",
)
"""The columns of the lake that a row has behind its head, which says what is known before pricing.

From destination to tax, and from rule to rounding, many rows say the same: RowTexts remembers those.
"""

DAY_MS: Final = 86_400_000
AT_ONCE: Final = 256
"""So many tenures are looked at together."""
_BESIDES_CALLS: Final = (
    "location",
    "apn",
    "slice",
    "service_identifier",
    "rating_group",
    "qos_class",
    "rat_type",
)
_NUMBERS: Final = [str(number) for number in range(100)]
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
        self.more = False
        """Whether records have attributes besides those of a call."""

    def look_at(self, texts: dict[str, str]) -> Columns:
        """Say which texts are the same in all lines; those of others have to be looked at line by line."""
        for name in _BESIDES_CALLS:
            if texts.get(name, "?"):
                self.more = True
        return self


class Rated:
    """Rows by day, and lines that could not be rated, with why. ``next_sequence`` follows the last record."""

    def __init__(self, next_sequence: i64, days: dict[int, StagedDay]) -> None:
        self.next_sequence = next_sequence
        self.texts = RowTexts()
        self.days = days
        self.day_number: i64 = -1
        self.day = StagedDay()
        self.refused: list[tuple[int, Refusal]] = []
        self.looked_at: i64 = 0
        """Nothing of interest: what is never used need not be read."""

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

    ``known`` are the tenures that were found last, by number. Those of many records are looked at together
    before: most of the time went by waiting for memory, and this way it is waited for many at once.
    """
    count: i64 = len(columns.heads)
    begin: i64 = 0
    while begin < count:
        end: i64 = begin + AT_ONCE
        _rate_some(columns, begin, end if end < count else count, known, find, rated)
        begin = end


def _rate_some(
    columns: Columns, begin: i64, end: i64, known: dict[str, Tenure], find: FindTenure, rated: Rated
) -> None:
    msisdns = columns.msisdn
    tenures = [known.get(msisdns[index]) for index in range(begin, end)]
    rated.looked_at += _look_at(tenures)
    for index in range(begin, end):
        start: i64 = columns.started_ms[index]
        tenure = tenures[index - begin]
        if tenure is None or start < tenure.from_ms or start >= tenure.to_ms:
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
        usage = _usage(columns, index, start, tenure.group, rated.texts)
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


def _look_at(tenures: list[Tenure | None]) -> i64:
    """Have the standings of some tenures near the processor: many are waited for at the same time here."""
    total: i64 = 0
    for tenure in tenures:
        if tenure is not None:
            context = tenure.context
            if context is not None:
                standing = context.standing
                total += standing.usages + len(standing.counters)
                for pot in standing.pots:
                    total += pot.expires_at_ms
                for periods in standing.counters.values():
                    total += len(periods)
    return total


def _take_off(charge: Charge) -> None:
    """Lines of the money that bonuses give without an end: imported usage has no balance for it."""
    plan = charge.plan
    if plan is None:
        return
    for bonus in charge.bonuses:
        micros: int = bonus.money_micros(0) if bonus.credit is None else 0
        if micros > 0:
            name = bonus.bonus_id[bonus.bonus_id.rfind("/") + 1 :]
            charge.lines.append(Line(plan, charge.rule_number, f"#bonus-{name}", -micros, 1, 0, 1, -micros))


def _usage(columns: Columns, index: i64, start: i64, group: bytes, texts: RowTexts) -> Usage:
    attributes = Attributes(
        subscriber_group=group,
        called=_octets(columns.called[index]),
        network=texts.octets(columns.network[index]),
        direction=texts.octets(columns.direction[index]),
    )
    if columns.more:
        attributes.location = _octets(columns.location[index])
        attributes.apn = texts.octets(columns.apn[index])
        attributes.slice = _octets(columns.slice[index])
        attributes.service_identifier = _octets(columns.service_identifier[index])
        attributes.rating_group = texts.octets(columns.rating_group[index])
        attributes.qos_class = _octets(columns.qos_class[index])
        attributes.rat_type = texts.octets(columns.rat_type[index])
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
    texts = rated.texts
    measured = str(used)
    # \x1f is PART, which a literal joins to its neighbours
    record = (
        f"{head}\x1f{sequence}\x1f{tenure.texts}\x1f{measured}"
        f"\x1f{texts.kind(destination, kind, charge.currency, charge.tax)}\x1f"
    )
    day = rated.day_of(usage.start_ms)
    rows = day.rows
    amount: int = 0
    number: i64 = 0
    for line in charge.lines:
        units = measured if line.units == used else str(line.units)
        rows.append(f"{record}{_number(number)}\x1f{units}\x1f{line.amount_micros}\x1f{texts.terms(line)}")
        amount += line.amount_micros
        number += 1
    for use in charge.pot_uses:
        units = measured if use.units == used else str(use.units)
        paid: int = use.units if use.unit_kind == MONEY else 0
        rows.append(f"{record}{_number(number)}\x1f{units}\x1f{-paid}\x1f\x1f\x1f\x1f\x1f\x1f{use.bundle_id}")
        amount -= paid
        number += 1
    if number == 0:
        rows.append(f"{record}0\x1f{measured}\x1f0\x1f\x1f\x1f\x1f\x1f\x1f")
        number = 1
    day.count_record(number, charge.currency, amount)


def _number(number: i64) -> str:
    """The number of a line, of which there are seldom many."""
    return _NUMBERS[number] if number < 100 else str(number)


def _measured(usage: Usage) -> tuple[i64, i64]:
    """The kind and number of units of a usage that no price counts."""
    if usage.seconds >= 0:
        return SECONDS, usage.seconds
    if usage.octets >= 0:
        return OCTETS, usage.octets
    return SPECIFIC_UNITS, usage.units if usage.units >= 0 else 0
