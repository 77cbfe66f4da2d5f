"""What a session keeps of its answers gives the same octets again, and is found by either key."""

from hypothesis import given
from hypothesis import strategies as st

from balance.packing import Unpacker
from ocs.charging.stored_answer import find_answer, pack_answer, unpack_answer
from protocol.encode import encode_answer
from protocol.messages import ABSENT, CreditControlAnswer, ServiceAnswer
from tests.ocs.charging.building import IDENTITY, ccr

absent_or = st.one_of(st.just(ABSENT), st.integers(0, 0xFFFFFFFF))


@st.composite
def services(draw: st.DrawFn) -> ServiceAnswer:
    """One MSCC of an answer."""
    made = ServiceAnswer(draw(absent_or), draw(absent_or), draw(st.sampled_from([2001, 4010, 4012, 5031])))
    made.granted_kind = draw(st.integers(0, 3))
    made.granted = draw(st.integers(0, 0xFFFFFFFF))
    made.validity_time_s = draw(absent_or)
    made.threshold = draw(absent_or)
    made.quota_holding_time_s = draw(absent_or)
    made.final_unit_action = draw(st.sampled_from([ABSENT, 0, 1, 2]))
    return made


@st.composite
def answers(draw: st.DrawFn) -> CreditControlAnswer:
    """An answer of any content."""
    made = CreditControlAnswer(draw(st.sampled_from([2001, 4010, 4012, 5012, 5031])))
    made.services = draw(st.lists(services(), max_size=4))
    made.session_failover = draw(st.sampled_from([ABSENT, 0, 1]))
    made.failure_handling = draw(st.sampled_from([ABSENT, 0, 1, 2]))
    made.units_at_command_level = draw(st.booleans()) and len(made.services) == 1
    made.failed_avp = draw(st.sampled_from([b"", bytes(12), bytes(300)]))
    made.error_message = draw(st.sampled_from(["", "no such group", "ü" * 200]))
    return made


@given(answers())
def test_a_stored_answer_is_encoded_to_the_same_octets(answer: CreditControlAnswer) -> None:
    """A repeat of the same request gets octet for octet what the first one got."""
    request = ccr(2, 5)
    again = unpack_answer(without_length(pack_answer(request, answer)))
    assert encode_answer(IDENTITY, request, again) == encode_answer(IDENTITY, request, answer)


def without_length(stored: bytes) -> bytes:
    """A stored answer alone."""
    return Unpacker(stored, 0).octets()


def test_an_answer_is_found_by_type_and_number() -> None:
    """Whatever the End-to-End Identifier and the host."""
    stored = [
        pack_answer(ccr(kind, number), CreditControlAnswer(2001)) for kind, number in ((1, 0), (2, 1), (3, 1))
    ]
    for index, (kind, number) in enumerate(((1, 0), (2, 1), (3, 1))):
        repeat = ccr(kind, number)
        repeat.origin_host = b"other.example.net"
        assert find_answer(b"".join(stored), repeat) == without_length(stored[index])
    assert find_answer(b"".join(stored), ccr(2, 0)) is None
    assert find_answer(b"".join(stored), ccr(1, 1)) is None
    assert find_answer(b"", ccr(1, 0)) is None


def test_an_answer_is_found_by_host_and_end_to_end_identifier() -> None:
    """Whatever the number; but not for the same identifier of another host."""
    request = ccr(2, 1)
    stored = [pack_answer(request, CreditControlAnswer(2001))]
    repeat = ccr(2, 9)
    repeat.end_to_end = request.end_to_end
    assert find_answer(b"".join(stored), repeat) == without_length(stored[0])
    repeat.origin_host = b"other.example.net"
    assert find_answer(b"".join(stored), repeat) is None


def test_the_largest_identifiers_have_their_place() -> None:
    """32 bits of number and of End-to-End Identifier are told apart."""
    request = ccr(2, 0xFFFFFFFF)
    request.end_to_end = 0xFFFFFFFF
    stored = [pack_answer(request, CreditControlAnswer(2001))]
    assert find_answer(b"".join(stored), request) == without_length(stored[0])
    assert find_answer(b"".join(stored), ccr(2, 0xFFFFFFFE)) is None
