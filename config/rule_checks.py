"""What is wrong with the rules of a plan as a whole: ambiguous, never chosen, missing, far too dear."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from balance.quantity import OCTETS
from config.catalogue_rules import ReadRule
from config.piece_reader import IssueCollector
from config.price_slips import is_slip, slip_words, usual_level
from config.rule_conditions import same_family
from config.rule_tariffs import PartlyTaken, Slip
from config.surroundings import Surroundings
from config.yaml_nodes import Document, Location
from rating.attributes import ATTRIBUTE_NAMES, DESTINATION, DESTINATION_GROUP, DIRECTION
from rating.calendar import FAR_MS
from rating.catalogue import ANY_RATING_GROUP
from rating.conditions import Condition, strength
from rating.rule import CHARGE, Rule

MOST_COMPARED: Final = 300_000
"""So many pairs of rules of a plan are compared; a larger plan is not searched for unreachable rules."""
_BOTH_WAYS: Final = frozenset({b"outgoing", b"incoming"})


class RuleChecks:
    """The checks of one plan."""

    def __init__(self, issues: IssueCollector, document: Document, shared: Surroundings) -> None:
        self._issues = issues
        self._document = document
        self._shared = shared

    def _place(self, location: Location) -> str:
        line, _ = self._document.mark(location)
        return f"{self._document.source.name}:{line}"

    def refuse_ambiguous(self, pairs: list[tuple[Location, Location, str]]) -> None:
        """An error at each of two rules of which neither is stronger, naming the other."""
        for one, two, _ in pairs:
            for here, there in ((one, two), (two, one)):
                message = f"the rule of {self._place(there)} fits the same usage, and neither is stronger"
                hint = "give one of them a higher 'priority', another condition, or another validity"
                self._issues.add(self._document.issue(here, message, hint, "T401"))

    def refuse_partly_taken(self, partial: list[PartlyTaken], rules: list[ReadRule]) -> None:
        """An error where a cap or counter is for a part of a rule's usage that no stronger rule takes."""
        by_place = {found.location: found for found in rules}
        for part in partial:
            found = by_place.get(part.location)
            if found is None:
                continue
            rivals = [each.rule for each in rules if each.service == found.service and each is not found]
            if _is_taken(rivals, found.rule, part):
                continue
            hint = "give the rule the same conditions, or add a rule with those of the scope"
            message = f"{part.what} is for some usage of this rule only"
            self._issues.add(self._document.issue(part.location, message, hint, "T108"))

    def warn_of_past(self, rules: list[ReadRule], start_ms: int) -> None:
        """A warning for each rule that ends before its plan begins."""
        for found in rules:
            if found.rule.valid_from_ms < found.rule.valid_until_ms <= start_ms:
                message = f"never chosen: the plan begins {self._shared.local_text(start_ms)}"
                at = (*found.location, "valid_until")
                self._issues.add(self._document.warning(at, message, code="T901"))

    def warn_of_unreachable(self, rules: list[ReadRule]) -> None:
        """A warning for each rule that another one always comes before."""
        by_service: dict[str, list[ReadRule]] = {}
        for found in rules:
            by_service.setdefault(found.service, []).append(found)
        for of_service in by_service.values():
            raised = [found for found in of_service if found.rule.priority > 0]
            lowest = min(found.rule.priority for found in of_service)
            rivals = [found for found in of_service if found.rule.priority > lowest] or raised
            if len(rivals) * len(of_service) > MOST_COMPARED:
                continue
            for found in of_service:
                for rival in rivals:
                    if rival is not found and _hides(rival.rule, found.rule):
                        message = (
                            f"never chosen: the rule of {self._place(rival.location)} always comes before it"
                        )
                        hint = f"its priority {rival.rule.priority} is higher"
                        self._issues.add(self._document.warning(found.location, message, hint, "T901"))
                        break
            self._warn_of_replaced_groups(of_service)

    def _warn_of_replaced_groups(self, rules: list[ReadRule]) -> None:
        """A rule for a group of zones of which every zone has a rule of its own is never chosen."""
        single: dict[tuple[object, ...], set[bytes]] = {}
        for found in rules:
            for key, members in _zone_keys(found.rule, groups=False):
                single.setdefault(key, set()).update(members)
        for found in rules:
            for key, members in _zone_keys(found.rule, groups=True):
                if members <= single.get(key, set()):
                    message = "never chosen: every zone of the group has a rule of its own"
                    self._issues.add(self._document.warning(found.location, message, code="T901"))

    def warn_of_gaps(self, rules: list[ReadRule], start_ms: int) -> None:
        """A warning for each service with usage that no rule fits, at any time or for some time."""
        by_service: dict[str, list[ReadRule]] = {}
        for found in rules:
            by_service.setdefault(found.service, []).append(found)
        for service, of_service in by_service.items():
            at = of_service[0].location[:-1]
            times = _covered([found.rule for found in of_service])
            if not times:
                message = f"{service} that fits none of these rules has no price"
                hint = "add a rule without conditions, if only 'access: denied'"
                if any(found.rule.unit_kind() == OCTETS for found in of_service):
                    hint = "add a rule for 'rating_group: any', if only 'access: denied'"
                self._issues.add(self._document.warning(at, message, hint, "T906", at_key=True))
                continue
            for begin, end in _holes(times, start_ms):
                until = "" if end == FAR_MS else f" until {self._shared.local_text(end)}"
                since = "at first" if begin == 0 else f"from {self._shared.local_text(begin)}"
                message = f"{service} that fits no other rule has no price {since}{until}"
                self._issues.add(self._document.warning(at, message, "", "T906", at_key=True))

    def warn_of_received(self, rules: list[ReadRule]) -> None:
        """A warning where a rule for the subscribers' own zone takes received usage from one for it."""
        numbering, table = self._shared.numbering, self._shared.tables.get("destinations")
        own = b"" if numbering is None or table is None else table.zone_of(numbering.country)
        if not own:
            return
        received = [found for found in rules if _asks(found.rule, (DIRECTION,)) == {b"incoming"}]
        for found in rules:
            rule = found.rule
            zones = _asks(rule, (DESTINATION, DESTINATION_GROUP))
            if own not in zones or _asks(rule, (DIRECTION,)) or _is_free(rule):
                continue
            for other in received:
                if other.service == found.service and _takes_from(rule, other.rule):
                    message = (
                        f"also prices received {found.service}, not the rule of {self._place(other.location)}: "
                        "who is called there is the subscriber"
                    )
                    hint = "add 'direction: outgoing', or a 'priority' to that rule"
                    self._issues.add(self._document.warning(found.location, message, hint, "T907"))
                    break

    def warn_of_missing_groups(
        self, rules: list[ReadRule], tables: dict[str, dict[int, Rule]], selectors: Collection[str]
    ) -> None:
        """A warning for each service whose rules are tables by rating group, and some groups have no rule."""
        first: dict[str, Location] = {}
        for found in rules:
            first.setdefault(found.service, found.location[:-1])
        for service, at in first.items():
            groups = tables.get(service, {})
            if service not in selectors and ANY_RATING_GROUP not in groups:
                where = "of other rating groups" if groups else "outside these APNs"
                message = f"{service} {where} has no price"
                hint = "add a rule for 'rating_group: any', if only 'access: denied'"
                self._issues.add(self._document.warning(at, message, hint, "T906", at_key=True))

    def warn_of_slips(self, prices: list[Slip]) -> None:
        """A warning for each price that is a hundred times those of its neighbours."""
        groups: dict[tuple[str, int], list[Slip]] = {}
        for price in prices:
            groups.setdefault((price.service, price.kind), []).append(price)
        for (service, _), of_group in groups.items():
            counts: dict[int, int] = {}
            for price in of_group:
                counts[price.level] = counts.get(price.level, 0) + 1
            usual = usual_level(counts)
            for price in of_group:
                if is_slip(price.level, usual):
                    message = slip_words("this", price.level, usual, f"for {service} on this plan")
                    self._issues.add(self._document.warning(price.location, message, "", "T903"))


def _asks(rule: Rule, attributes: tuple[int, ...]) -> frozenset[bytes]:
    """Which values a rule asks for of some attributes, groups by their zones; empty where it asks for none."""
    return frozenset().union(*(each.members for each in rule.conditions if each.attribute in attributes))


def _is_free(rule: Rule) -> bool:
    """Whether a rule charges, and always nothing."""
    tariff = rule.tariff
    if rule.action != CHARGE or tariff is None:
        return rule.action == CHARGE and rule.rate.price_micros == 0
    prices = [rate.price_micros for tier in tariff.tiers for rate in tier.rates]
    return tariff.deck is None and tariff.connection_fee_micros == 0 and not any(prices)


def _takes_from(rule: Rule, other: Rule) -> bool:
    """Whether a rule comes before another at some time, where both fit."""
    stronger = (rule.priority, strength(rule.conditions)) > (other.priority, strength(other.conditions))
    together = rule.valid_from_ms < other.valid_until_ms and other.valid_from_ms < rule.valid_until_ms
    return stronger and together


def _hides(rival: Rule, rule: Rule) -> bool:
    """Whether a rule comes before another whenever that one fits."""
    return _comes_first(rival, rule, rule.conditions)


def _comes_first(rival: Rule, rule: Rule, given: list[Condition]) -> bool:
    """Whether a rule comes before another for all usage that has what is given."""
    stronger = (rival.priority, strength(rival.conditions)) > (rule.priority, strength(rule.conditions))
    if not stronger or rival.valid_from_ms > rule.valid_from_ms or rival.valid_until_ms < rule.valid_until_ms:
        return False
    return all(
        any(same_family(wanted, had) and had.members <= wanted.members for had in given)
        for wanted in rival.conditions
    )


def _is_taken(rivals: list[Rule], rule: Rule, part: PartlyTaken) -> bool:
    """Whether stronger rules take a part of a rule's usage: one all of it, or each value of a condition one."""
    given = [*part.conditions, *part.scope.conditions]
    if any(_comes_first(rival, rule, given) for rival in rivals):
        return True
    for condition in part.scope.conditions:
        own = [each.members for each in part.conditions if same_family(each, condition)]
        values = condition.members.intersection(*own)
        if len(values) * len(rivals) > MOST_COMPARED:
            continue
        others = [each for each in given if not same_family(each, condition)]
        alone = ([*others, Condition(condition.attribute, frozenset({value}))] for value in values)
        if all(any(_comes_first(rival, rule, each) for rival in rivals) for each in alone):
            return True
    return False


def _zone_keys(rule: Rule, *, groups: bool) -> Iterator[tuple[tuple[object, ...], frozenset[bytes]]]:
    """What must be equal of two rules for the zones of one to replace the group of the other."""
    for condition in rule.conditions:
        name = ATTRIBUTE_NAMES[condition.attribute]
        if name not in {"destination", "network"} or (condition.members is not condition.values) is not groups:
            continue
        others = tuple((other.attribute, other.members) for other in rule.conditions if other is not condition)
        validity = (rule.valid_from_ms, rule.valid_until_ms)
        yield (name, others, rule.priority, validity), condition.members


def _covered(rules: list[Rule]) -> list[tuple[int, int]]:
    """When any usage of a service has a price: of rules without conditions, or for both directions together."""
    found = [(rule.valid_from_ms, rule.valid_until_ms) for rule in rules if not rule.conditions]
    ways: dict[bytes, list[tuple[int, int]]] = {}
    for rule in rules:
        if len(rule.conditions) == 1 and rule.conditions[0].attribute == DIRECTION:
            for way in rule.conditions[0].values:
                ways.setdefault(way, []).append((rule.valid_from_ms, rule.valid_until_ms))
    if set(ways) >= _BOTH_WAYS:
        outgoing, incoming = (sorted(ways[way]) for way in sorted(_BOTH_WAYS, reverse=True))
        if outgoing == incoming or (0, FAR_MS) in incoming:
            found += outgoing
        else:
            found += incoming
    return sorted(found)


def _holes(times: list[tuple[int, int]], start_ms: int) -> list[tuple[int, int]]:
    """The stretches from a plan's beginning on that no time covers."""
    found = []
    at = start_ms
    for begin, end in times:
        if begin > at:
            found.append((at, begin))
        at = max(at, end)
    if at < FAR_MS:
        found.append((at, FAR_MS))
    return found
