"""How a gateway goes on: loops, refusals, the end of money, lost connections and silence."""

from itertools import pairwise

import pytest

from ocs.simulation.profile import LoadProfile
from ocs.simulation.session import OCTETS
from protocol.decode import decode_request
from protocol.encode import encode_request_error
from protocol.messages import (
    INITIAL_REQUEST,
    TERMINATION_REQUEST,
    UPDATE_REQUEST,
    CreditControlRequest,
)
from tests.ocs.simulation.gateway_driver import SERVER, answer_all, build_gateway, grant, requests_of

SECOND_NS = 1_000_000_000


def shed(request: CreditControlRequest) -> bytes:
    """The answer of a server that has too much to do."""
    return encode_request_error(SERVER, request, 3004, b"", "too busy")


def test_closed_loop_keeps_its_window() -> None:
    """As many requests are outstanding as the window says, always, each of another subscriber."""
    gateway = build_gateway(LoadProfile(subscribers=20), sessions=5)
    gateway.open_window(0)
    for now in range(1, 50):
        messages = requests_of(gateway)
        assert len(messages) == gateway.outstanding == 5
        assert len({decode_request(each).msisdn for each in messages}) == 5
        for each in messages:
            gateway.receive_answer(grant(decode_request(each)), now)

    assert gateway.tally.malformed == 0
    assert gateway.tally.requests == 50 * 5


def test_open_loop_sends_when_it_is_due() -> None:
    """Nothing is sent by itself; the latency counts from the moment a request was due."""
    gateway = build_gateway(LoadProfile(subscribers=10, rate=100), sessions=3)
    assert requests_of(gateway) == []

    assert gateway.send_due(1_000)
    (message,) = requests_of(gateway)
    gateway.receive_answer(grant(decode_request(message)), 5_001_000)

    assert gateway.tally.latency.highest == 5_000
    assert requests_of(gateway) == []


def test_open_loop_says_when_nothing_can_be_sent() -> None:
    """With every subscriber's request unanswered there is nothing to send."""
    gateway = build_gateway(LoadProfile(subscribers=2, rate=100), sessions=1)

    assert [gateway.send_due(0) for _ in range(3)] == [True, True, False]


def test_stop_ends_every_session() -> None:
    """After stop each open session sends its CCR-T and nothing new begins."""
    for rate in (0, 100):
        gateway = build_gateway(LoadProfile(subscribers=10, rate=rate), sessions=4)
        if rate:
            for _ in range(30):
                gateway.send_due(0)
                answer_all(gateway, grant, 1)
        else:
            gateway.open_window(0)
            answer_all(gateway, grant, 10)
        gateway.stop()
        gateway.drain(0)
        last = answer_all(gateway, grant, 6)

        assert gateway.open_count == 0
        assert gateway.tally.sessions_started == gateway.tally.sessions_ended
        assert last[-1].request_type == TERMINATION_REQUEST
        assert all(request.request_type != INITIAL_REQUEST for request in last)
        assert gateway.tally.units[OCTETS].reported == gateway.tally.units[OCTETS].acknowledged


def test_refused_session_is_over() -> None:
    """A CCR-I that is refused as a whole is followed by no CCR-T."""
    gateway = build_gateway(sessions=1)
    gateway.open_window(0)
    seen = answer_all(gateway, lambda request: encode_request_error(SERVER, request, 5030, b"", ""), 5)

    assert [int(request.request_type) for request in seen] == [INITIAL_REQUEST] * 5
    assert gateway.tally.sessions_refused == 5
    assert gateway.tally.malformed == 0


def test_credit_limit_is_followed_by_the_end() -> None:
    """After 4012 for its service the session reports nothing more and sends its CCR-T."""
    gateway = build_gateway(LoadProfile(subscribers=10, updates=4), sessions=1)
    gateway.open_window(0)

    def until_update(request: CreditControlRequest) -> bytes:
        return grant(request, result_code=4012 if request.request_type == UPDATE_REQUEST else 2001)

    seen = answer_all(gateway, until_update, 40)
    followers = [after for before, after in pairwise(seen) if before.request_type == UPDATE_REQUEST]

    assert followers
    assert all(request.request_type == TERMINATION_REQUEST for request in followers)
    assert all(request.services[0].used_octets == 0 for request in followers)
    assert gateway.tally.out_of_credit >= len(followers)


def test_shed_request_is_sent_again() -> None:
    """3004 leaves session and request as they were; its octets are reported once."""
    gateway = build_gateway(LoadProfile(subscribers=10, updates=4), sessions=1)
    gateway.open_window(0)
    answer_all(gateway, grant, 1)
    (first,) = answer_all(gateway, shed, 1)
    assert requests_of(gateway) == []
    gateway.drain(0)
    (again,) = answer_all(gateway, grant, 1)

    assert (first.session_id, first.request_type, first.request_number) == (
        again.session_id,
        again.request_type,
        again.request_number,
    )
    assert gateway.tally.shed == 1
    assert gateway.tally.units[OCTETS].acknowledged == again.services[0].used_octets
    assert gateway.tally.units[OCTETS].acknowledged == again.services[0].used_octets
    assert (
        gateway.tally.units[OCTETS].reported
        == gateway.tally.units[OCTETS].acknowledged + gateway.sessions[0].used[0]
    )


def test_reconnect_repeats_what_was_not_answered() -> None:
    """After a loss the same requests go out once more: T flag, same End-to-End, another Hop-by-Hop."""
    gateway = build_gateway(sessions=3)
    gateway.open_window(0)
    answer_all(gateway, grant, 3)
    before = [decode_request(each) for each in requests_of(gateway)]
    gateway.resend_outstanding()
    after = [decode_request(each) for each in requests_of(gateway)]

    assert [each.flags & 0x10 for each in after] == [0x10] * 3
    assert {each.end_to_end for each in before} == {each.end_to_end for each in after}
    assert {each.hop_by_hop for each in before}.isdisjoint({each.hop_by_hop for each in after})
    by_session = {each.session_id: each for each in before}
    for each in after:
        twin = by_session[each.session_id]
        assert each.request_number == twin.request_number
        assert [each.used_octets for each in each.services] == [each.used_octets for each in twin.services]
    assert gateway.outstanding == 3


@pytest.mark.parametrize("lost", [False, True])
def test_what_was_sent_is_not_changed_when_it_is_shed(*, lost: bool) -> None:
    """It may have been served all the same: type, number and units stay until it is, even at the end."""
    gateway = build_gateway(LoadProfile(subscribers=50, updates=9), sessions=20)
    gateway.open_window(0)
    answer_all(gateway, grant, 20)
    before = {each.session_id: each for each in map(decode_request, requests_of(gateway))}
    reported = gateway.tally.units[OCTETS].reported
    if lost:
        gateway.resend_outstanding()
        answer_all(gateway, shed, 20)
    else:
        for each in before.values():
            gateway.receive_answer(shed(each), 0)
    gateway.stop()
    gateway.drain(0)
    after = [decode_request(each) for each in requests_of(gateway)]

    assert len(after) == 20
    for each in after:
        first = before[each.session_id]
        assert (each.request_type, each.request_number) == (first.request_type, first.request_number)
        assert each.services[0].used_octets == first.services[0].used_octets
    assert gateway.tally.units[OCTETS].reported == reported


def test_sessions_that_were_never_opened_end_at_once() -> None:
    """A server that sheds everything does not keep a run from its end."""
    gateway = build_gateway(LoadProfile(subscribers=50), sessions=20)
    gateway.open_window(0)
    answer_all(gateway, shed, 1)
    gateway.stop()
    gateway.drain(0)
    assert requests_of(gateway) == []
    assert (gateway.open_count, gateway.outstanding) == (0, 0)


def test_silence_is_given_up() -> None:
    """A request that is never answered counts, its session is over, and its late answer is no fault."""
    gateway = build_gateway(sessions=2)
    gateway.open_window(SECOND_NS)
    late, _ = (decode_request(each) for each in requests_of(gateway))
    gateway.give_up_before(2 * SECOND_NS, 3 * SECOND_NS)
    gateway.receive_answer(grant(late), 4 * SECOND_NS)

    assert gateway.tally.unanswered == 2
    assert gateway.tally.late == 1
    assert gateway.tally.malformed == 0
    assert gateway.outstanding == 2


def test_same_seed_same_traffic() -> None:
    """Two gateways of one seed report the same, another seed reports otherwise."""

    def traffic(seed: int) -> list[tuple[bytes, int, int]]:
        gateway = build_gateway(LoadProfile(subscribers=10, seed=seed), sessions=3)
        gateway.open_window(0)
        seen = answer_all(gateway, grant, 20)
        return [(each.msisdn, int(each.request_type), int(each.services[0].used_octets)) for each in seen]

    assert traffic(5) == traffic(5)
    assert traffic(5) != traffic(6)
