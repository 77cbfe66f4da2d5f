"""One plan of a catalogue file: its mapping checked piece by piece and made into a rating.catalogue.Plan."""

from __future__ import annotations

from typing import Final

from balance.quantity import OCTETS, UNIT_NAMES
from config.catalogue_grants import GrantLevel, check_kind, resolve_grant
from config.catalogue_schema import PLAN_KEYS, BundleText, GrantText, PlanHead, RuleText, apn, identifier
from config.issues import TextError, did_you_mean
from config.piece_reader import IssueCollector, read_list, read_mapping, read_piece
from config.quantity_text import Price, Quantity, format_quantity
from config.yaml_nodes import Data, Document, Location
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    DENIED,
    NO_RATING_GROUP,
    NOT_CONTROLLED,
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    BundleDefinition,
    Plan,
    Rate,
    Rule,
)

_ACCESS: Final = {None: CHARGE, "not controlled": NOT_CONTROLLED, "denied": DENIED}
_ROUNDING: Final = {"up": ROUND_UP, "half up": ROUND_HALF_UP, "down": ROUND_DOWN}
_FREE: Final = Price(0, "", Quantity(OCTETS, 1))
_GROUP_WORDS: Final = {ANY_RATING_GROUP: "any", NO_RATING_GROUP: "none"}


class PlanReader:
    """Reads one plan. ``services`` have Service-Context-Ids; None where it is not known which have."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        plan_id: str,
        services: frozenset[str] | None,
        catalogue_grants: list[GrantLevel],
    ) -> None:
        self._issues = issues
        self._document = document
        self._plan_id = plan_id
        self._location: Location = ("plans", plan_id)
        self._services = services
        self._grants = catalogue_grants
        self._currency = ""
        self._rule_places: dict[str, Location] = {}

    def read(self, data: Data) -> Plan | None:
        """The plan; None, and issues, where anything in it is wrong."""
        if not isinstance(data, dict):
            read_mapping(self._issues, self._document, data, self._location)
            return None
        head_keys = {key: value for key, value in data.items() if key in PlanHead.model_fields}
        head = read_piece(self._issues, self._document, PlanHead, head_keys, self._location)
        if head is not None:
            self._currency = head.currency
        self._grants = self.grant_levels(data, self._location)
        bundles = self._bundles(data.get("bundles", {}))
        rules = self._tables(data, self._location, "")
        apn_rules = self._apns(data.get("apns", {}))
        if not rules and not apn_rules:
            hint = "add a list of rules for a service, such as 'data:'"
            self._refuse(self._location, "the plan has no prices", hint, at_key=True)
        if head is None:
            return None
        allowed = head.overdraft == "allowed"
        return Plan(self._plan_id, head.name, head.currency, allowed, rules, apn_rules, bundles)

    def grant_levels(self, data: dict[str, Data], location: Location) -> list[GrantLevel]:
        """The grants that hold inside a mapping: its own first, then those around it."""
        if "grant" not in data:
            return self._grants
        at = (*location, "grant")
        grant = read_piece(self._issues, self._document, GrantText, data["grant"], at)
        return self._grants if grant is None else [GrantLevel(grant, self._document, at), *self._grants]

    def _refuse(self, location: Location, message: str, hint: str = "", *, at_key: bool = False) -> None:
        self._issues.add(self._document.issue(location, message, hint, at_key=at_key))

    def _bundles(self, data: Data) -> list[BundleDefinition]:
        at = (*self._location, "bundles")
        found = []
        for name, entry in read_mapping(self._issues, self._document, data, at).items():
            try:
                identifier(name)
            except TextError as error:
                self._refuse((*at, name), str(error), error.hint, at_key=True)
            bundle = read_piece(self._issues, self._document, BundleText, entry, (*at, name))
            if bundle is not None:
                groups = None if ANY_RATING_GROUP in bundle.rating_group else bundle.rating_group
                bundle_id = f"{self._plan_id}/{name}"
                units = bundle.units
                found.append(
                    BundleDefinition(bundle_id, units.unit_kind, units.units, groups, bundle.valid_for)
                )
        return found

    def _apns(self, data: Data) -> dict[bytes, dict[str, dict[int, Rule]]]:
        at = (*self._location, "apns")
        found: dict[bytes, dict[str, dict[int, Rule]]] = {}
        for name, entry in read_mapping(self._issues, self._document, data, at).items():
            try:
                key = apn(name)
            except TextError as error:
                self._refuse((*at, name), str(error), error.hint, at_key=True)
                continue
            if key in found:
                self._refuse((*at, name), f"APN {name!r} is here twice: case makes no difference", at_key=True)
            table = read_mapping(self._issues, self._document, entry, (*at, name))
            found[key] = self._tables(table, (*at, name), f"@{key.decode()}")
        return found

    def _tables(self, data: dict[str, Data], location: Location, suffix: str) -> dict[str, dict[int, Rule]]:
        """The rules by service of a plan or of one of its APNs."""
        known = PLAN_KEYS if location == self._location else frozenset[str]()
        found = {}
        for service, entry in data.items():
            if service in known:
                continue
            if self._services is not None and service not in self._services:
                hint = did_you_mean(service, known | self._services)
                self._refuse((*location, service), f"unknown key {service!r}", hint, at_key=True)
                continue
            found[service] = self._table(service, entry, (*location, service), suffix)
        return found

    def _table(self, service: str, data: Data, location: Location, suffix: str) -> dict[int, Rule]:
        table: dict[int, Rule] = {}
        places: dict[int, Location] = {}
        for index, entry in enumerate(read_list(self._issues, self._document, data, location)):
            at = (*location, index)
            text = read_piece(self._issues, self._document, RuleText, entry, at)
            if text is None or not isinstance(entry, dict):
                continue
            rule = self._rule(service, text, at, suffix)
            for group in sorted(text.rating_group):
                if group in places:
                    line, _ = self._document.values[places[group]]
                    name = _GROUP_WORDS.get(group, str(group))
                    self._refuse(
                        (*at, "rating_group"), f"rating group {name} has a rule already in line {line}"
                    )
                places.setdefault(group, at)
                table[group] = rule
        return table

    def _rule(self, service: str, text: RuleText, at: Location, suffix: str) -> Rule:
        if (text.price is None) == (text.access is None):
            found = "neither a price nor an access" if text.price is None else "a price and an access"
            self._refuse(
                at, f"the rule has {found}", "a rule has either: 'price: 1.00 EUR per 1 MB' or 'access: denied'"
            )
        elif text.access is not None:
            self._check_access(text, at)
        price = text.price or _FREE
        kind = price.per.unit_kind
        self._check_price(text, price, at)
        increment = 1 if text.increment is None else text.increment.units
        rate = Rate(kind, price.amount_micros, price.per.units, increment, _ROUNDING[text.rounding])
        levels = self._grants
        if text.grant is not None:
            level = GrantLevel(text.grant, self._document, (*at, "grant"))
            check_kind(self._issues, level, kind)
            levels = [level, *levels]
        rule_id = self._rule_id(service, text, at, suffix)
        return Rule(rule_id, _ACCESS[text.access], rate, resolve_grant(self._issues, levels, kind))

    def _check_price(self, text: RuleText, price: Price, at: Location) -> None:
        if price.currency and self._currency and price.currency != self._currency:
            message = f"a price in {price.currency}, but the plan's currency is {self._currency}"
            self._refuse((*at, "price"), message)
        if text.increment is not None and text.increment.unit_kind != price.per.unit_kind:
            counts = UNIT_NAMES[price.per.unit_kind]
            message = f"an increment of {format_quantity(text.increment)}, but the price counts {counts}"
            self._refuse((*at, "increment"), message, "increment and price count the same kind of unit")

    def _check_access(self, text: RuleText, at: Location) -> None:
        for name in sorted({"increment", "rounding", "grant"} & text.model_fields_set):
            self._refuse(
                (*at, name), f"{name!r} has no meaning beside 'access: {text.access}'", "remove it", at_key=True
            )

    def _rule_id(self, service: str, text: RuleText, at: Location, suffix: str) -> str:
        groups = "-".join(_GROUP_WORDS.get(group, str(group)) for group in sorted(text.rating_group))
        name = text.name or f"{service}-{groups}{suffix}"
        if name in self._rule_places:
            line, _ = self._document.values[self._rule_places[name]]
            if text.name is not None:
                self._refuse((*at, "name"), f"the rule of line {line} is called {name!r} already")
        self._rule_places.setdefault(name, at)
        return f"{self._plan_id}/{name}"
