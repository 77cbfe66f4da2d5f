"""The peer connection without sockets: octets and time in, octets and requests out (RFC 6733, 5.6 and 7)."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.peer_state import CLOSED, CLOSING, OPEN, WAIT_CER
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, Driver


@pytest.fixture
def driver() -> Driver:
    """A node with default limits."""
    return Driver()


@pytest.mark.parametrize(
    ("applications", "code"),
    [
        (base.GY, 2001),
        (base.avp(base.ACCT_APPLICATION_ID, 4), 2001),
        (base.avp(base.VENDOR_SPECIFIC, base.avp(base.VENDOR_ID, 10415) + base.GY), 2001),
        (base.avp(base.VENDOR_SPECIFIC, base.GY), 2001),
        (base.avp(base.AUTH_APPLICATION_ID, 0xFFFFFFFF), 2001),
        (base.avp(base.AUTH_APPLICATION_ID, 16777238), 5010),
        (base.avp(base.VENDOR_SPECIFIC, base.avp(base.AUTH_APPLICATION_ID, 16777238)), 5010),
        (b"", 5010),
    ],
)
def test_a_peer_needs_application_4_or_to_be_a_relay(driver: Driver, applications: bytes, code: int) -> None:
    """RFC 6733, 5.3: without a common application the CEA says so and the connection ends."""
    link = driver.connect()
    cea = link.ask(base.cer(applications=applications))

    assert base.result_code(cea) == code
    assert cea[4] == 0
    assert link.peer.state == (OPEN if code == 2001 else CLOSED)


@pytest.mark.parametrize(
    ("offered", "secure", "code"),
    [((), False, 2001), ((0,), False, 2001), ((0, 1), False, 2001), ((1,), False, 5017), ((1,), True, 2001)],
)
def test_security_is_not_negotiated_in_band(
    driver: Driver,
    offered: tuple[int, ...],
    secure: bool,
    code: int,
) -> None:
    """A peer that insists on TLS after the CEA has to come by the TLS port (RFC 6733, 6.10)."""
    link = driver.connect(secure=secure)
    cea = link.ask(base.cer(*[base.avp(base.INBAND_SECURITY_ID, value) for value in offered]))
    assert base.result_code(cea) == code


def test_an_unknown_peer_gets_an_answer_message_and_a_close(driver: Driver) -> None:
    """3010 has the E bit (RFC 6733, 7.1.3)."""
    link = driver.connect("192.0.2.1")
    cea = link.ask(base.cer())

    assert base.result_code(cea) == 3010
    assert cea[4] == 0x20
    assert base.values(cea, 264) == [HOST]
    assert link.closed


def test_a_bad_cer_is_answered_and_ends_the_connection(driver: Driver) -> None:
    """5005 with Failed-AVP in a CEA without E."""
    link = driver.connect()
    cea = link.ask(base.message(base.CER, base.origin()))

    assert base.result_code(cea) == 5005
    assert cea[4] == 0
    assert base.values(cea, 279) == [base.avp(257, bytes(6))]
    assert link.closed


@pytest.mark.parametrize(
    "first", [base.dwr(), base.dpr(), base.ccr(), base.answer(base.dwr()), base.message(9999)]
)
def test_anything_before_the_cer_closes_without_an_answer(driver: Driver, first: bytes) -> None:
    """RFC 6733, 5.6: the first message must be a CER."""
    link = driver.connect()
    link.send(first, base.cer())

    assert link.closed
    assert link.take() == []
    assert link.requests == []


def test_a_peer_that_says_nothing_is_closed() -> None:
    """The CER timeout."""
    link = Driver(capabilities_timeout_ms=10_000).connect()
    link.wait(9_999)
    assert link.peer.state == WAIT_CER
    link.wait(1)
    assert link.closed


def test_requests_are_handed_out_and_not_answered_here(driver: Driver) -> None:
    """A CCR that is right leaves no octets."""
    link = driver.open()
    link.send(base.ccr(0), base.ccr(1, 2), base.ccr(1, 3))

    assert [(r.request_type, r.request_number) for r in link.requests] == [(1, 0), (2, 1), (3, 1)]
    assert link.take() == []
    assert link.peer.traffic.ccr_received == 3


def test_a_pipelined_request_right_behind_the_cer_is_served(driver: Driver) -> None:
    """One segment may hold CER and CCR."""
    link = driver.connect()
    cea = link.ask(base.cer() + base.ccr())

    assert base.result_code(cea) == 2001
    assert len(link.requests) == 1


def with_version(octets: bytes, version: int) -> bytes:
    """The same message of another version."""
    return bytes([version]) + octets[1:]


HEADERS = [
    ("version", with_version(base.ccr(), 2), 5011, 0),
    ("version of a DWR", with_version(base.dwr(), 0), 5011, 0),
    ("E in a request", base.ccr(flags=0xE0), 3008, 0x20),
    ("E in an unknown request", base.message(9999, flags=0xA0), 3008, 0x20),
    ("CCR without P", base.ccr(flags=0x80), 3008, 0x20),
    ("DWR with P", base.message(base.DWR, base.origin(), flags=0xC0), 3008, 0x20),
    ("unknown command", base.message(9999, flags=0xC0, application=4), 3001, 0x20),
    ("RAR", base.message(258, flags=0xC0, application=4), 3001, 0x20),
    ("Gx", base.ccr(application=16777238), 3007, 0x20),
    ("CCR of the base application", base.ccr(application=0), 3007, 0x20),
    ("DWR of an application", base.message(base.DWR, base.origin(), application=4), 3007, 0x20),
    ("other host", base.ccr(destination_host=b"ocs2.example.net"), 3002, 0x20),
    ("other realm", base.ccr(destination_realm=b"example.org"), 3003, 0x20),
]


@pytest.mark.parametrize(
    ("octets", "code", "error_bit"), [row[1:] for row in HEADERS], ids=[r[0] for r in HEADERS]
)
def test_a_wrong_header_or_destination_gets_its_code(
    driver: Driver, octets: bytes, code: int, error_bit: int
) -> None:
    """Command Code, P, Hop-by-Hop and End-to-End come back, and the connection goes on."""
    link = driver.open()
    answer = link.ask(octets)

    assert base.result_code(answer) == code
    assert answer[4] & 0xA0 == error_bit
    assert answer[4] & 0x40 == octets[4] & 0x40
    assert answer[5:8] == octets[5:8]
    assert answer[8:20] == octets[8:20]
    assert base.values(answer, 264) == [HOST]
    assert base.values(answer, 263) == base.values(octets, 263)
    assert link.peer.state == OPEN
    assert link.requests == []
    assert link.peer.traffic.refused == {code: 1}


@pytest.mark.parametrize(
    "octets",
    [
        base.ccr(destination_host=HOST),
        base.ccr(destination_host=b"OCS.Example.NET"),
        base.ccr(destination_realm=b"EXAMPLE.net"),
        base.ccr(destination_realm=b"epc.mnc001.mcc001.3gppnetwork.org"),
        base.ccr(flags=0xD0),
        base.ccr(flags=0xCF),
    ],
)
def test_names_have_no_case_and_t_and_reserved_bits_no_meaning(octets: bytes) -> None:
    """Every served realm counts (RFC 6733, 3 and 4.3.1)."""
    driver = Driver(served_realms=(b"epc.mnc001.MCC001.3gppnetwork.org",))
    link = driver.open()
    link.send(octets)
    assert len(link.requests) == 1
    assert link.take() == []


def test_a_malformed_request_is_answered_at_once_among_good_ones(driver: Driver) -> None:
    """An issue of the decoder becomes an answer here; its neighbours are served."""
    link = driver.open()
    no_number = base.ccr().replace(base.avp(415, 0), base.avp(415, 0, flags=0)[:0])
    no_number = b"\1" + len(no_number).to_bytes(3, "big") + no_number[4:]
    answer = link.ask(base.ccr(5) + no_number + base.ccr(6))

    assert base.result_code(answer) == 5005
    assert base.values(answer, 279) == [base.avp(415, 0)]
    assert [request.request_number for request in link.requests] == [5, 6]


def test_dwr_is_answered_in_every_open_state(driver: Driver) -> None:
    """Also while the connection is closing."""
    link = driver.open()
    dwa = link.ask(base.dwr(hop_by_hop=99))
    assert base.result_code(dwa) == 2001
    assert dwa[4:8] == b"\0\0\1\x18"
    assert dwa[12:16] == (99).to_bytes(4, "big")
    assert base.values(dwa, 278) != []

    link.peer.disconnect(0, driver.now_ms)
    link.take()
    assert base.result_code(link.ask(base.dwr())) == 2001


def test_a_bad_dwr_is_told_so_and_the_connection_goes_on(driver: Driver) -> None:
    """5005 in a DWA."""
    link = driver.open()
    assert base.result_code(link.ask(base.message(base.DWR))) == 5005
    assert link.peer.state == OPEN


def test_dpr_is_answered_and_the_peer_has_a_short_time_to_close() -> None:
    """RFC 6733, 5.4: whoever gets the DPA closes; else we do."""
    driver = Driver(closing_timeout_ms=2_000)
    link = driver.open()
    assert base.result_code(link.ask(base.dpr())) == 2001
    assert link.peer.state == CLOSING
    link.wait(1_999)
    assert not link.closed
    link.wait(1)
    assert link.closed


def test_a_request_to_a_closing_connection_is_sent_elsewhere(driver: Driver) -> None:
    """3004 with E makes the gateway try another server."""
    link = driver.open()
    link.peer.disconnect(0, driver.now_ms)
    link.take()
    answer = link.ask(base.ccr())
    assert base.result_code(answer) == 3004
    assert answer[4] == 0x60


def test_stopping_sends_a_dpr_and_the_dpa_ends_it(driver: Driver) -> None:
    """Disconnect-Cause 0, REBOOTING."""
    link = driver.open()
    link.peer.disconnect(0, driver.now_ms)
    (dpr,) = link.take()
    assert base.command_of(dpr) == base.DPR
    assert base.is_request(dpr)
    assert base.values(dpr, 273) == [bytes(4)]

    link.send(base.answer(dpr))
    assert link.closed


def test_stopping_a_connection_that_is_not_open_closes_it(driver: Driver) -> None:
    """There is nobody to tell."""
    link = driver.connect()
    link.peer.disconnect(0, driver.now_ms)
    assert link.closed
    assert link.take() == []


def test_answers_to_nothing_are_dropped_silently(driver: Driver) -> None:
    """RFC 6733, 6.2.1: also a DWA with a Hop-by-Hop that is not awaited."""
    link = driver.open()
    link.send(
        base.answer(base.dwr(4711)), base.answer(base.dpr()), base.message(272, flags=0x40, application=4)
    )
    assert link.take() == []
    assert link.peer.state == OPEN
    assert link.peer.traffic.other_received == 3


def test_a_silent_peer_is_asked_and_then_closed() -> None:
    """RFC 3539: DWR after Tw, closed after three."""
    driver = Driver(watchdog_interval_ms=6_000)
    link = driver.open()
    link.wait(6_000)
    (dwr,) = link.take()
    assert base.command_of(dwr) == base.DWR
    link.wait(6_000)
    assert link.take() == []
    link.wait(6_000)
    assert link.closed


def test_a_peer_that_answers_its_dwr_lives_on() -> None:
    """And each DWR has new identifiers."""
    driver = Driver(watchdog_interval_ms=6_000)
    link = driver.open()
    identifiers = set()
    for _ in range(5):
        link.wait(6_000)
        (dwr,) = link.take()
        identifiers.add(dwr[12:20])
        link.send(base.answer(dwr))
    assert link.peer.state == OPEN
    assert len(identifiers) == 5


def test_traffic_keeps_the_watchdog_quiet() -> None:
    """Any message resets the timer."""
    driver = Driver(watchdog_interval_ms=6_000)
    link = driver.open()
    for _ in range(10):
        link.wait(3_000)
        link.send(base.ccr())
    assert link.take() == []
    assert link.peer.next_timer() >= driver.now_ms


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


def test_a_cer_on_an_open_connection_is_answered_again(driver: Driver) -> None:
    """It changes nothing."""
    link = driver.open()
    assert base.result_code(link.ask(base.cer())) == 2001
    assert link.peer.state == OPEN


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
