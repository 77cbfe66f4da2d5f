"""Mixes of traffic: what each kind sends, and how often."""

from collections import Counter

import pytest

from ocs.simulation.kinds import read_mix
from ocs.simulation.profile import LoadProfile
from protocol.encode import encode_answer
from protocol.messages import (
    ABSENT,
    EVENT_REQUEST,
    GRANTED_SECONDS,
    GRANTED_SPECIFIC_UNITS,
    TERMINATION_REQUEST,
    CreditControlAnswer,
    CreditControlRequest,
    ServiceAnswer,
)
from tests.ocs.simulation.gateway_driver import SERVER, SUCCESS, answer_all, build_gateway, grant

CONTEXTS = {"data": b"32251@3gpp.org", "voice": b"32260@3gpp.org", "sms": b"32274@3gpp.org"}


def granting(request: CreditControlRequest) -> bytes:
    """What is asked for is granted, in the units of the service."""
    if request.service_context_id == CONTEXTS["data"]:
        return grant(request)
    answer = CreditControlAnswer(SUCCESS)
    for service in request.services:
        part = ServiceAnswer(service.rating_group, service.service_identifier, SUCCESS)
        if service.requested_time_s > 0:
            part.granted_kind, part.granted = GRANTED_SECONDS, service.requested_time_s
        elif service.requested_specific_units > 0:
            part.granted_kind, part.granted = GRANTED_SPECIFIC_UNITS, service.requested_specific_units
        answer.services.append(part)
    return encode_answer(SERVER, request, answer)


def seen_of(mix: str, count: int = 400) -> tuple[list[CreditControlRequest], dict[str, int]]:
    """The requests of a mix, and the sums of the gateway that sent them."""
    gateway = build_gateway(LoadProfile(subscribers=50, mix=read_mix(mix), updates=2), sessions=8)
    gateway.open_window(0)
    seen = answer_all(gateway, granting, count)
    assert not gateway.tally.faults
    names = ("octets", "seconds", "events")
    return seen, {name: int(gateway.tally.units[unit].acknowledged) for unit, name in enumerate(names)}


def test_calls() -> None:
    """A call is a session in seconds, and says who calls whom."""
    seen, sums = seen_of("voice=1")

    assert all(request.issue is None for request in seen)
    assert {request.service_context_id for request in seen} == {CONTEXTS["voice"]}
    used = [service.used_time_s for request in seen for service in request.services if service.used]
    assert min(used) >= 30
    assert max(used) <= 60
    assert sums == {"octets": 0, "seconds": sum(used), "events": 0}


def test_messages_reserved() -> None:
    """A message by reservation is a CCR-I for one unit and the CCR-T that reports it."""
    seen, sums = seen_of("sms=1")

    assert Counter(int(request.request_type) for request in seen).keys() == {1, TERMINATION_REQUEST}
    assert {service.rating_group for request in seen for service in request.services} == {ABSENT}
    ended = [request for request in seen if request.request_type == TERMINATION_REQUEST]
    assert {request.services[0].used_specific_units for request in ended} == {1}
    assert sums["events"] == len(ended)


def test_messages_debited_at_once() -> None:
    """A message by immediate debiting is one EVENT_REQUEST, and the next is another session."""
    seen, sums = seen_of("iec=1")

    assert all(request.issue is None for request in seen)
    assert {int(request.request_type) for request in seen} == {EVENT_REQUEST}
    assert {int(request.requested_action) for request in seen} == {0}
    assert len({request.session_id for request in seen}) == len(seen)
    assert {request.services[0].requested_specific_units for request in seen} == {1}
    assert sums == {"octets": 0, "seconds": 0, "events": len(seen)}


def test_events_that_are_refused_are_not_acknowledged() -> None:
    """What a server does not charge counts as refused."""
    gateway = build_gateway(LoadProfile(subscribers=10, mix=read_mix("iec=1")), sessions=2)
    gateway.open_window(0)
    answer_all(gateway, lambda request: encode_answer(SERVER, request, CreditControlAnswer(5031)), 10)

    assert gateway.tally.sessions_refused == gateway.tally.answered
    assert gateway.tally.units[2].acknowledged == 0
    assert gateway.tally.answers.by_key() == {4 * 65536 + 5031: 20}


def test_shares() -> None:
    """Each kind begins as often as its share says, and each counts in its own unit."""
    seen, sums = seen_of("data=60,voice=25,sms=10,iec=5", 6000)
    begun = Counter(
        request.service_context_id for request in seen if request.request_type in (1, EVENT_REQUEST)
    )
    total = sum(begun.values())

    assert total > 1000
    for name, share in (("data", 0.60), ("voice", 0.25), ("sms", 0.15)):
        assert abs(begun[CONTEXTS[name]] / total - share) < 0.05
    assert min(sums.values()) > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fax=1", "data, voice, sms, iec, not of 'fax'"),
        ("data", "the share of data is a number"),
        ("data=0", "the share of data is a number"),
        ("data=1,data=2", "data occurs twice"),
        ("data=1,", "not of ''"),
    ],
)
def test_no_mix(text: str, words: str) -> None:
    """What is no mix is refused in words."""
    with pytest.raises(ValueError, match=words):
        read_mix(text)
