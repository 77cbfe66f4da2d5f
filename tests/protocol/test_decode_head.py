"""A connection's decoder reads no request otherwise than one that has read nothing before."""

import random

import pytest

from protocol.decode import RequestDecoder, decode_request
from tests.protocol.ccr_builder import avp, build_ccr, mscc
from tests.protocol.test_decode_robust import content, mutate
from tests.protocol.vectors import all_ccrs

SEQUENCES = 150
SOAK_SEQUENCES = 20_000
HEAD_END = 160
"""Behind the AVPs that requests of one client have alike."""


def sequences(count: int, seed: int) -> None:
    """Requests of one connection after the other: most of them whole, many alike, some broken in their head."""
    source = random.Random(seed)
    bases = [vector.octets for vector in all_ccrs()]
    bases += [build_ccr(mscc=[mscc(rating_group=group, requested=1_000_000)]) for group in (1, 2)]
    for _ in range(count):
        decoder = RequestDecoder()
        clients = source.sample(bases, 3)
        for _ in range(30):
            octets = source.choice(clients)
            if source.random() < 0.4:
                octets = mutate(octets[:HEAD_END], source) + octets[HEAD_END:]
            elif source.random() < 0.1:
                octets = octets[: source.randrange(20, len(octets))]
            found = decoder.decode(octets, 0, len(octets))
            assert content(found) == content(decode_request(octets)), octets.hex()


def test_sequences() -> None:
    """Heads are learnt, left and met again."""
    sequences(SEQUENCES, 4)


@pytest.mark.soak
def test_many_sequences() -> None:
    """The same for long."""
    sequences(SOAK_SEQUENCES, 5)


def test_what_is_alike_is_one_object() -> None:
    """The texts that a client repeats are kept once."""
    decoder = RequestDecoder()
    first, second = (
        decoder.decode(octets, 0, len(octets))
        for octets in (build_ccr(request_number=number) for number in (0, 1))
    )
    assert (second.request_number, second.origin_host) == (1, b"gw.example.net")
    assert second.origin_host is first.origin_host
    assert second.service_context_id is first.service_context_id


@pytest.mark.parametrize("name", ["origin_host", "origin_realm", "destination_realm", "service_context_id"])
def test_another_client(name: str) -> None:
    """One identity that is another, of the same length, is read; and the first client's again."""
    decoder = RequestDecoder()
    own = build_ccr()
    before = getattr(decoder.decode(own, 0, len(own)), name)
    other = build_ccr(**{name: before.decode()[::-1]})
    for octets, expected in ((own, before), (other, before[::-1]), (own, before)):
        request = decoder.decode(octets, 0, len(octets))
        assert request.issue is None
        assert getattr(request, name) == expected


@pytest.mark.parametrize("code", [264, 296, 283, 461])
def test_twice(code: int) -> None:
    """What the head has already may not come once more behind it."""
    decoder = RequestDecoder()
    own = build_ccr()
    assert decoder.decode(own, 0, len(own)).issue is None
    again = build_ccr(extra=[avp(code, b"once.more")])
    request = decoder.decode(again, 0, len(again))
    assert request.issue is not None
    assert request.issue.result_code == 5009
    request = decoder.decode(own, 0, len(own))
    assert (request.issue, request.origin_host) == (None, b"gw.example.net")


def test_twice_before_the_head() -> None:
    """One of the head's that comes first, where the Session-Id should stand, is there twice."""
    decoder = RequestDecoder()
    own = build_ccr()
    assert decoder.decode(own, 0, len(own)).issue is None
    session_octets = (own[27] + 3) & ~3
    moved = own[:20] + avp(264, b"gw.example.net") + own[20 + session_octets :] + own[20 : 20 + session_octets]
    found = decoder.decode(moved, 0, len(moved))
    assert found.issue is not None
    assert found.issue.result_code == 5009
    assert content(found) == content(decode_request(moved))
