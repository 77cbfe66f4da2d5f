"""No octets make the decoder raise, and what it answers to them is itself sound."""

import random
import struct

import pytest

from protocol.avp import HEADER_OCTETS
from protocol.cursor import AvpCursor
from protocol.decode import RequestDecoder, decode_request
from protocol.encode import Identity, encode_error, encode_issue
from protocol.framing import MessageFramer
from protocol.messages import CreditControlRequest, Issue, MultipleServicesCreditControl
from tests.protocol.ccr_builder import build_ccr, mscc, ps_information
from tests.protocol.vectors import all_ccrs, all_messages

IDENTITY = Identity(b"ocs.example.net", b"example.net", 1)
MUTATIONS = 20_000
SOAK_MUTATIONS = 2_000_000
KNOWN_CODES = (
    263,
    264,
    258,
    416,
    415,
    456,
    446,
    437,
    421,
    412,
    420,
    432,
    443,
    450,
    444,
    284,
    873,
    874,
    30,
    872,
)


AMID = b"\x01\x00\x00\x44\xc0\x00\x01\x10\xff\xfe" * 3
"""What other messages may lie beside a request."""


def content(thing: object) -> object:
    """All that a decoder found: a request with its services and its issue, as values that compare."""
    if isinstance(thing, list):
        return [content(each) for each in thing]
    if isinstance(thing, CreditControlRequest | MultipleServicesCreditControl | Issue):
        names = [name for name in dir(thing) if not name.startswith("_")]
        values = {name: getattr(thing, name) for name in names}
        return {name: content(value) for name, value in values.items() if not callable(value)}
    return thing


def check(octets: bytes) -> None:
    """Decode, answer if there is an issue, and take the answer apart again."""
    request = decode_request(octets)
    amid = RequestDecoder().decode(AMID + octets + AMID, len(AMID), len(AMID) + len(octets))
    assert content(amid) == content(request)
    for service in request.services:
        assert -1 <= service.used_octets < 1 << 55
        assert -1 <= service.requested_octets <= 1 << 53
        assert -1 <= service.rating_group <= 0xFFFFFFFF
    if request.issue is None:
        assert request.session_id is not None
        assert 1 <= request.request_type <= 4
        return
    answer = encode_issue(IDENTITY, request, request.issue)
    assert is_sound(answer)
    assert request.issue.error_message


def is_sound(answer: bytes) -> bool:
    """Whether the length is right and the AVPs of the command level can be stepped through."""
    if int.from_bytes(answer[1:4], "big") != len(answer) or len(answer) % 4:
        return False
    cursor = AvpCursor(answer, HEADER_OCTETS, len(answer))
    while cursor.next():
        pass
    return cursor.malformed == ""


def test_every_truncation() -> None:
    """Each vector, cut at each octet."""
    for vector in all_ccrs():
        for end in range(len(vector.octets)):
            check(vector.octets[:end])


def test_every_group_truncated_inside_a_framed_message() -> None:
    """Cut at each multiple of four with the header's length put right, as a hostile peer would."""
    for vector in all_ccrs():
        for end in range(HEADER_OCTETS, len(vector.octets), 4):
            check(b"\x01" + end.to_bytes(3, "big") + vector.octets[4:end])


def mutate(octets: bytes, source: random.Random) -> bytes:
    """A few octets, lengths, codes or flags changed, octets lost, doubled or moved."""
    changed = bytearray(octets)
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        at = source.randrange(HEADER_OCTETS, len(changed) - 8) & ~3
        kind = source.randrange(8)
        if kind == 0:
            changed[source.randrange(HEADER_OCTETS, len(changed))] ^= 1 << source.randrange(8)
        elif kind == 1:
            changed[source.randrange(HEADER_OCTETS, len(changed))] = source.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            changed[at : at + 4] = struct.pack(">I", source.choice(KNOWN_CODES))
        elif kind == 3:
            changed[at + 4] = source.choice((0, 0x40, 0x80, 0xC0, 0xFF))
        elif kind == 4:
            changed[at + 5 : at + 8] = source.choice((0, 7, 8, 9, 11, 12, 16, 0xFFFFFF)).to_bytes(3, "big")
        elif kind == 5:
            del changed[at : at + 4 * source.randrange(1, 8)]
        elif kind == 6:
            changed[at:at] = changed[at : at + 4 * source.randrange(1, 30)]
        else:
            changed[at : at + 8] = source.randbytes(8)
        if len(changed) < HEADER_OCTETS + 16:
            return octets
    return bytes(changed)


def run_mutations(count: int, seed: int) -> None:
    """Check so many mutations of the vectors and of a built request."""
    source = random.Random(seed)
    bases = [vector.octets for vector in all_ccrs()]
    bases.append(build_ccr(mscc=[mscc(rating_group=1, used=[1, 2])], service_information=ps_information()))
    for _ in range(count):
        check(mutate(source.choice(bases), source))


def test_mutations() -> None:
    """Tens of thousands of seeded mutations."""
    run_mutations(MUTATIONS, 1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_mutations_by_the_million(seed: int) -> None:
    """Millions of them."""
    run_mutations(SOAK_MUTATIONS, 1000 + seed)


def test_random_octets() -> None:
    """Noise, framed or not, gives issues and sound error answers."""
    source = random.Random(2)
    for _ in range(2_000):
        octets = source.randbytes(source.randrange(0, 200))
        check(octets)
        assert is_sound(encode_error(IDENTITY, octets, source.choice((3001, 5012, 5015)), b"", "noise"))
        framer = MessageFramer(65_536)
        framer.feed(octets)
        while framer.next():
            assert framer.message()


def test_errors_to_truncated_messages_of_any_command() -> None:
    """The error answer to any command survives whatever follows the header."""
    for vector in all_messages():
        for end in range(0, len(vector.octets), 7):
            assert is_sound(encode_error(IDENTITY, vector.octets[:end], 3001, b"", ""))
