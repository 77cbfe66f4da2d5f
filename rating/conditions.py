"""What a rule, a bundle or a discount asks of a usage."""

from mypy_extensions import i64, mypyc_attr

from rating.attributes import ATTRIBUTES, SUBSCRIBER_GROUP


@mypyc_attr(acyclic=True)
class Condition:
    """One attribute (a number of ``rating.attributes``) must have one of the values; b"" = the usage has none.

    Rating groups, service identifiers and QoS classes are decimal text, APNs small letters, called numbers in
    international form without a sign. For DESTINATION_GROUP and NETWORK_GROUP ``values`` names groups and
    ``members`` their zones; otherwise ``members`` are the values.
    """

    def __init__(
        self, attribute: i64, values: frozenset[bytes], members: frozenset[bytes] | None = None
    ) -> None:
        self.attribute = attribute
        self.values = values
        self.members = values if members is None else members


@mypyc_attr(acyclic=True)
class Attributes:
    """What of a usage can select its price, by number of the attribute; b"" where the usage has none.

    Values are written as in a Condition; ``network`` is the MCC and MNC, ``called`` the number in international
    form. Zones of called number, network and location are found by the catalogue.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        *,
        subscriber_group: bytes = b"",
        called: bytes = b"",
        network: bytes = b"",
        location: bytes = b"",
        apn: bytes = b"",
        slice: bytes = b"",  # noqa: A002  (the field's word)
        service_identifier: bytes = b"",
        rating_group: bytes = b"",
        qos_class: bytes = b"",
        rat_type: bytes = b"",
        direction: bytes = b"",
    ) -> None:
        self.subscriber_group = subscriber_group
        self.called = called
        self.network = network
        self.location = location
        self.apn = apn
        self.slice = slice
        self.service_identifier = service_identifier
        self.rating_group = rating_group
        self.qos_class = qos_class
        self.rat_type = rat_type
        self.direction = direction


def strength(conditions: list[Condition]) -> i64:
    """Which attributes are asked for, as a number: the larger is the stronger of two rules of one priority."""
    found: i64 = 0
    for condition in conditions:
        found |= bit_of(condition.attribute)
    return found


def bit_of(attribute: i64) -> i64:
    """The bit of an attribute in a strength: the strongest attribute has the highest."""
    one: i64 = 1
    return one << (ATTRIBUTES - 1 - attribute + SUBSCRIBER_GROUP)
