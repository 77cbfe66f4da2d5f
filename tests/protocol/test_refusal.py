"""Requests for which there is no room: refused unread, with the octets that a read one would get."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.decode import decode_request
from protocol.encode import Identity, encode_request_error
from protocol.intake import UNBOUNDED, Intake
from protocol.refusal import UnreadRequest
from protocol.result_codes import TOO_BUSY
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, REALM, STARTED_S, Driver

IDENTITY = Identity(HOST, REALM, STARTED_S)
PROXY_INFO = base.avp(284, base.avp(280, b"relay.example.net") + base.avp(33, b"state"))


class CountingIntake(Intake):
    """Keeps the types of what was refused."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.types: list[int] = []

    def refused(self, request_type: int) -> None:
        """Keep the type."""
        self.types.append(request_type)


def ccr(*extra: bytes, session_id: bytes = b"pgw1.example.net;1;2", flags: int = 0xC0) -> bytes:
    """A CCR-U with what a test adds."""
    return base.message(
        base.CCR,
        base.avp(263, session_id),
        base.origin(),
        base.avp(283, base.REALM),
        base.GY,
        base.avp(461, b"32251@3gpp.org"),
        base.avp(416, 2),
        base.avp(415, 7),
        *extra,
        flags=flags,
        application=4,
        hop_by_hop=0xFEDCBA98,
        end_to_end=0x89ABCDEF,
    )


def test_the_refusal_of_an_unread_request_is_that_of_a_read_one() -> None:
    """Session-Id, identifiers, the P flag and Proxy-Info are repeated, octet for octet as by the encoder."""
    for message in (ccr(), ccr(PROXY_INFO, base.avp(1, b"x"), PROXY_INFO), ccr(flags=0x90)):
        unread = UnreadRequest(message)
        assert unread.find()
        assert unread.request_type == 2
        read = decode_request(message)
        assert unread.answer(IDENTITY.too_busy_avps) == encode_request_error(IDENTITY, read, TOO_BUSY, b"", "")


@given(st.binary(max_size=60), st.integers(0, 200))
def test_nothing_that_arrives_breaks_it(garbage: bytes, cut: int) -> None:
    """Whatever the octets are it answers or says that it can not; the answer then is a whole message."""
    message = (ccr(PROXY_INFO)[: 20 + cut] + garbage).ljust(20, b"\0")
    message = message + bytes(-len(message) & 3)
    unread = UnreadRequest(message)
    if unread.find():
        answer = unread.answer(IDENTITY.too_busy_avps)
        assert int.from_bytes(answer[1:4], "big") == len(answer)
        assert base.result_code(answer) == TOO_BUSY


def test_without_room_a_connection_refuses_and_counts() -> None:
    """The room is counted down; over it the answer is 3004 and the handler learns the type, not the request."""
    intake = CountingIntake(2)
    link = Driver(intake=intake).open()
    link.send(base.ccr(0), base.ccr(1, 2), base.ccr(2, 2), base.ccr(3, 3))
    assert [request.request_number for request in link.requests] == [0, 1]
    assert [base.result_code(answer) for answer in link.take()] == [TOO_BUSY, TOO_BUSY]
    assert intake.types == [2, 3]
    assert intake.room == 0
    assert (link.peer.traffic.ccr_received, link.peer.traffic.cca_sent) == (4, 2)
    assert base.result_code(link.ask(base.dwr())) == 2001


def test_without_room_a_malformed_request_hears_what_is_wrong() -> None:
    """A request whose Session-Id or type can not be found is read, and its answer names the fault."""
    intake = CountingIntake(0)
    link = Driver(intake=intake).open()
    headless = base.message(base.CCR, base.origin(), base.avp(416, 1), flags=0xC0, application=4)
    assert base.result_code(link.ask(headless)) == 5005
    assert intake.types == []
    assert intake.room == 0


def test_a_node_without_a_bound_takes_all() -> None:
    """Room is only ever bounded by a handler."""
    link = Driver().open()
    link.send(base.ccr(0))
    assert len(link.requests) == 1
    assert link.driver.node.intake.room == UNBOUNDED - 1
