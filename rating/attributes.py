"""What of a usage can select its price: attributes by number, the strongest first.

A rule may ask for values of any of them. Where several rules match, the higher ``priority`` wins; then the one
that asks for the attribute that stands earlier in this list and the other does not, and so on down the list.
"""

from typing import Final

SUBSCRIBER_GROUP: Final = 0
CALLED: Final = 1
"""The called number itself, in international form: short codes, single numbers."""
DESTINATION: Final = 2
"""The zone of the called number, by the longest prefix of ``destinations``."""
DESTINATION_GROUP: Final = 3
NETWORK: Final = 4
"""The zone of the serving network, by the longest prefix of its MCC and MNC in ``networks``."""
NETWORK_GROUP: Final = 5
LOCATION: Final = 6
APN: Final = 7
SLICE: Final = 8
"""S-NSSAI: the SST, or SST and SD such as ``1-000001``."""
SERVICE_IDENTIFIER: Final = 9
RATING_GROUP: Final = 10
QOS_CLASS: Final = 11
"""QCI or 5QI."""
RAT_TYPE: Final = 12
"""``eutran``, ``nr``, ``utran``, ``geran``, ``wlan``, ``nb-iot``, ``lte-m`` (TS 29.061, 29.274)."""
DIRECTION: Final = 13
"""``outgoing``, ``incoming`` or ``forwarded``."""

ATTRIBUTE_NAMES: Final = (
    "subscriber_group",
    "called",
    "destination",
    "destination",
    "network",
    "network",
    "location",
    "apn",
    "slice",
    "service_identifier",
    "rating_group",
    "qos_class",
    "rat_type",
    "direction",
)
ATTRIBUTES: Final = 14
