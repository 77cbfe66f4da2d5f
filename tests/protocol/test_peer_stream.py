"""The octets of a connection: cut anywhere, out of step, changed, or by chance."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.peer_state import OPEN
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import Driver


@pytest.mark.parametrize("length", [0, 19, 21, 22, 65_540, 0xFFFFFC])
def test_a_stream_that_can_not_be_cut_is_told_so_and_closed(driver: Driver, length: int) -> None:
    """5015 to what was a request; what came before is served."""
    link = driver.open()
    broken = b"\1" + length.to_bytes(3, "big") + base.ccr()[4:]
    answer = link.ask(base.ccr(3) + broken)

    assert base.result_code(answer) == 5015
    assert answer[12:20] == broken[12:20]
    assert [request.request_number for request in link.requests] == [3]
    assert link.closed
    link.send(base.ccr(4))
    assert len(link.requests) == 1


def test_an_answer_that_can_not_be_cut_is_not_answered(driver: Driver) -> None:
    """And neither is anything that comes before a CER."""
    link = driver.open()
    link.send(b"\1\0\0\1" + base.answer(base.dwr())[4:])
    assert link.closed
    assert link.take() == []

    early = driver.connect()
    early.send(b"GET / HTTP/1.1\r\nHost: ocs\r\n\r\n")
    assert early.closed
    assert early.take() == []


STREAM = [base.cer(), base.ccr(0), base.dwr(), base.ccr(1, 2), base.message(9999), base.ccr(2, 3), base.dpr()]


@given(cuts=st.lists(st.integers(0, sum(map(len, STREAM))), max_size=12))
def test_how_a_stream_is_split_makes_no_difference(cuts: list[int]) -> None:
    """Any split and join of segments gives the same answers and requests."""
    octets = b"".join(STREAM)
    link = Driver().connect()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(octets)], strict=True):
        link.send(octets[start:end])

    assert [base.result_code(message) for message in link.take()] == [2001, 2001, 3001, 2001]
    assert [request.request_number for request in link.requests] == [0, 1, 2]


def test_one_octet_at_a_time(driver: Driver) -> None:
    """The worst split."""
    link = driver.connect()
    for octet in b"".join(STREAM):
        link.send(bytes([octet]))
    assert len(link.take()) == 4
    assert len(link.requests) == 3


@settings(max_examples=200)
@given(octets=st.binary(max_size=200), opened=st.booleans())
def test_random_octets_never_raise(octets: bytes, opened: bool) -> None:
    """Before and after the exchange of capabilities."""
    link = Driver().open() if opened else Driver().connect()
    link.send(octets)
    link.take()


def mutants(count: int, first: int) -> Iterator[bytes]:
    """Messages with a few octets changed; of the header only what follows ``first``, and the version."""
    chooser = random.Random(first)
    for _ in range(count):
        octets = bytearray(chooser.choice([*STREAM, base.answer(base.dwr())]))
        for _ in range(chooser.randint(1, 4)):
            at = 0 if chooser.random() < 0.03 else chooser.randrange(first, len(octets))
            octets[at] = chooser.randrange(256)
        yield bytes(octets)


COUNTS = pytest.mark.parametrize("count", [5_000, pytest.param(1_000_000, marks=pytest.mark.soak)])


@COUNTS
def test_mutated_messages_never_raise_and_are_answered_once_at_most(count: int) -> None:
    """Whatever is changed after the length: no exception, and one answer or one request handed out."""
    driver = Driver()
    link = driver.open()
    for octets in mutants(count, first=4):
        if link.peer.state != OPEN:
            link.peer.close(driver.now_ms)
            link = driver.open()
        link.send(octets)
        assert len(link.take()) + len(link.requests) <= 1, octets.hex()
        link.requests.clear()


@COUNTS
def test_mutated_lengths_never_raise(count: int) -> None:
    """The stream goes out of step, and the connection survives that or ends."""
    driver = Driver()
    link = driver.open()
    for octets in mutants(count, first=1):
        if link.peer.state != OPEN:
            link.peer.close(driver.now_ms)
            link = driver.open()
        link.send(octets)
        link.take()
