"""The catalogue: an immutable value, checked whole, swapped whole, named by the hash of its content."""

from __future__ import annotations

from sys import intern
from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.bundles import BundleDefinition
from rating.calendar import UTC, Zone
from rating.conditions import Condition
from rating.decks import RateDeck
from rating.exchange import ExchangeRates
from rating.fees import Fee
from rating.numbering import Numbering
from rating.offers import Addon, Bonus
from rating.plan_tables import ANY_RATING_GROUP, PlanRules, PlanTables, rules_by_group
from rating.prefixes import PrefixZones
from rating.rates import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Rate
from rating.rule import CHARGE, DENIED, NOT_CONTROLLED, GrantPolicy, Rule, RuleTerms
from rating.selector import Selector
from rating.sharing import Sharing
from rating.situation import NO_RATING_GROUP, Situation
from rating.tariff import Cap, Counter, Discount, TariffTerms

__all__ = [
    "ANY_RATING_GROUP",
    "CHARGE",
    "DENIED",
    "NOT_CONTROLLED",
    "NO_RATING_GROUP",
    "ROUND_DOWN",
    "ROUND_HALF_UP",
    "ROUND_UP",
    "BundleDefinition",
    "Catalogue",
    "Condition",
    "GrantPolicy",
    "Plan",
    "Rate",
    "Rule",
]

EARLIER_KEPT: Final = 8
"""So many catalogues before the one in force are remembered: what was granted under them is priced by them."""

PREPAID: Final = "prepaid"
POSTPAID: Final = "postpaid"
HYBRID: Final = "hybrid"


@mypyc_attr(acyclic=True)
class Plan:
    """A rate plan: rules by service name and rating group, bundles, and whether overuse may overdraw.

    ``rules[service]`` maps a Rating-Group, NO_RATING_GROUP or ANY_RATING_GROUP to its rule; ``apn_rules``
    holds the same tables for single APNs (lower case) and is asked first. ``selectors[service]`` chooses among
    rules with conditions, before both. ``valid_from_ms`` is that of this version of the plan; ``zone`` None =
    the catalogue's. All rules stand in ``row``; a rating asks ``tables`` for the number of its rule, and reads
    ``terms`` under that number and ``prices``.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        plan_id: str,
        name: str,
        currency: str,
        overdraft_allowed: bool,
        rules: dict[str, dict[int, Rule]],
        apn_rules: dict[bytes, dict[str, dict[int, Rule]]],
        bundles: list[BundleDefinition],
        *,
        selectors: dict[str, Selector] | None = None,
        fees: list[Fee] | None = None,
        counters: list[Counter] | None = None,
        caps: list[Cap] | None = None,
        discounts: list[Discount] | None = None,
        bonuses: list[Bonus] | None = None,
        valid_from_ms: i64 = 0,
        payment: str = PREPAID,
        credit_limit_micros: int = 0,
        zone: Zone | None = None,
        tax: str = "",
        place: str = "",
    ) -> None:
        # in this order what every price looks at lies together in memory
        found = PlanRules({} if selectors is None else selectors, rules, apn_rules)
        self.tables: PlanTables = found.tables
        self.terms: list[RuleTerms] = found.terms
        self.prices: bytes = found.prices
        self.currency = intern(currency)
        self.zone = zone
        self.overdraft_allowed = overdraft_allowed
        self.row: list[Rule] = found.row
        self.bundles = bundles
        self.plan_id = plan_id
        self.name = name
        self.fees = [] if fees is None else fees
        self.counters = [] if counters is None else counters
        self.caps = [] if caps is None else caps
        self.discounts = [] if discounts is None else discounts
        self.bonuses = [] if bonuses is None else bonuses
        self.valid_from_ms = valid_from_ms
        self.payment = payment
        self.credit_limit_micros = credit_limit_micros
        self.tax = tax
        self.place = place

    def rule_for(self, service: str, rating_group: i64, apn: bytes) -> Rule | None:
        """The rule of a rating group (NO_RATING_GROUP where the request has none); None = cannot be rated."""
        place = self.tables.place_of(service, rating_group, apn)
        return None if place < 0 else self.row[place]

    def selects(self) -> bool:
        """Whether there are rules with conditions."""
        return bool(self.tables.choices)

    def select(self, service: str, situation: Situation, at_ms: i64) -> Rule | None:
        """The strongest rule with conditions that matches and is valid at an instant; None = none does."""
        place = self.tables.select(service, self.terms, situation, at_ms)
        return None if place < 0 else self.row[place]

    def tariff_of(self, number: i64) -> TariffTerms | None:
        """The terms of the tariff of a rule; None where it has none."""
        terms = self.terms[number]
        if not terms.owns:
            return terms.tariff
        tariff = self.row[number].tariff
        return None if tariff is None else tariff.terms

    def share(self, sharing: Sharing) -> None:
        """Have in common with other plans what is the same."""
        for rule, terms in zip(self.row, self.terms, strict=True):
            if rule.tariff is not None:
                rule.tariff = sharing.tariff(rule.tariff)
                if not terms.owns:
                    terms.tariff = rule.tariff.terms
        self.tables = sharing.tables(self.tables)
        self.terms = sharing.terms(self.terms)
        self.prices = sharing.prices(self.prices)

    @property
    def selectors(self) -> dict[str, Selector]:
        """What chooses among the rules with conditions of each service, for people and for tools."""
        return {
            service: Selector(choice.first, self.row[choice.start : choice.start + choice.count])
            for service, choice in self.tables.choices.items()
        }

    @property
    def rules(self) -> dict[str, dict[int, Rule]]:
        """The rules by service and rating group, for people and for tools."""
        return rules_by_group(self.row, self.tables.groups)

    @property
    def apn_rules(self) -> dict[bytes, dict[str, dict[int, Rule]]]:
        """The same for single APNs."""
        return {apn: rules_by_group(self.row, groups) for apn, groups in self.tables.groups_of_apn.items()}


class Catalogue:
    """All plans. ``version`` is the hash of the content; ``service_contexts`` maps suffixes to services.

    ``plans`` has the newest version of each; ``versions`` all versions of those plans that have several, the
    oldest first. Zones of numbers, networks and locations, exchange rates, decks and add-ons are shared by all
    plans; ``zone`` is the network's time zone.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        version: str,
        plans: dict[str, Plan],
        service_contexts: dict[bytes, str],
        emergency_apns: frozenset[bytes],
        *,
        versions: dict[str, list[Plan]] | None = None,
        destinations: PrefixZones | None = None,
        networks: PrefixZones | None = None,
        locations: PrefixZones | None = None,
        exchange: ExchangeRates | None = None,
        numbering: Numbering | None = None,
        addons: dict[str, Addon] | None = None,
        decks: dict[str, RateDeck] | None = None,
        zone: Zone = UTC,
    ) -> None:
        self.version = version
        self.plans = plans
        self.service_contexts = service_contexts
        self.emergency_apns = emergency_apns
        self.versions: dict[str, list[Plan]] = {} if versions is None else versions
        self.destinations = destinations
        self.networks = networks
        self.locations = locations
        self.exchange = ExchangeRates() if exchange is None else exchange
        self.numbering = numbering
        self.addons: dict[str, Addon] = {} if addons is None else addons
        self.decks: dict[str, RateDeck] = {} if decks is None else decks
        self.zone = zone
        self._services: dict[bytes, str] = {}
        self._earlier: dict[str, Catalogue] = {}
        self._share()

    def _share(self) -> None:
        """What plans have in common is in memory once."""
        sharing = Sharing()
        for plan in self.plans.values():
            plan.share(sharing)
        for dated in self.versions.values():
            for plan in dated:
                plan.share(sharing)

    def follow(self, catalogue: Catalogue) -> list[Catalogue]:
        """Take the place of a catalogue: remember it and the last before it, which it forgets.

        What is remembered no longer comes back: to free a large catalogue takes long.
        """
        earlier = catalogue._earlier
        catalogue._earlier = {}
        forgotten: list[Catalogue] = []
        for version in (catalogue.version, self.version):
            same = earlier.pop(version, None)
            if same is not None:
                forgotten.append(same)
        if catalogue.version == self.version:
            forgotten.append(catalogue)
        else:
            earlier[catalogue.version] = catalogue
        while len(earlier) > EARLIER_KEPT:
            forgotten.append(earlier.pop(next(iter(earlier))))
        self._earlier = earlier
        return forgotten

    def under(self, version: str) -> Catalogue:
        """The catalogue of a version, as long as it is remembered; else this one."""
        if not version or version == self.version:
            return self
        return self._earlier.get(version, self)

    def forget(self, version: str) -> list[Catalogue]:
        """Remember an earlier catalogue no longer; what is not remembered any more."""
        found = self._earlier.pop(version, None)
        return [] if found is None else [found]

    def plan_at(self, plan_id: str, at_ms: i64) -> Plan | None:
        """The version of a plan that holds at an instant; None where there is none, or none yet."""
        versions = self.versions.get(plan_id) if self.versions else None
        if versions is None:
            return self.plans.get(plan_id)
        found: Plan | None = None
        for plan in versions:
            if plan.valid_from_ms > at_ms:
                break
            found = plan
        return found

    def plans_at(self, at_ms: i64) -> dict[str, Plan]:
        """The plans that hold at an instant, each in its version of then."""
        found: dict[str, Plan] = {}
        for plan_id in self.plans:
            plan = self.plan_at(plan_id, at_ms)
            if plan is not None:
                found[plan_id] = plan
        return found

    def service_of(self, service_context_id: bytes) -> str:
        """The service a Service-Context-Id names, matched on its suffix (TS 32.299, 7.1.12); "" = unknown."""
        known = self._services.get(service_context_id)
        if known is not None:
            return known
        found = ""
        for suffix, service in self.service_contexts.items():
            if service_context_id == suffix or service_context_id.endswith(b"." + suffix):
                found = service
        if len(self._services) < 1000:
            self._services[service_context_id] = found
        return found
