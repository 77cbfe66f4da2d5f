"""One rule of a plan: its mapping made into a rating.rule.Rule, with a tariff where one rate is not all."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from balance.quantity import OCTETS, UNIT_NAMES
from config.catalogue_grants import GrantLevel, check_kind, resolve_grant
from config.catalogue_schema import RuleText
from config.piece_reader import IssueCollector
from config.quantity_text import Quantity, format_quantity
from config.rate_decks import ROUNDING
from config.rule_conditions import ConditionReader
from config.rule_price_texts import TariffText
from config.rule_tariffs import TariffReader
from config.tariff_text import Increments, Moment
from config.yaml_nodes import Document, Location
from rating.attributes import APN, RATING_GROUP
from rating.calendar import FAR_MS
from rating.catalogue import ANY_RATING_GROUP, CHARGE, DENIED, NO_RATING_GROUP, NOT_CONTROLLED, Rate, Rule
from rating.conditions import Condition
from rating.decks import LARGEST_INCREMENT

_ACCESS: Final = {None: CHARGE, "not controlled": NOT_CONTROLLED, "denied": DENIED}
_GROUP_WORDS: Final = {ANY_RATING_GROUP: "any", NO_RATING_GROUP: "none"}
_WITHOUT_ACCESS: Final = (
    *("calendar", "cap", "connection_fee", "deck", "grant", "increment", "minimum", "octets", "rounding"),
    *("switch", "tax", "tier_mode", "tiers", "tiers_of"),
)
_NAME_HINT: Final = re.compile(r"[^A-Za-z0-9._]+")
_PRICE_HINT: Final = "a rule has either: 'price: 1.00 EUR per 1 MB' or 'access: denied'"


class ReadRule(NamedTuple):
    """A rule as it was read: ``groups`` are its rating groups, ``location`` its mapping."""

    service: str
    rule: Rule
    groups: frozenset[int]
    location: Location
    selects: bool
    """It asks for more than a rating group: no table by rating group can hold it."""


class RuleReader:
    """Reads the rules of one plan."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        plan_id: str,
        conditions: ConditionReader,
        tariffs: TariffReader,
        tax: str,
    ) -> None:
        self._issues = issues
        self._document = document
        self._plan_id = plan_id
        self._conditions = conditions
        self._tariffs = tariffs
        self._tax = tax
        self._places: dict[str, Location] = {}

    def read(
        self, service: str, text: RuleText, at: Location, apn: bytes, usual: int, grants: list[GrantLevel]
    ) -> ReadRule:
        """The rule of a checked mapping; ``usual`` is the kind of unit where it does not say one."""
        written = self._conditions.read(text, self._document, at)
        self._check_keys(text, at)
        tariff_text = self._tariffs.read(text, at, usual)
        kind = tariff_text.kind
        groups = frozenset({ANY_RATING_GROUP}) if text.rating_group is None else text.rating_group
        others = [condition for condition in written if condition.attribute != RATING_GROUP]
        if text.rating_group is None and not others and kind == OCTETS and text.deck is None:
            hint = "a Rating-Group, a list of them, none (requests without one) or any (all, and none)"
            self._refuse(at, "'rating_group' is missing", hint, "T101", at_key=True)
        if apn:
            if any(condition.attribute == APN for condition in others):
                self._refuse(
                    (*at, "apn"), "the rule stands under an APN already", "remove it", "T108", at_key=True
                )
            written = sorted([*written, Condition(APN, frozenset({apn}))], key=lambda each: each.attribute)
        start = self._instant(text.valid_from, (*at, "valid_from"), 0)
        end = self._instant(text.valid_until, (*at, "valid_until"), FAR_MS)
        if end <= start:
            self._refuse((*at, "valid_until"), "the rule ends before it begins", "", "T402")
        increments = self._increments(text, kind, at)
        rate = self._rate(tariff_text, text, increments)
        name = self._name(service, text, at, apn, others)
        tariff = None
        if text.access is None:
            tariff = self._tariffs.tariff(
                service, f"{self._plan_id}/{name}", text, tariff_text, at, written, increments, start
            )
        levels = grants
        if text.grant is not None:
            level = GrantLevel(text.grant, self._document, (*at, "grant"))
            check_kind(self._issues, level, kind)
            levels = [level, *grants]
        rule = Rule(
            f"{self._plan_id}/{name}",
            _ACCESS[text.access],
            rate,
            resolve_grant(self._issues, levels, kind),
            tariff=tariff,
            conditions=written,
            priority=text.priority,
            valid_from_ms=start,
            valid_until_ms=end,
            tax=text.tax or self._tax,
            place=self._tariffs.surroundings.place(self._document, at),
        )
        selects = bool(others) or text.priority != 0 or start != 0 or end != FAR_MS
        return ReadRule(service, rule, groups, at, selects)

    def _instant(self, moment: Moment | None, at: Location, otherwise: int) -> int:
        return self._tariffs.surroundings.instant(self._issues, self._document, at, moment, otherwise)

    def _refuse(self, location: Location, message: str, hint: str, code: str, *, at_key: bool = False) -> None:
        self._issues.add(self._document.issue(location, message, hint, code, at_key=at_key))

    def _check_keys(self, text: RuleText, at: Location) -> None:
        ways = [name for name in ("price", "access", "tiers", "deck") if getattr(text, name) is not None]
        if not ways:
            self._refuse(at, "the rule has neither a price nor an access", _PRICE_HINT, "T108")
        elif len(ways) > 1:
            words = " and ".join(
                f"{'an' if name == 'access' else 'a'} {name.rstrip('s') if name == 'tiers' else name}"
                for name in ways
            )
            self._refuse(at, f"the rule has {words}", _PRICE_HINT, "T108")
        elif text.access is not None:
            for name in sorted(set(_WITHOUT_ACCESS) & text.model_fields_set):
                message = f"{name!r} has no meaning beside 'access: {text.access}'"
                self._refuse((*at, name), message, "remove it", "T108", at_key=True)

    def _increments(self, text: RuleText, kind: int, at: Location) -> Increments:
        """How units count: the increment and the minimum of a rule, which is 0 where it is one increment."""
        counts = UNIT_NAMES[kind]
        minimum, increment = 0, 1
        if text.increment is not None:
            found = text.increment
            minimum, increment = found.minimum, found.increment
            if found.unit_kind not in {0, kind}:
                size = format_quantity(Quantity(found.unit_kind, found.increment))
                message = f"an increment of {size}, but the price counts {counts}"
                hint = "increment and price count the same kind of unit"
                self._refuse((*at, "increment"), message, hint, "T109")
        if text.minimum is not None:
            minimum = text.minimum.units
            if text.minimum.unit_kind != kind:
                message = f"a minimum of {format_quantity(text.minimum)}, but the price counts {counts}"
                self._refuse((*at, "minimum"), message, "minimum and price count the same kind of unit", "T109")
        if max(minimum, increment) > LARGEST_INCREMENT:
            key = "increment" if text.increment is not None and text.minimum is None else "minimum"
            message = f"counts in steps of more than {LARGEST_INCREMENT} {counts}"
            self._refuse((*at, key), message, "no usage is as large", "T110")
            return Increments(0, 1)
        return Increments(0 if minimum == increment else minimum, increment)

    def _rate(self, found: TariffText, text: RuleText, increments: Increments) -> Rate:
        price = found.first
        return Rate(
            found.kind, price.amount_micros, price.per.units, increments.increment, ROUNDING[text.rounding]
        )

    def _name(self, service: str, text: RuleText, at: Location, apn: bytes, others: list[Condition]) -> str:
        name = text.name or _name_of(service, text, apn, others)
        if name in self._places:
            line, _ = self._document.values[self._places[name]]
            if text.name is not None:
                message = f"the rule of line {line} is called {name!r} already"
                self._refuse((*at, "name"), message, "", "T107")
            elif others or text.deck is not None or text.valid_from or text.valid_until:
                number = 2
                while f"{name}-{number}" in self._places:
                    number += 1
                name = f"{name}-{number}"
        self._places.setdefault(name, at)
        return name


def _name_of(service: str, text: RuleText, apn: bytes, others: list[Condition]) -> str:
    """A name that says what the rule asks for: ``voice-germany-outgoing``, ``data-10``, ``data-any@ims``."""
    words: list[str] = []
    if text.deck is not None:
        decks = text.deck.values() if isinstance(text.deck, dict) else [text.deck]
        words += [deck for deck in decks if isinstance(deck, str)]
    for condition in others:
        words += sorted(value.decode() for value in condition.values)
    if text.rating_group is not None or not words:
        groups = {ANY_RATING_GROUP} if text.rating_group is None else text.rating_group
        if not words or ANY_RATING_GROUP not in groups:
            words += [_GROUP_WORDS.get(group, str(group)) for group in sorted(groups)]
    suffix = f"@{apn.decode()}" if apn else ""
    if not others and text.deck is None:
        return f"{service}-{'-'.join(words)}{suffix}"
    cleaned = _NAME_HINT.sub("-", "-".join([service, *words]))
    return f"{cleaned[: 56 - len(suffix)]}{suffix}"
