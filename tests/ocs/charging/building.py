"""Requests, plans and states in few words, for the tests of the charging core."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from librt.strings import BytesWriter

from balance.account import Account, encode_account
from balance.changes import ChangeBatch, ChangeSet
from balance.keys import account_key, imsi_key, subscriber_key
from balance.packing import put_number
from balance.quantity import OCTETS
from balance.store import StateStore
from balance.subscriber import ACTIVE, Subscriber, encode_subscriber
from ocs.charging.policy import ChargingPolicy
from protocol.encode import Identity
from protocol.messages import (
    ABSENT,
    INITIAL_REQUEST,
    TERMINATION_REQUEST,
    UPDATE_REQUEST,
    CreditControlRequest,
    MultipleServicesCreditControl,
)
from rating.catalogue import ANY_RATING_GROUP, CHARGE, ROUND_UP, Catalogue, GrantPolicy, Plan, Rate, Rule

IDENTITY = Identity(b"ocs.example.net", b"example.net", 1)
POLICY = ChargingPolicy(0, 1, 2, 7200, 300, 300)
MSISDN = b"491700000001"
IMSI = b"001010000000001"
NOW_MS = 1_800_000_000_000
_identifiers = count(1)


def mscc(
    rating_group: int = 10,
    *,
    want: int | None = None,
    used: int | None = None,
    time_s: int | None = None,
    reason: int = ABSENT,
) -> MultipleServicesCreditControl:
    """One service of a request; ``want=0`` is an empty Requested-Service-Unit."""
    made = MultipleServicesCreditControl()
    made.rating_group = rating_group
    made.reporting_reason = reason
    if want is not None:
        made.requested = True
        made.requested_octets = want if want > 0 else ABSENT
    if used is not None:
        made.used = True
        made.used_octets = used
    if time_s is not None:
        made.used = True
        made.used_time_s = time_s
    return made


def ccr(
    kind: int,
    number: int,
    services: Sequence[MultipleServicesCreditControl] = (),
    *,
    session: bytes = b"gw;1;1",
    msisdn: bytes = MSISDN,
    imsi: bytes = b"",
    flags: int = 0xC0,
) -> CreditControlRequest:
    """A request of its own End-to-End Identifier."""
    made = CreditControlRequest()
    made.flags = flags
    made.hop_by_hop = made.end_to_end = next(_identifiers)
    made.session_id = session
    made.origin_host = b"gw.example.net"
    made.origin_realm = b"example.net"
    made.service_context_id = b"32251@3gpp.org"
    made.request_type = kind
    made.request_number = number
    made.msisdn = msisdn
    made.imsi = imsi
    made.services = list(services)
    return made


def initial(
    *services: MultipleServicesCreditControl, session: bytes = b"gw;1;1", msisdn: bytes = MSISDN
) -> CreditControlRequest:
    """A CCR-I."""
    return ccr(INITIAL_REQUEST, 0, services, session=session, msisdn=msisdn)


def update(
    number: int, *services: MultipleServicesCreditControl, session: bytes = b"gw;1;1"
) -> CreditControlRequest:
    """A CCR-U."""
    return ccr(UPDATE_REQUEST, number, services, session=session)


def termination(
    number: int, *services: MultipleServicesCreditControl, session: bytes = b"gw;1;1"
) -> CreditControlRequest:
    """A CCR-T."""
    return ccr(TERMINATION_REQUEST, number, services, session=session)


def rate(
    price_micros: int = 1,
    per_units: int = 1,
    *,
    increment: int = 1,
    rounding: int = ROUND_UP,
    kind: int = OCTETS,
) -> Rate:
    """A price; without arguments one octet costs one micro."""
    return Rate(kind, price_micros, per_units, increment, rounding)


def grant_policy(default_units: int = 1000, maximum_units: int = 1_000_000) -> GrantPolicy:
    """Grants with an hour's validity and no threshold."""
    return GrantPolicy(default_units, maximum_units, 3600, 0, ABSENT)


def plan(*, price: Rate | None = None, overdraft: bool = True, name: str = "payg") -> Plan:
    """A plan with one price for everything."""
    rule = Rule(f"{name}/any", CHARGE, price or rate(), grant_policy())
    return Plan(name, name, "EUR", overdraft, {"data": {ANY_RATING_GROUP: rule}}, {}, [])


def catalogue(*plans: Plan, version: str = "0123456789ab") -> Catalogue:
    """A catalogue of data plans."""
    made = {each.plan_id: each for each in plans or (plan(),)}
    return Catalogue(version, made, {b"32251@3gpp.org": "data"}, frozenset({b"sos"}))


def seed(
    store: StateStore,
    balance_micros: int = 1_000_000,
    *,
    account: str = "A",
    msisdns: int = 1,
    first: int = 0,
) -> None:
    """An account and its subscribers of plan payg, numbered from MSISDN + first on; each has an IMSI alike."""
    change = ChangeSet()
    change.put(account_key(account), 0, encode_account(Account(account, "EUR", balance_micros), 1), 0)
    for index in range(first, first + msisdns):
        msisdn = b"%d" % (int(MSISDN) + index)
        imsi = b"%015d" % (int(IMSI) + index)
        subscriber = Subscriber(msisdn, imsi, account, "payg", ACTIVE)
        change.put(subscriber_key(msisdn), 0, encode_subscriber(subscriber, 1), 0)
        mapping = BytesWriter()
        put_number(mapping, 1)
        mapping.write(msisdn)
        change.put(imsi_key(imsi), 0, mapping.getvalue(), 0)
    store.commit([change], lambda _sets: None)


def sets_of(batch: ChangeBatch) -> list[ChangeSet]:
    """A batch taken apart into its change sets."""
    sets = [ChangeSet() for _ in batch.results]
    for state in batch.states:
        sets[state.owner].put(state.key, state.expected, state.value, state.life_ms)
    for event, owner in zip(batch.events, batch.event_sets, strict=True):
        sets[owner].events.append(event)
    for at, owner in enumerate(batch.deadline_sets):
        sets[owner].deadlines.append((batch.deadline_keys[at], batch.deadlines_ms[at]))
    for pair, owner in zip(batch.opened, batch.opened_sets, strict=True):
        sets[owner].opened.append(pair)
    for pair, owner in zip(batch.closed, batch.closed_sets, strict=True):
        sets[owner].closed.append(pair)
    return sets
