"""A usage's attributes together with the zones that a catalogue finds for them."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.attributes import (
    APN,
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
)
from rating.conditions import Attributes, Condition
from rating.prefixes import PrefixZones

NO_RATING_GROUP: Final = -1
_LONGEST_GROUP: Final = 10
"""Digits of an Unsigned32 (RFC 8506, 8.29)."""
LOCATION_END: Final = b"-"
"""What stands between the parts of a location, and behind the last one in the zones of locations."""


class Situation:
    """The values that rules ask for. A zone is looked up when the first rule asks for it, and once."""

    def __init__(
        self,
        attributes: Attributes,
        destinations: PrefixZones | None = None,
        networks: PrefixZones | None = None,
        locations: PrefixZones | None = None,
    ) -> None:
        self.attributes = attributes
        self._destinations = destinations
        self._networks = networks
        self._locations = locations
        self._destination: bytes | None = None
        self._network: bytes | None = None
        self._location: bytes | None = None

    def value(self, attribute: i64) -> bytes:
        """The value of an attribute; of a group's attribute the zone. b"" where there is none."""
        found = self.attributes
        if attribute in (DESTINATION, DESTINATION_GROUP):
            return self.destination()
        if attribute in (NETWORK, NETWORK_GROUP):
            return self.network()
        if attribute == LOCATION:
            return self.location()
        if attribute == DIRECTION:
            return found.direction
        if attribute == CALLED:
            return found.called
        if attribute == RATING_GROUP:
            return found.rating_group
        if attribute == APN:
            return found.apn.lower()
        return _rare_value(found, attribute)

    def rating_group(self) -> int:
        """The rating group as a number; NO_RATING_GROUP where there is none, or no number."""
        text = self.attributes.rating_group
        return int(text) if text.isdigit() and len(text) <= _LONGEST_GROUP else NO_RATING_GROUP

    def destination(self) -> bytes:
        """The zone of the called number."""
        known = self._destination
        if known is None:
            zones = self._destinations
            known = b"" if zones is None else zones.zone_of(self.attributes.called)
            self._destination = known
        return known

    def network(self) -> bytes:
        """The zone of the serving network."""
        known = self._network
        if known is None:
            zones = self._networks
            known = b"" if zones is None else zones.zone_of(self.attributes.network)
            self._network = known
        return known

    def location(self) -> bytes:
        """The zone of the location; the location's own text where no zone is known for it."""
        known = self._location
        if known is None:
            zones = self._locations
            text = self.attributes.location
            known = b"" if zones is None or not text else zones.zone_of(text + LOCATION_END)
            known = known or text
            self._location = known
        return known

    def meets(self, conditions: list[Condition]) -> bool:
        """Whether all conditions hold."""
        for condition in conditions:  # noqa: SIM110  (a generator costs the compiled path)
            if self.value(condition.attribute) not in condition.members:
                return False
        return True


def _rare_value(attributes: Attributes, attribute: i64) -> bytes:
    if attribute == SERVICE_IDENTIFIER:
        return attributes.service_identifier
    if attribute == SLICE:
        return attributes.slice
    if attribute == QOS_CLASS:
        return attributes.qos_class
    if attribute == RAT_TYPE:
        return attributes.rat_type
    return attributes.subscriber_group
