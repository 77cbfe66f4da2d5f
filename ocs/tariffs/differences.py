"""What changes between two price lists: plans, bundles, rules and decks in words, and what samples cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from config.catalogue_file import CheckedCatalogue
from config.offer_words import bundle_text, offer_lines
from config.rule_words import condition_words, price_words, terms_words
from config.tariff_text import format_money
from ocs.tariffs.samples import Sample, samples_of
from rating.catalogue import Catalogue, Plan, Rule
from rating.decks import DeckRow, RateDeck
from rating.engine import price
from rating.prefixes import PrefixZones
from rating.usage import Context

MOST_DECK_ROWS: Final = 10
"""So many changed prices of a deck are listed, the largest changes first."""


@dataclass
class PlanDifference:
    """What changes for the subscribers of one plan; ``prices`` has (what, old, new) of sample usages."""

    plan_id: str
    name: str
    lines: list[str] = field(default_factory=list)
    prices: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Differences:
    """All that changes. ``versions`` are the hashes of both price lists."""

    versions: tuple[str, str]
    plans: list[PlanDifference]
    shared: list[str]

    def lines(self) -> list[str]:
        """What a pricing team reads."""
        old, new = self.versions
        if old == new:
            return [f"no difference: both are catalogue {old}"]
        found = [f"catalogue {old} -> {new}"]
        for plan in self.plans:
            found += ["", f"subscribers of {plan.plan_id} ({plan.name}):"]
            found += [f"  {line}" for line in plan.lines]
            width = max((len(what) for what, _, _ in plan.prices), default=0)
            found += [f"    {what:{width}}  {before} -> {after}" for what, before, after in plan.prices]
        if self.shared:
            found += ["", "for all plans that use them:", *(f"  {line}" for line in self.shared)]
        if not self.plans and not self.shared:
            found.append("nothing that a subscriber would notice")
        return found

    def as_json(self) -> dict[str, object]:
        """The same as JSON types."""
        plans = [
            {
                "plan": plan.plan_id,
                "name": plan.name,
                "changes": plan.lines,
                "prices": [{"usage": what, "old": old, "new": new} for what, old, new in plan.prices],
            }
            for plan in self.plans
        ]
        return {"old": self.versions[0], "new": self.versions[1], "plans": plans, "shared": self.shared}


def differences_of(old: CheckedCatalogue, new: CheckedCatalogue) -> Differences:
    """What changes from one catalogue to another, both without errors."""
    before, after = old.catalogue, new.catalogue
    assert before is not None and after is not None  # noqa: S101, PT018  (both were checked)
    plans = []
    for plan_id in sorted(before.plans.keys() | after.plans.keys()):
        found = _plan_difference(plan_id, before, after)
        if found.lines or found.prices:
            plans.append(found)
    return Differences((before.version, after.version), plans, _shared(before, after))


def _plan_difference(plan_id: str, before: Catalogue, after: Catalogue) -> PlanDifference:
    old, new = before.plans.get(plan_id), after.plans.get(plan_id)
    if old is None or new is None:
        there = new or old
        assert there is not None  # noqa: S101  (one of both has it)
        found = PlanDifference(plan_id, there.name, ["a new plan" if old is None else "the plan is gone"])
        if new is not None:
            found.lines += [f"+ {line}" for line in _facts(new)]
        return found
    found = PlanDifference(plan_id, new.name)
    was, is_now = _facts(old), _facts(new)
    found.lines += [f"- {line}" for line in was if line not in is_now]
    found.lines += [f"+ {line}" for line in is_now if line not in was]
    _compare_rules(found, old, new)
    found.prices = _compare_prices(before, after, old, new)
    return found


def _facts(plan: Plan) -> list[str]:
    """What a plan has beside its rules, a line each."""
    facts = [f"called {plan.name}", f"in {plan.currency}", plan.payment]
    facts.append("overuse may overdraw" if plan.overdraft_allowed else "never below zero")
    if plan.credit_limit_micros:
        facts.append(f"credit up to {format_money(plan.credit_limit_micros, plan.currency)}")
    facts += [
        f"bundle {bundle.bundle_id.partition('/')[2]}: {bundle_text(bundle, plan.currency)}"
        for bundle in plan.bundles
    ]
    return facts + offer_lines(plan)


def _compare_rules(found: PlanDifference, old: Plan, new: Plan) -> None:
    was, is_now = _rules(old), _rules(new)
    for key in sorted(was.keys() | is_now.keys()):
        before, after = was.get(key), is_now.get(key)
        if before == after:
            continue
        service, name = key
        if before is None:
            found.lines.append(f"{service} {name}: new, {after}")
        elif after is None:
            found.lines.append(f"{service} {name}: gone, it was {before}")
        else:
            found.lines.append(f"{service} {name}: {before} -> {after}")


def _rules(plan: Plan) -> dict[tuple[str, str], str]:
    """What each rule of a plan asks for and costs, by service and name."""
    found: dict[tuple[str, str], str] = {}
    for service, rule in rules_of(plan):
        words = [", ".join(condition_words(rule)), price_words(rule, plan.currency)]
        terms = terms_words(rule, plan.currency)
        if terms:
            words.append(terms)
        found[service, rule.rule_id.partition("/")[2]] = "; ".join(words)
    return found


def rules_of(plan: Plan) -> list[tuple[str, Rule]]:
    """Every rule of a plan once, with its service."""
    found: dict[int, tuple[str, Rule]] = {}
    for service, selector in plan.selectors.items():
        for rule in selector.all_rules():
            found[id(rule)] = (service, rule)
    for tables in (plan.rules, *plan.apn_rules.values()):
        for service, table in tables.items():
            for rule in table.values():
                found.setdefault(id(rule), (service, rule))
    return list(found.values())


def _compare_prices(before: Catalogue, after: Catalogue, old: Plan, new: Plan) -> list[tuple[str, str, str]]:
    """Sample usages of the rules of both plans that cost something else."""
    samples: dict[str, Sample] = {}
    for catalogue, plan in ((before, old), (after, new)):
        for service, rule in rules_of(plan):
            for sample in samples_of(service, rule, catalogue):
                samples.setdefault(sample.words, sample)
    found = []
    for words, sample in samples.items():
        was, is_now = _cost(before, old, sample), _cost(after, new, sample)
        if was != is_now:
            found.append((words, was, is_now))
    return found


def _cost(catalogue: Catalogue, plan: Plan, sample: Sample) -> str:
    charge = price(sample.usage, Context(catalogue, plan=plan))
    return (
        f"not charged: {charge.refusal}" if charge.refusal else format_money(charge.due_micros, plan.currency)
    )


def _shared(before: Catalogue, after: Catalogue) -> list[str]:
    found = []
    for deck_id in sorted(before.decks.keys() | after.decks.keys()):
        found += _deck_lines(deck_id, before.decks.get(deck_id), after.decks.get(deck_id))
    for addon_id in sorted(before.addons.keys() | after.addons.keys()):
        if addon_id not in after.addons:
            found.append(f"add-on {addon_id} is gone")
        elif addon_id not in before.addons:
            found.append(f"add-on {addon_id} is new: {after.addons[addon_id].name}")
    for name, old, new in (
        ("destinations", before.destinations, after.destinations),
        ("networks", before.networks, after.networks),
        ("locations", before.locations, after.locations),
    ):
        was, is_now = _zones_by_prefix(old), _zones_by_prefix(new)
        moved = sum(1 for prefix, zone in is_now.items() if was.get(prefix) not in {None, zone})
        added, gone = len(is_now.keys() - was.keys()), len(was.keys() - is_now.keys())
        if added or gone or moved:
            found.append(f"{name}: {added} new prefixes, {gone} gone, {moved} in another zone")
    return found


def _deck_lines(deck_id: str, old: RateDeck | None, new: RateDeck | None) -> list[str]:
    if old is None or new is None:
        return [f"rate deck {deck_id} is {'new' if old is None else 'gone'}"]
    was, is_now = _latest_rows(old), _latest_rows(new)
    added, gone = len(is_now.keys() - was.keys()), len(was.keys() - is_now.keys())
    both = (
        (prefix, old.row_at(was[prefix]), new.row_at(is_now[prefix])) for prefix in was.keys() & is_now.keys()
    )
    changed = [each for each in both if _row(each[1]) != _row(each[2])]
    if not (added or gone or changed):
        return []
    dearer = sum(1 for _, before, after in changed if _above(after, before))
    counts = f"{added} new prefixes, {gone} gone, {len(changed)} changed, {dearer} of them dearer"
    lines = [f"rate deck {deck_id}: {counts}"]
    changed.sort(key=lambda each: (-abs(_cross(each[2], each[1])), each[0]))
    for prefix, before, after in changed[:MOST_DECK_ROWS]:
        where = after.destination.decode()
        lines.append(f"  {prefix.decode()} {where}: {_row_words(before)} -> {_row_words(after)}")
    return lines


def _latest_rows(deck: RateDeck) -> dict[bytes, int]:
    """The place of each prefix's row, of the latest where it has several."""
    return {deck.prefixes.at(index): index for index in range(deck.prefixes.count)}


def _zones_by_prefix(zones: PrefixZones | None) -> dict[bytes, bytes]:
    if zones is None:
        return {}
    return {zones.prefixes.at(index): zones.zone_at(index) for index in range(zones.prefixes.count)}


def _row(row: DeckRow) -> tuple[int, ...]:
    rate = row.rate
    return (rate.price_micros, rate.per_units, row.increment, row.minimum, row.connection_fee_micros)


def _cross(one: DeckRow, other: DeckRow) -> int:
    """How much dearer one price is than another, times both quantities."""
    return one.rate.price_micros * other.rate.per_units - other.rate.price_micros * one.rate.per_units


def _above(one: DeckRow, other: DeckRow) -> bool:
    return _cross(one, other) > 0


def _row_words(row: DeckRow) -> str:
    words = f"{format_money(row.rate.price_micros, '').strip()} per {row.rate.per_units}"
    if row.connection_fee_micros:
        words += f" and {format_money(row.connection_fee_micros, '').strip()} to connect"
    return words
