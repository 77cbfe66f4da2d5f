"""Subscribers: who is charged, on which plan, from which account."""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from balance.changes import NO_TERM
from balance.packing import PackingError, Unpacker, put_number, put_octet, put_octets, put_text, put_varint

SUBSCRIBER_FORMAT: Final = 2
_WITHOUT_GROUP: Final = 1
"""The format before subscribers had a group, a time zone and a first day; it is still read."""
IMSI_ONLY: Final = b"imsi-"
"""Before the IMSI in the id of a subscriber without a number."""
ACTIVE: Final = 0
BARRED: Final = 1


@mypyc_attr(acyclic=True)
class Subscriber:
    """One subscription: its identities as octets of digits, the account it spends from and its plan.

    ``group`` is a name that tariffs may select by, ``time_zone`` its own (IANA name, "" = the network's);
    ``activated_ms`` is when it was made, 0 where that is not known. ``term`` is the store holder's in which
    this state was last read or compared.
    """

    def __init__(self, msisdn: bytes, imsi: bytes, account_id: str, plan_id: str, status: i64) -> None:
        self.version: i64 = 0
        self.term: i64 = NO_TERM
        self.msisdn = msisdn
        self.imsi = imsi
        self.account_id = account_id
        self.plan_id = plan_id
        self.status = status
        self.group = b""
        self.time_zone = ""
        self.activated_ms: i64 = 0

    def subscriber_id(self) -> bytes:
        """What keys it in the store: the MSISDN, else ``imsi-`` and the IMSI."""
        return self.msisdn or IMSI_ONLY + self.imsi


def encode_subscriber(subscriber: Subscriber, version: i64) -> bytes:
    """The stored octets of a subscriber under a new version."""
    out = BytesWriter()
    put_number(out, version)
    put_octet(out, SUBSCRIBER_FORMAT)
    put_octets(out, subscriber.msisdn)
    put_octets(out, subscriber.imsi)
    put_text(out, subscriber.account_id)
    put_text(out, subscriber.plan_id)
    put_octet(out, subscriber.status)
    put_octets(out, subscriber.group)
    put_text(out, subscriber.time_zone)
    put_varint(out, subscriber.activated_ms)
    return out.getvalue()


def decode_subscriber(state: bytes) -> Subscriber:
    """The subscriber that ``encode_subscriber`` wrote; PackingError where the octets are none."""
    octets = Unpacker(state, 0)
    version = octets.number()
    kept_as = octets.octet()
    if kept_as < _WITHOUT_GROUP or kept_as > SUBSCRIBER_FORMAT:
        raise PackingError(f"subscriber format {state[8]}, this version reads {SUBSCRIBER_FORMAT}")
    subscriber = Subscriber(octets.octets(), octets.octets(), octets.text(), octets.text(), octets.octet())
    subscriber.version = version
    if kept_as != _WITHOUT_GROUP:
        subscriber.group = octets.octets()
        subscriber.time_zone = octets.text()
        subscriber.activated_ms = octets.varint()
    return subscriber
