"""A connection's decoder reads no request otherwise than one that has read nothing before."""

import random

import pytest

from protocol.decode import SHAPES_LEARNT, RequestDecoder, decode_request
from tests.protocol.ccr_builder import VENDOR_3GPP, avp, build_ccr, mscc, ps_information
from tests.protocol.odd_requests import ODD_REQUESTS
from tests.protocol.test_decode_robust import content, mutate
from tests.protocol.vectors import all_ccrs

SEQUENCES = 150
SOAK_SEQUENCES = 20_000


def agrees(decoder: RequestDecoder, octets: bytes) -> None:
    """The decoder reads what a fresh one reads."""
    assert content(decoder.decode(octets, 0, len(octets))) == content(decode_request(octets)), octets.hex()


def sequences(count: int, seed: int) -> None:
    """Requests of one connection after the other: most of them whole, many alike, some changed anywhere."""
    source = random.Random(seed)
    bases = [vector.octets for vector in all_ccrs()] + list(ODD_REQUESTS.values())
    for _ in range(count):
        decoder = RequestDecoder()
        clients = source.sample(bases, 3)
        for _ in range(30):
            octets = source.choice(clients)
            chance = source.random()
            if chance < 0.3:
                octets = mutate(octets, source)
            elif chance < 0.6:
                octets = with_other_octets(octets, source)
            elif chance < 0.7:
                octets = octets[: source.randrange(20, len(octets))]
            agrees(decoder, octets)


def with_other_octets(octets: bytes, source: random.Random) -> bytes:
    """The same with some octets changed, which mostly are values."""
    changed = bytearray(octets)
    for _ in range(source.choice((1, 1, 2, 5))):
        changed[source.randrange(20, len(changed))] ^= source.choice((1, 2, 16, 128, 255))
    return bytes(changed)


def test_sequences() -> None:
    """Shapes are learnt, left and met again."""
    sequences(SEQUENCES, 4)


@pytest.mark.soak
def test_many_sequences() -> None:
    """The same for long."""
    sequences(SOAK_SEQUENCES, 5)


@pytest.mark.parametrize("octets", ODD_REQUESTS.values(), ids=ODD_REQUESTS)
def test_each_octet_of_an_odd_request(octets: bytes) -> None:
    """One octet changed, each in turn: what is read by shape is what is read without."""
    decoder = RequestDecoder()
    agrees(decoder, octets)
    for at in range(20, len(octets)):
        for bit in (0x01, 0x80):
            agrees(decoder, octets[:at] + bytes([octets[at] ^ bit]) + octets[at + 1 :])


def test_each_octet_of_a_vector() -> None:
    """The same with what real clients send, an octet in three."""
    source = random.Random(6)
    for vector in all_ccrs():
        decoder = RequestDecoder()
        agrees(decoder, vector.octets)
        for at in range(20 + source.randrange(3), len(vector.octets), 3):
            agrees(decoder, vector.octets[:at] + bytes([source.randrange(256)]) + vector.octets[at + 1 :])


def update(number: int, amount: int, number_of: str) -> bytes:
    """An update of one of many sessions of a client."""
    return build_ccr(
        session_id=f"gw.example.net;1;{number:05}",
        request_type=2,
        request_number=number,
        event_timestamp=3_900_000_000 + number,
        msisdn=f"+4917{number:08}",
        imsi=f"{number:015}",
        mscc=[
            mscc(rating_group=1, requested=amount, used={"octets": amount}, reporting_reason=3),
            mscc(rating_group=2, requested=True, used={"input_octets": amount, "output_octets": number}),
        ],
        service_information=ps_information(extra=[avp(22, number_of.encode(), vendor=VENDOR_3GPP)]),
        end_to_end=number,
        hop_by_hop=amount & 0xFFFFFF,
    )


def test_requests_of_a_shape() -> None:
    """Requests that differ in identities, numbers and amounts are of the shape of the first."""
    decoder = RequestDecoder()
    first = update(1, 1000, "near")
    decoder.decode(first, 0, len(first))
    (shape,) = decoder.shapes[len(first)]
    for number, amount, place in ((2, 0, "farr"), (77_777, 1 << 52, "\0\0\0\0"), (3, 1, "ÿÿ")):
        octets = update(number, amount, place)
        amid = b"\xff" * 24 + octets + b"\xff" * 24
        found = shape.read(decoder, amid, 24)
        assert found is not None
        assert content(decoder.decode(amid, 24, 24 + len(octets))) == content(decode_request(octets))
        assert decoder.shapes == {len(first): [shape]}
    too_much = update(4, (1 << 53) + 1, "near")
    assert shape.read(decoder, too_much, 0) is None
    agrees(decoder, too_much)


def test_not_all_is_learnt() -> None:
    """What shapes can not tell is not learnt, nor more than so many shapes of a connection."""
    decoder = RequestDecoder()
    for name in ("units at command level", "an event", "proxies"):
        octets = ODD_REQUESTS[name]
        assert decoder.decode(octets, 0, len(octets)).issue is None
    assert not decoder.shapes
    for number in range(SHAPES_LEARNT + 9):
        agrees(decoder, build_ccr(session_id="s;" + "1111" * number))
    assert len(decoder.shapes) == SHAPES_LEARNT


def test_what_is_alike_is_one_object() -> None:
    """The texts that a client repeats are kept once."""
    decoder = RequestDecoder()
    first, second, third = (
        decoder.decode(octets, 0, len(octets))
        for octets in (build_ccr(request_number=number, termination_cause=number) for number in (0, 1, 1))
    )
    for each in (second, third):
        assert (each.request_number, each.origin_host) == (1, b"gw.example.net")
        assert each.origin_host is first.origin_host
        assert each.service_context_id is first.service_context_id


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
