"""A month of usage of all subscriptions, made up: the same for the same seed, whatever else is there.

Calls within the country go to other numbers; calls abroad leave, and calls from abroad come, over the trunks of
two partners, and are in the switch's file and in the trunks' file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from ocs.customers.customer import Subscription

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
MEGABYTE: Final = 1_000_000


class Call(NamedTuple):
    """A call as a switch sees it; ``trunk`` '' = it stayed at home. ``cause`` 16 = it ended normally."""

    started_ms: int
    seconds: int
    msisdn: str
    other: str
    outgoing: bool
    trunk: str
    cause: int


class Message(NamedTuple):
    """A short message that was sent, in so many parts."""

    at_ms: int
    msisdn: str
    called: str
    parts: int


class DataUse(NamedTuple):
    """A closed container of a data session."""

    started_ms: int
    ended_ms: int
    msisdn: str
    rating_group: int
    uplink: int
    downlink: int


@dataclass(slots=True)
class UsageMonth:
    """All of it, each in the order of time."""

    calls: list[Call]
    messages: list[Message]
    data: list[DataUse]


class Destination(NamedTuple):
    """Where people call: how often of 100 calls, how numbers begin, and whose trunk carries them."""

    share: int
    prefix: str
    digits: int
    trunk: str


DESTINATIONS: Final = (
    Destination(58, "447700", 6, ""),
    Destination(8, "4420794", 5, ""),
    Destination(9, "4915", 9, "NT-OUT-1"),
    Destination(5, "4930", 7, "NT-OUT-1"),
    Destination(5, "30210", 7, ""),
    Destination(4, "1212", 7, "NT-OUT-1"),
    Destination(3, "336", 8, "NT-OUT-1"),
    Destination(3, "8190", 8, "PV-OUT"),
    Destination(2, "613", 8, "PV-OUT"),
    Destination(2, "658", 7, "PV-OUT"),
    Destination(1, "9655", 7, ""),
)
ORIGINS: Final = (
    Destination(70, "447700", 6, ""),
    Destination(10, "4670", 7, "NT-IN-1"),
    Destination(10, "4917", 9, "NT-IN-2"),
    Destination(10, "8180", 8, "PV-IN"),
)
_HOURS: Final = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 14, 14, 14, 14, 14, 16, 18, 20, 18, 14, 10, 6, 3)
"""How busy each hour of the day is."""
_NOT_ANSWERED: Final = 34
_ANSWERED: Final = 16


def usage_month(subscriptions: Iterable[Subscription], from_ms: int, to_ms: int, seed: int) -> UsageMonth:
    """What subscriptions use from a midnight until before another."""
    month = UsageMonth([], [], [])
    for subscription in subscriptions:
        begin = max(from_ms, subscription.from_ms)
        end = to_ms if subscription.to_ms is None else min(to_ms, subscription.to_ms)
        if begin < end:
            _use(month, subscription.msisdn, begin, end, Random(f"{seed} {subscription.msisdn} {begin}"))
    month.calls.sort()
    month.messages.sort()
    month.data.sort()
    return month


def _use(month: UsageMonth, msisdn: str, begin: int, end: int, rng: Random) -> None:
    """One subscription's: some talk much, some hardly ever."""
    days = (end - begin) // DAY_MS + 1
    talkative, online = rng.choice((1, 2, 2, 3, 6)), rng.choice((1, 1, 2, 3, 5))
    for at_ms in _moments(rng, begin, end, days * talkative // 2):
        month.calls.append(_call(rng, msisdn, at_ms, end))
    for at_ms in _moments(rng, begin, end, days * talkative // 4):
        called = _number(rng, DESTINATIONS[0])
        month.messages.append(Message(at_ms, msisdn, called, rng.choice((1, 1, 1, 1, 2, 3))))
    for at_ms in _moments(rng, begin, end, days * 3 // 2):
        month.data.append(_container(rng, msisdn, at_ms, end, online))


def _moments(rng: Random, begin: int, end: int, count: int) -> Iterator[int]:
    """So many moments within a time, more of them in busy hours."""
    for _ in range(count):
        while True:
            at_ms = rng.randrange(begin // 1000, end // 1000) * 1000
            if rng.randrange(20) < _HOURS[at_ms % DAY_MS // HOUR_MS]:
                break
        yield at_ms


def _call(rng: Random, msisdn: str, at_ms: int, end: int) -> Call:
    outgoing = rng.randrange(100) < 70
    place = _place(rng, DESTINATIONS if outgoing else ORIGINS)
    answered = rng.randrange(100) < 94
    seconds = min(int(rng.expovariate(1 / 150)) + 1, (end - at_ms) // 1000) if answered else 0
    cause = _ANSWERED if answered else _NOT_ANSWERED
    return Call(at_ms, seconds, msisdn, _number(rng, place), outgoing, place.trunk, cause)


def _container(rng: Random, msisdn: str, at_ms: int, end: int, online: int) -> DataUse:
    ended_ms = min(at_ms + rng.randrange(60, 3600) * 1000, end - 1000)
    downlink = rng.randrange(MEGABYTE, 60 * MEGABYTE) * online
    return DataUse(at_ms, max(ended_ms, at_ms), msisdn, rng.choice((1, 10, 10, 20)), downlink // 12, downlink)


def _place(rng: Random, places: tuple[Destination, ...]) -> Destination:
    at = rng.randrange(sum(place.share for place in places))
    for place in places:
        at -= place.share
        if at < 0:
            return place
    raise AssertionError(places)


def _number(rng: Random, place: Destination) -> str:
    return f"{place.prefix}{rng.randrange(10**place.digits):0{place.digits}d}"
