"""One example of a catalogue: the usage, the state of its subscriber, and what is expected of its charge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS, UNIT_NAMES
from config.example_schema import ExampleStateText, ExampleText, ExampleUsageText
from config.issues import TextError, did_you_mean
from config.local_times import left_out, read_instant
from config.named import refuse
from config.piece_reader import IssueCollector, read_mapping, read_piece
from config.quantity_text import Quantity, format_quantity, parse_quantity
from config.rule_conditions import ConditionReader, number_of
from config.stated_counters import counters_of
from config.tariff_text import Moment, parse_money
from config.text_pieces import one_text
from config.time_zones import zone_named
from config.yaml_nodes import Data, Document, Location
from rating.bundles import MONEY, BundleDefinition
from rating.calendar import UTC, Zone
from rating.catalogue import Catalogue, Plan
from rating.conditions import Attributes
from rating.periods import period_number
from rating.tariff import MICROS, USAGES, Counter
from rating.usage import NOT_REPORTED, Pot, Standing, Usage


@dataclass
class Example:
    """One usage of a subscriber in some standing, and what is expected of its charge."""

    name: str
    plan_id: str
    usage: Usage
    standing: Standing
    document: Document
    location: Location
    costs_micros: int | None = None
    currency: str = ""
    refused: str = ""
    uses: dict[str, int] | None = None
    rule: str = ""
    zone: Zone = field(default=UTC)


class ExampleReader:
    """Reads one example."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        location: Location,
        catalogue: Catalogue,
        conditions: ConditionReader,
        *,
        expects: bool = True,
    ) -> None:
        self._expects = expects
        self._issues = issues
        self._document = document
        self._location = location
        self._catalogue = catalogue
        self._conditions = conditions
        self._wrong = False

    def read(self, text: ExampleText) -> Example | None:
        """The example; None, and issues, where anything in it is wrong."""
        if self._expects and (text.costs is None) == (text.refused is None):
            self._refuse(
                self._location, "either 'costs:' or 'refused:' is expected", "such as 'costs: 0.35 EUR'", "T108"
            )
        state = None
        if text.state is not None:
            at = (*self._location, "state")
            state = read_piece(self._issues, self._document, ExampleStateText, text.state, at)
        usage_at = (*self._location, "usage")
        usage_text = read_piece(self._issues, self._document, ExampleUsageText, text.usage, usage_at)
        if text.plan not in self._catalogue.plans:
            if not self._issues.has_errors:
                hint = did_you_mean(text.plan, self._catalogue.plans)
                self._refuse((*self._location, "plan"), f"there is no plan {text.plan!r}", hint, "T201")
            return None
        if usage_text is None or (text.state is not None and state is None):
            return None
        group = b"" if state is None or state.subscriber_group is None else state.subscriber_group.encode()
        usage = self._usage(usage_text, group)
        plan = self._catalogue.plan_at(text.plan, usage.start_ms)
        if plan is None:
            self._refuse((*usage_at, "at"), f"plan {text.plan!r} does not hold yet at this time", "", "T201")
            return None
        standing = self._standing(state, plan, usage)
        example = Example(text.name, text.plan, usage, standing, self._document, self._location)
        example.zone = plan.zone or self._catalogue.zone
        example.rule = text.rule or ""
        example.refused = text.refused or ""
        if text.costs is not None:
            example.costs_micros, example.currency = text.costs.micros, text.costs.currency
            if text.costs.currency != plan.currency:
                words = f"costs in {text.costs.currency}, but the plan's currency is {plan.currency}"
                self._refuse((*self._location, "costs"), words, "", "T109")
        if text.uses is not None:
            example.uses = self._sizes(text.uses, (*self._location, "uses"), self._bundles(plan))
        return None if self._wrong else example

    def _refuse(self, location: Location, message: str, hint: str, code: str) -> None:
        self._wrong = True
        self._issues.add(self._document.issue(location, message, hint, code))

    def _usage(self, text: ExampleUsageText, group: bytes) -> Usage:
        at = (*self._location, "usage")
        error = self._conditions.unknown_service(text.service)
        if error is not None:
            self._refuse((*at, "service"), str(error), error.hint, error.code)
        start = self._instant(text.at, (*at, "at"))
        seconds = self._units(text.duration, SECONDS, (*at, "duration"))
        end = start if text.until is None else self._instant(text.until, (*at, "until"))
        if text.until is not None and end < start:
            self._refuse((*at, "until"), "the usage ends before it begins", "", "T402")
        if seconds != NOT_REPORTED and text.until is None:
            end = start + seconds * 1000
        octets = self._units(text.volume, OCTETS, (*at, "volume"))
        inside = self._units(text.input, OCTETS, (*at, "input"))
        outside = self._units(text.output, OCTETS, (*at, "output"))
        units = self._units(text.units, SPECIFIC_UNITS, (*at, "units"))
        if octets == NOT_REPORTED and (inside != NOT_REPORTED or outside != NOT_REPORTED):
            octets = max(inside, 0) + max(outside, 0)
        if {seconds, octets, units} == {NOT_REPORTED}:
            units = 1
        return Usage(
            text.service, start, end, octets, inside, outside, seconds, units, self._attributes(text, group)
        )

    def _instant(self, moment: Moment, at: Location) -> int:
        """The instant of a local time of the network; an issue where there is no such time."""
        zone = self._catalogue.zone
        self._wrong = self._wrong or left_out(zone, moment) is not None
        return read_instant(self._issues, self._document, at, zone, moment)

    def _units(self, size: Quantity | None, kind: int, location: Location) -> int:
        if size is None:
            return NOT_REPORTED
        if size.unit_kind != kind:
            self._refuse(location, f"{format_quantity(size)} are not {UNIT_NAMES[kind]}", "", "T109")
        return size.units

    def _attributes(self, text: ExampleUsageText, group: bytes) -> Attributes:
        found = Attributes(subscriber_group=group)
        at = (*self._location, "usage")
        for name, parse in self._conditions.of_usage().items():
            word = getattr(text, name, None)
            if word is not None:
                try:
                    setattr(found, name, parse(word))
                except TextError as error:
                    self._wrong = True
                    refuse(self._issues, self._document, (*at, name), error)
        return found

    def _standing(self, state: ExampleStateText | None, plan: Plan, usage: Usage) -> Standing:
        standing = Standing()
        if state is None:
            return standing
        at = (*self._location, "state")
        zone = plan.zone or self._catalogue.zone
        if state.activated is not None:
            standing.activated_ms = self._instant(state.activated, (*at, "activated"))
        if state.time_zone is not None:
            try:
                standing.zone = zone_named(state.time_zone)
            except TextError as error:
                self._wrong = True
                refuse(self._issues, self._document, (*at, "time_zone"), error)
        if state.usages is not None:
            try:
                standing.usages = int(number_of(state.usages, 1 << 40))
            except TextError as error:
                self._wrong = True
                refuse(self._issues, self._document, (*at, "usages"), error)
        if state.counters is not None:
            counters = counters_of(plan)
            values = self._sizes(state.counters, (*at, "counters"), counters)
            for counter_id, value in values.items():
                number = period_number(counters[counter_id].period, zone, usage.start_ms)
                standing.counters[counter_id] = {number: value}
        bundles = self._bundles(plan)
        if state.buckets == "full":
            standing.pots = [Pot(each.bundle_id, each.unit_kind, each.units) for each in plan.bundles]
        elif state.buckets is not None:
            left = self._sizes(state.buckets, (*at, "buckets"), bundles)
            standing.pots = [Pot(name, bundles[name].unit_kind, units) for name, units in left.items()]
        return standing

    def _bundles(self, plan: Plan) -> dict[str, BundleDefinition]:
        """The bundles that a subscriber of the plan may have, by id."""
        found = {bundle.bundle_id: bundle for bundle in plan.bundles}
        for bonus in plan.bonuses:
            for bundle in (bonus.credit, bonus.give_bundle):
                if bundle is not None:
                    found[bundle.bundle_id] = bundle
        for addon in self._catalogue.addons.values():
            if addon.plans is None or plan.plan_id in addon.plans:
                found |= {bundle.bundle_id: bundle for bundle in addon.bundles}
        return found

    def _sizes(
        self, data: Data, at: Location, known: Mapping[str, Counter | BundleDefinition]
    ) -> dict[str, int]:
        """Sizes of counters or bundles by id; those of a plan go by name, others by whole id."""
        by_name = {each.partition("/")[2].partition("#")[0]: each for each in reversed(list(known))}
        found = {}
        for name, entry in read_mapping(self._issues, self._document, data, at).items():
            key = name if name in known else by_name.get(name, "")
            if not key:
                hint = did_you_mean(name, by_name) or "the plan has none"
                self._refuse((*at, name), f"the plan has no {name!r}", hint, "T201")
                continue
            try:
                found[key] = _size_of(one_text(entry), known[key])
            except TextError as error:
                self._wrong = True
                refuse(self._issues, self._document, (*at, name), error)
        return found


def _size_of(text: str, thing: Counter | BundleDefinition) -> int:
    """What a text says in the units of a counter or bundle; 0 without a word for the units is 0 of any."""
    if text.strip() == "0":
        return 0
    money = thing.measure == MICROS if isinstance(thing, Counter) else thing.unit_kind == MONEY
    if money:
        return parse_money(text).micros
    if isinstance(thing, Counter) and thing.measure == USAGES:
        return int(number_of(text.removesuffix(" usages").removesuffix(" calls"), 1 << 40))
    size = parse_quantity(text)
    if size.unit_kind != thing.unit_kind:
        raise TextError(f"{text!r} are not {UNIT_NAMES[thing.unit_kind]}", code="T109")
    return size.units
