"""What changes between two price lists: plans, bundles, rules and decks in words, and what samples cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from config.catalogue_file import CheckedCatalogue
from config.rule_words import condition_words, price_words, terms_words
from config.tariff_text import format_money
from ocs.tariffs.facts import local_text, plan_facts, rules_of, shared_facts, validity_words
from ocs.tariffs.prefix_differences import deck_lines, zone_lines
from ocs.tariffs.samples import Sample, samples_of
from rating.calendar import Zone
from rating.catalogue import Catalogue, Plan
from rating.engine import price
from rating.tariff import AT_END, AT_START
from rating.usage import Context

_SWITCH: Final = {AT_START: "over a switch: at start", AT_END: "over a switch: at end"}


@dataclass
class PlanDifference:
    """What changes for the subscribers of one plan, ``since`` a day (" from 2027-01-01") where not at once.

    ``prices`` has (what, old, new) of sample usages.
    """

    plan_id: str
    name: str
    since: str = ""
    lines: list[str] = field(default_factory=list)
    prices: list[tuple[str, str, str]] = field(default_factory=list)

    def goes_on(self, earlier: PlanDifference) -> bool:
        """Whether an earlier difference of the same plan says the same."""
        same_plan = self.plan_id == earlier.plan_id
        return same_plan and self.lines == earlier.lines and self.prices == earlier.prices


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
            found += ["", f"subscribers of {plan.plan_id} ({plan.name}){plan.since}:"]
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
                "from": plan.since.removeprefix(" from "),
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
    plans: list[PlanDifference] = []
    for plan_id in sorted(before.plans.keys() | after.plans.keys()):
        for at_ms in _turns(plan_id, before, after):
            found = _plan_difference(plan_id, before, after, at_ms)
            if (found.lines or found.prices) and not (plans and found.goes_on(plans[-1])):
                plans.append(found)
    return Differences((before.version, after.version), plans, _shared(before, after))


def _turns(plan_id: str, before: Catalogue, after: Catalogue) -> list[int]:
    """When versions of a plan begin, on either side; 0 where neither has several."""
    found = {plan.valid_from_ms for each in (before, after) for plan in each.versions.get(plan_id, [])}
    return sorted(found) or [0]


def _plan_difference(plan_id: str, before: Catalogue, after: Catalogue, at_ms: int) -> PlanDifference:
    old, new = before.plan_at(plan_id, at_ms), after.plan_at(plan_id, at_ms)
    since = f" from {local_text(at_ms, after.zone)}" if at_ms else ""
    if old is None or new is None:
        there = new or old
        if there is None:
            return PlanDifference(plan_id, "")
        found = PlanDifference(
            plan_id, there.name, since, ["a new plan" if old is None else "the plan is gone"]
        )
        if new is not None:
            found.lines += [f"+ {line}" for line in plan_facts(new)]
        return found
    found = PlanDifference(plan_id, new.name, since, _compared(plan_facts(old), plan_facts(new)))
    _compare_rules(found, _rules(old, before.zone), _rules(new, after.zone))
    found.prices = _compare_prices(before, after, old, new, at_ms)
    return found


def _compared(was: list[str], is_now: list[str]) -> list[str]:
    """The lines that only one of both has."""
    had, has = set(was), set(is_now)
    return [
        *(f"- {line}" for line in was if line not in has),
        *(f"+ {line}" for line in is_now if line not in had),
    ]


def _compare_rules(
    found: PlanDifference, was: dict[tuple[str, str], str], is_now: dict[tuple[str, str], str]
) -> None:
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


def _rules(plan: Plan, zone: Zone) -> dict[tuple[str, str], str]:
    """What each rule of a plan asks for and costs, by service and name."""
    found: dict[tuple[str, str], str] = {}
    for service, rule in rules_of(plan):
        words = [", ".join(condition_words(rule)), price_words(rule, plan.currency)]
        words[0] += validity_words(rule.valid_from_ms, rule.valid_until_ms, zone)
        switch = "" if rule.tariff is None else _SWITCH.get(rule.tariff.switch_policy, "")
        words += [text for text in (terms_words(rule, plan.currency), switch) if text]
        found[service, rule.rule_id.partition("/")[2]] = "; ".join(words)
    return found


def _compare_prices(
    before: Catalogue, after: Catalogue, old: Plan, new: Plan, at_ms: int
) -> list[tuple[str, str, str]]:
    """Sample usages of the rules of both plans that cost something else."""
    samples: dict[str, Sample] = {}
    for catalogue, plan in ((before, old), (after, new)):
        for service, rule in rules_of(plan):
            for sample in samples_of(service, rule, catalogue, at_ms):
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
    found = _compared(shared_facts(before), shared_facts(after))
    for deck_id in sorted(before.decks.keys() | after.decks.keys()):
        found += deck_lines(deck_id, before.decks.get(deck_id), after.decks.get(deck_id), after.zone)
    for name, old, new in (
        ("destinations", before.destinations, after.destinations),
        ("networks", before.networks, after.networks),
        ("locations", before.locations, after.locations),
    ):
        found += zone_lines(name, old, new)
    return found
