"""Conditions of rules and scopes: what is written becomes rating.conditions, checked against what is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from config.issues import TextError, did_you_mean
from config.named import refuse
from config.piece_reader import IssueCollector, read_piece
from config.prefix_zones import ZoneNames
from config.tariff_schema import ConditionsText, ScopeText
from config.text_pieces import apn, identifier
from config.yaml_nodes import Data, Document, Location
from rating.attributes import (
    APN,
    ATTRIBUTE_NAMES,
    CALLED,
    DESTINATION,
    DESTINATION_GROUP,
    DIRECTION,
    LOCATION,
    NETWORK,
    NETWORK_GROUP,
    QOS_CLASS,
    RAT_TYPE,
    RATING_GROUP,
    SERVICE_IDENTIFIER,
    SLICE,
    SUBSCRIBER_GROUP,
)
from rating.catalogue import ANY_RATING_GROUP, NO_RATING_GROUP
from rating.conditions import Condition
from rating.numbering import Numbering
from rating.prefixes import PrefixZones
from rating.situation import LOCATION_END

RAT_TYPES: Final = ("utran", "geran", "wlan", "gan", "hspa", "eutran", "virtual", "nb-iot", "lte-m", "nr")
DIRECTIONS: Final = ("outgoing", "incoming", "forwarded")

_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")
_SLICE: Final = re.compile(r"([0-9]{1,3})(-[0-9A-Fa-f]{6})?")


class Scope(NamedTuple):
    """Which usage something is for; ``services`` None = all."""

    services: frozenset[str] | None
    conditions: list[Condition]


EVERYTHING: Final = Scope(None, [])


class ConditionReader:
    """Reads conditions. ``services`` are all of the catalogue; None where they are not known for certain."""

    def __init__(
        self,
        issues: IssueCollector,
        zones: dict[str, ZoneNames],
        numbering: Numbering | None,
        services: frozenset[str] | None,
    ) -> None:
        self._issues = issues
        self._zones = zones
        self._numbering = numbering
        self._services = services
        self._plain: dict[int, Callable[[str], bytes]] = {
            SUBSCRIBER_GROUP: lambda text: identifier(text).encode(),
            CALLED: self.called,
            APN: apn,
            SLICE: slice_of,
            SERVICE_IDENTIFIER: lambda text: number_of(text, 1 << 32),
            QOS_CLASS: lambda text: number_of(text, 256),
            RAT_TYPE: lambda text: word_of(text, RAT_TYPES),
            DIRECTION: lambda text: word_of(text, DIRECTIONS),
        }

    def read(self, text: ConditionsText, document: Document, location: Location) -> list[Condition]:
        """The conditions of a mapping in order of their attributes; issues for values that nothing can have."""
        found = []
        for attribute, parse in self._plain.items():
            key = ATTRIBUTE_NAMES[attribute]
            values = self._values(getattr(text, key), document, (*location, key), parse)
            if values:
                found.append(Condition(attribute, values))
        for key, attribute, group in (
            ("destination", DESTINATION, DESTINATION_GROUP),
            ("network", NETWORK, NETWORK_GROUP),
        ):
            condition = self._zone(getattr(text, key), document, (*location, key), attribute, group)
            if condition is not None:
                found.append(condition)
        if text.location is not None:
            found += self._location(text.location, document, (*location, "location"))
        if text.rating_group is not None and ANY_RATING_GROUP not in text.rating_group:
            groups = (b"" if n == NO_RATING_GROUP else b"%d" % n for n in text.rating_group)
            found.append(Condition(RATING_GROUP, frozenset(groups)))
        return sorted(found, key=lambda condition: condition.attribute)

    def read_scope(self, data: Data | None, document: Document, location: Location) -> Scope:
        """A ``for:`` mapping; everything where there is none."""
        if data is None:
            return EVERYTHING
        text = read_piece(self._issues, document, ScopeText, data, location)
        if text is None:
            return EVERYTHING
        services = None
        if text.service is not None:
            services = frozenset(text.service)
            at = (*location, "service")
            for index, name in enumerate(text.service):
                error = self.unknown_service(name)
                if error is not None:
                    place: Location = (*at, index) if len(text.service) > 1 else at
                    refuse(self._issues, document, place, error)
        return Scope(services, self.read(text, document, location))

    def of_usage(self) -> dict[str, Callable[[str], bytes]]:
        """What a usage may have that rules ask for, and how a text of each is read; zones are codes there."""
        found = {ATTRIBUTE_NAMES[attribute]: parse for attribute, parse in self._plain.items()}
        found[ATTRIBUTE_NAMES[NETWORK]] = network_of
        found[ATTRIBUTE_NAMES[LOCATION]] = str.encode
        found[ATTRIBUTE_NAMES[RATING_GROUP]] = lambda text: number_of(text, 1 << 32)
        return found

    def unknown_service(self, name: str) -> TextError | None:
        """What is wrong with a service that the catalogue has not; None where that is not certain."""
        if self._services is None or name in self._services:
            return None
        return TextError(f"there is no service {name!r}", did_you_mean(name, self._services), "T201")

    def called(self, text: str) -> bytes:
        """A called number in international form; short codes stay."""
        digits = text.replace(" ", "")
        if _NUMBER.fullmatch(digits) is None:
            raise TextError(f"{text!r} is not a number", "digits, with a + before the country code")
        number = digits.encode()
        if self._numbering is not None:
            return self._numbering.international(number)
        return number.removeprefix(b"+")

    def _values(
        self, words: list[str] | None, document: Document, at: Location, parse: Callable[[str], bytes]
    ) -> frozenset[bytes]:
        found: set[bytes] = set()
        for index, word in enumerate(words or []):
            place = self._place(document, at, index)
            try:
                value = parse(word)
            except TextError as error:
                refuse(self._issues, document, place, error)
                continue
            if value in found:
                self._issues.add(document.warning(place, f"{word!r} stands here twice", code="T905"))
            found.add(value)
        if words and not found:  # which was told: the rule stays one of its own
            return frozenset(word.encode() for word in words)
        return frozenset(found)

    def _place(self, document: Document, at: Location, index: int) -> Location:
        return (*at, index) if (*at, index) in document.values else at

    def _zone(
        self, words: list[str] | None, document: Document, at: Location, attribute: int, group: int
    ) -> Condition | None:
        if words is None:
            return None
        names = self._zones["destinations" if attribute == DESTINATION else "networks"]
        members: set[bytes] = set()
        groups = False
        for index, word in enumerate(words):
            zones = names.members_of(word)
            if zones is None:
                error = names.unknown(word)
                if error is not None:
                    refuse(self._issues, document, self._place(document, at, index), error)
                continue
            groups = groups or word.encode() in names.groups
            members |= zones
        if not members:  # which was told: the rule stays one of its own
            return Condition(attribute, frozenset(word.encode() for word in words))
        if groups:
            return Condition(group, frozenset(word.encode() for word in words), frozenset(members))
        return Condition(attribute, frozenset(members))

    def _location(self, words: list[str], document: Document, at: Location) -> list[Condition]:
        names = self._zones["locations"]
        found: set[bytes] = set()
        for index, word in enumerate(words):
            zones = names.members_of(word)
            if zones is not None:
                found |= zones
            elif word[:1].isdigit():
                found.add(word.encode())
                zone = b"" if names.table is None else names.table.zone_of(word.encode() + LOCATION_END)
                if zone:
                    message = f"location {word!r} lies in zone {zone.decode()!r}, which is asked for instead"
                    hint = "give it a zone of its own under 'locations'"
                    wrong = TextError(message, hint, "T108")
                    refuse(self._issues, document, self._place(document, at, index), wrong)
            else:
                error = names.unknown(word)
                if error is not None:
                    refuse(self._issues, document, self._place(document, at, index), error)
        return [Condition(LOCATION, frozenset(found or (word.encode() for word in words)))]


def number_of(text: str, limit: int) -> bytes:
    """A whole number below a limit, as decimal text."""
    if not (text.isdecimal() and text.isascii() and len(text) < 12 and int(text) < limit):
        raise TextError(f"{text!r} is not a number below {limit}")
    return b"%d" % int(text)


def network_of(text: str) -> bytes:
    """The MCC and MNC of a serving network, or the MCC alone."""
    if not (text.isdecimal() and text.isascii() and 3 <= len(text) <= 6):
        raise TextError(f"{text!r} is not a network", "the digits of MCC and MNC, such as 26201")
    return text.encode()


def slice_of(text: str) -> bytes:
    """An S-NSSAI: SST, or SST and SD in hexadecimal."""
    found = _SLICE.fullmatch(text)
    if found is None or int(found.group(1)) > 255:
        raise TextError(f"{text!r} is not a slice", "the SST, such as 1, or SST and SD, such as 1-000001")
    return (str(int(found.group(1))) + (found.group(2) or "").lower()).encode()


def word_of(text: str, known: tuple[str, ...]) -> bytes:
    """One of some words."""
    if text not in known:
        raise TextError(f"{text!r} is not known", did_you_mean(text, known), "T105")
    return text.encode()


def may_match(scope: Scope, service: str, conditions: list[Condition]) -> bool:
    """Whether there can be usage that a rule prices and that a scope takes in."""
    if scope.services is not None and service not in scope.services:
        return False
    for wanted in scope.conditions:
        for condition in conditions:
            if same_family(wanted, condition) and not wanted.members & condition.members:
                return False
    return True


def always_matches(scope: Scope, conditions: list[Condition]) -> bool:
    """Whether a scope takes in all usage that a rule prices, the service aside."""
    return all(
        any(same_family(wanted, condition) and condition.members <= wanted.members for condition in conditions)
        for wanted in scope.conditions
    )


def with_called_zones(conditions: list[Condition], destinations: PrefixZones | None) -> list[Condition]:
    """The conditions, and for called numbers without a destination the zones that these numbers are in."""
    if any(condition.attribute in {DESTINATION, DESTINATION_GROUP} for condition in conditions):
        return conditions
    called = [
        number for condition in conditions if condition.attribute == CALLED for number in condition.values
    ]
    if not called:
        return conditions
    zones = frozenset(b"" if destinations is None else destinations.zone_of(number) for number in called)
    return [*conditions, Condition(DESTINATION, zones)]


def same_family(one: Condition, other: Condition) -> bool:
    """Whether two conditions ask for the same: a zone and a group of zones do."""
    return one.attribute == other.attribute or {one.attribute, other.attribute} in (
        {DESTINATION, DESTINATION_GROUP},
        {NETWORK, NETWORK_GROUP},
    )
