"""One plan of a catalogue file: its mapping checked piece by piece and made into a rating.catalogue.Plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from config.catalogue_grants import GrantLevel
from config.catalogue_offers import OfferReader, Offers
from config.catalogue_rules import ReadRule, RuleReader
from config.catalogue_schema import PLAN_KEYS, GrantText, PlanHead, RuleText
from config.issues import TextError, did_you_mean
from config.piece_reader import IssueCollector, read_list, read_mapping, read_piece
from config.rule_checks import RuleChecks
from config.rule_conditions import ConditionReader, Scope
from config.rule_prices import usual_kind
from config.rule_tariffs import TariffReader
from config.surroundings import Surroundings, read_zone
from config.text_pieces import apn
from config.yaml_nodes import Data, Document, Location
from rating.bundles import BundleDefinition
from rating.catalogue import ANY_RATING_GROUP, NO_RATING_GROUP, Plan, Rule
from rating.fees import SUSPEND, TERMINATION, Fee
from rating.selection import Entry, SelectionError, Selector, build_selectors

_GROUP_WORDS: Final = {ANY_RATING_GROUP: "any", NO_RATING_GROUP: "none"}


@dataclass
class PlanSurroundings:
    """What a plan is read beside. ``services`` None: it is not known for certain which there are."""

    services: frozenset[str] | None
    grants: list[GrantLevel]
    shared: Surroundings
    conditions: ConditionReader
    offered: list[tuple[Scope, BundleDefinition]]
    """Bundles of the add-ons that can be bought on the plan."""


class PlanReader:
    """Reads one plan, or one version of it, at a place of a document."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        plan_id: str,
        location: Location,
        around: PlanSurroundings,
    ) -> None:
        self._issues = issues
        self._document = document
        self._plan_id = plan_id
        self._location = location
        self._around = around
        self._grants = around.grants
        self._priced = False

    def read(self, data: Data) -> Plan | None:
        """The plan; None, and issues, where it can not be made."""
        if not isinstance(data, dict):
            read_mapping(self._issues, self._document, data, self._location)
            return None
        head_keys = {key: value for key, value in data.items() if key in PlanHead.model_fields}
        head = read_piece(self._issues, self._document, PlanHead, head_keys, self._location)
        currency = "" if head is None else head.currency
        tax = "" if head is None else head.tax or ""
        shared = self._around.shared
        start = 0
        if head is not None:
            at = (*self._location, "valid_from")
            start = shared.instant(self._issues, self._document, at, head.valid_from, 0)
        self._grants = self._grant_levels(data)
        offer_reader = OfferReader(
            self._issues,
            self._document,
            self._plan_id,
            self._location,
            currency,
            shared,
            self._around.conditions,
        )
        offers = offer_reader.read(data, tax)
        tariffs = TariffReader(
            self._issues, self._document, currency, start, shared, offers, self._around.offered
        )
        reader = RuleReader(self._issues, self._document, self._plan_id, self._around.conditions, tariffs, tax)
        rules = self._rules(data, reader)
        if not self._priced:
            hint = "add a list of rules for a service, such as 'data:'"
            self._refuse(self._location, "the plan has no prices", hint, at_key=True)
        offers.counters.warn_of_unused("tiers, bonuses and discounts ask for counters")
        if not self._issues.has_errors:
            tariffs.warn_of_unused(self._location)
        checks = RuleChecks(self._issues, self._document, shared)
        checks.warn_of_slips(tariffs.slips)
        checks.warn_of_past([found for _, found in rules], start)
        checks.refuse_partly_taken(tariffs.partial, [found for _, found in rules])
        tables, apn_tables, selectors = self._tables(rules, checks, start)
        if head is None:
            return None
        plan = Plan(
            self._plan_id,
            head.name,
            head.currency,
            head.overdraft == "allowed",
            tables,
            apn_tables,
            [bundle for _, bundle in offers.bundles],
            selectors=selectors,
        )
        self._fill(plan, head, offers, start)
        return plan

    def _fill(self, plan: Plan, head: PlanHead, offers: Offers, start: int) -> None:
        plan.fees = offers.fees
        plan.counters = [counter for _, (_, counter) in offers.counters.items()]
        plan.caps = [cap for _, cap, _ in offers.caps]
        plan.discounts = [discount for _, discount in offers.discounts]
        plan.bonuses = offers.bonuses
        plan.valid_from_ms = start
        plan.payment = head.payment
        plan.tax = head.tax or ""
        plan.place = self._around.shared.place(self._document, self._location)
        if head.credit_limit is not None:
            plan.credit_limit_micros = head.credit_limit.micros
            at = (*self._location, "credit_limit")
            if head.credit_limit.currency != head.currency:
                words = f"an amount in {head.credit_limit.currency}, but the plan's currency is {head.currency}"
                self._refuse(at, words, code="T109")
            if head.payment == "prepaid":
                self._refuse(at, "a prepaid plan has no credit limit", "remove it, or say 'payment: hybrid'")
        self._warn_of_fees(offers.fees, head)
        if head.time_zone is not None:
            plan.zone = read_zone(self._issues, self._document, (*self._location, "time_zone"))

    def _warn_of_fees(self, fees: list[Fee], head: PlanHead) -> None:
        """Tell what nothing uses: a fee at a prepaid number's end, ``unpaid`` of one that is billed."""
        for fee in fees:
            at = (*self._location, "fees", fee.fee_id.rpartition("/")[2])
            if head.payment == "prepaid" and fee.event == TERMINATION:
                message = "nothing takes a fee from the balance of a prepaid number that ends"
                self._issues.add(self._document.warning(at, message, "remove it", "T902", at_key=True))
            if head.payment != "prepaid" and fee.unpaid != SUSPEND:
                message = f"the fees of a {head.payment} plan are billed, not taken from a balance"
                self._issues.add(self._document.warning((*at, "unpaid"), message, "remove it", "T902"))

    def _grant_levels(self, data: dict[str, Data]) -> list[GrantLevel]:
        """The grants that hold inside the plan: its own first, then those around it."""
        if "grant" not in data:
            return self._grants
        at = (*self._location, "grant")
        grant = read_piece(self._issues, self._document, GrantText, data["grant"], at)
        return self._grants if grant is None else [GrantLevel(grant, self._document, at), *self._grants]

    def _refuse(
        self, location: Location, message: str, hint: str = "", code: str = "T108", *, at_key: bool = False
    ) -> None:
        self._issues.add(self._document.issue(location, message, hint, code, at_key=at_key))

    def _rules(self, data: dict[str, Data], reader: RuleReader) -> list[tuple[bytes, ReadRule]]:
        """All rules with the APN that they stand under."""
        found = self._rules_of(data, self._location, b"", reader)
        at = (*self._location, "apns")
        seen = set()
        for name, entry in read_mapping(self._issues, self._document, data.get("apns", {}), at).items():
            try:
                key = apn(name)
            except TextError as error:
                self._refuse((*at, name), str(error), error.hint, "T106", at_key=True)
                continue
            if key in seen:
                words = f"APN {name!r} is here twice: case makes no difference"
                self._refuse((*at, name), words, code="T107", at_key=True)
                continue
            seen.add(key)
            self._priced = True
            table = read_mapping(self._issues, self._document, entry, (*at, name))
            found += self._rules_of(table, (*at, name), key, reader)
        return found

    def _rules_of(
        self, data: dict[str, Data], location: Location, key: bytes, reader: RuleReader
    ) -> list[tuple[bytes, ReadRule]]:
        """The rules of a plan, or of one of its APNs."""
        known = PLAN_KEYS if not key else frozenset[str]()
        services = self._around.services
        found = []
        for service, entry in data.items():
            if service in known:
                continue
            if services is not None and service not in services:
                hint = did_you_mean(service, known | services)
                self._refuse((*location, service), f"unknown key {service!r}", hint, "T102", at_key=True)
                continue
            at = (*location, service)
            self._priced = True
            usual = usual_kind(service, entry)
            for index, each in enumerate(read_list(self._issues, self._document, entry, at)):
                text = read_piece(self._issues, self._document, RuleText, each, (*at, index))
                if text is not None:
                    rule = reader.read(service, text, (*at, index), key, usual, self._grants)
                    found.append((key, rule))
        return found

    def _tables(
        self, rules: list[tuple[bytes, ReadRule]], checks: RuleChecks, start: int
    ) -> tuple[dict[str, dict[int, Rule]], dict[bytes, dict[str, dict[int, Rule]]], dict[str, Selector]]:
        """Rules where the engine finds them: by rating group, or by all that they ask for.

        Where one rule of a service asks for more than a rating group, all of its rules are chosen by what they
        ask for.
        """
        selecting = {found.service for _, found in rules if found.selects}
        tables: dict[str, dict[int, Rule]] = {}
        apn_tables: dict[bytes, dict[str, dict[int, Rule]]] = {}
        places: dict[tuple[bytes, str, int], Location] = {}
        entries = []
        for key, found in rules:
            if found.service in selecting:
                entries.append(Entry(found.service, found.rule))
                continue
            found.rule.conditions = []
            of_apn = apn_tables.setdefault(key, {}) if key else tables
            table = of_apn.setdefault(found.service, {})
            for group in sorted(found.groups):
                at = (key, found.service, group)
                if at in places:
                    line, _ = self._document.values[places[at]]
                    words = (
                        f"rating group {_GROUP_WORDS.get(group, str(group))} has a rule already in line {line}"
                    )
                    self._refuse((*found.location, "rating_group"), words, code="T401")
                places.setdefault(at, found.location)
                table[group] = found.rule
        selectors = self._selectors(entries, [found for _, found in rules], checks, start)
        checks.warn_of_missing_groups([found for _, found in rules], tables, selecting)
        return tables, apn_tables, selectors

    def _selectors(
        self, entries: list[Entry], rules: list[ReadRule], checks: RuleChecks, start: int
    ) -> dict[str, Selector]:
        if not entries:
            return {}
        try:
            selection = build_selectors(entries, self._around.shared.sharing)
        except SelectionError as error:
            self._refuse(
                self._location, str(error), "name groups of zones instead of lists", "T007", at_key=True
            )
            return {}
        places = {id(found.rule): found.location for found in rules}
        pairs = [(places[id(one)], places[id(two)], two.rule_id) for one, two in selection.ambiguous]
        checks.refuse_ambiguous(pairs)
        selected = [found for found in rules if found.service in selection.selectors]
        checks.warn_of_unreachable(selected)
        checks.warn_of_gaps(selected, start)
        checks.warn_of_received(selected)
        return selection.selectors
