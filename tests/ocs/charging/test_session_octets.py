"""A session reads back as it was written, and octets that are none are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balance.operations import NOTHING_HELD, BucketHold, Reservation
from balance.packing import PackingError, with_length
from ocs.charging.line_rate import line_rate
from ocs.charging.rated_service import BucketUse, ChargeLine, Service
from ocs.charging.session import UNTOLD, ChargingSession, Circumstances, SessionIdentity
from ocs.charging.session_octets import decode_session, encode_session
from rating.meter_state import LineState, MeterState

numbers = st.one_of(st.just(0), st.integers(0, 300), st.integers(0, (1 << 62) - 1))
amounts = st.integers(-(1 << 55), 1 << 55)
texts = st.sampled_from(["", "payg/any", "ü" * 150, "x" * 300])
octets = st.binary(max_size=300)


@st.composite
def lines(draw: st.DrawFn) -> ChargeLine:
    """A charge line."""
    rate = line_rate(
        draw(texts),
        draw(texts),
        draw(amounts),
        draw(numbers),
        draw(numbers),
        draw(st.integers(0, 2)),
        draw(texts),
        draw(texts),
    )
    return ChargeLine(rate, draw(numbers), draw(amounts))


@st.composite
def meters(draw: st.DrawFn) -> MeterState:
    """Where the pricing of a tariff stands."""
    made = MeterState(draw(texts), draw(texts), draw(numbers))
    made.continues = draw(st.booleans())
    made.reported, made.counted, made.tier, made.tier_base = (draw(numbers) for _ in range(4))
    made.due_micros = draw(amounts)
    few = st.lists(amounts, max_size=3)
    made.percentages, made.amounts_off, made.caps, made.refundable = (draw(few) for _ in range(4))
    state = st.builds(LineState, st.integers(-1, 9), numbers, numbers, numbers, numbers)
    made.lines = draw(st.lists(state, max_size=3))
    return made


@st.composite
def services(draw: st.DrawFn) -> Service:
    """A service with every field set."""
    made = Service(draw(st.integers(-1, 0xFFFFFFFF)), draw(st.integers(-1, 0xFFFFFFFF)), draw(numbers))
    for name in (
        *(
            "last_ms",
            "granted",
            "validity_time_s",
            "used_units",
            "used_octets",
            "input_octets",
            "output_octets",
        ),
        *("time_s", "specific_units", "amount_micros", "written_off_micros", "first_request", "last_request"),
        "requests",
    ):
        setattr(made, name, draw(numbers))
    made.unit_kind = draw(st.integers(0, 3))
    made.granted_under = draw(texts)
    made.reservation = draw(st.one_of(st.just(NOTHING_HELD), reservations()))
    made.lines = tuple(draw(st.lists(lines(), max_size=3)))
    used = st.builds(BucketUse, texts, numbers)
    uses = draw(st.lists(used, max_size=3, unique_by=lambda use: use.bucket_id))
    made.bucket_uses = tuple(uses)
    if draw(st.booleans()):
        made.meter, made.metered_from = draw(meters()), draw(st.integers(0, 20))
    return made


@st.composite
def reservations(draw: st.DrawFn) -> Reservation:
    """What a service holds, of money or of buckets."""
    made = Reservation()
    made.money_micros = draw(st.integers(1, 2**62))
    made.holds = draw(st.lists(st.builds(BucketHold, texts, numbers), max_size=3))
    return made


@st.composite
def sessions(draw: st.DrawFn) -> ChargingSession:
    """A session with every field set."""
    identity = SessionIdentity(
        draw(octets), draw(texts), draw(octets), draw(octets), draw(texts), draw(texts), draw(octets)
    )
    identity.apn, identity.origin_host, identity.origin_realm = draw(octets), draw(octets), draw(octets)
    identity.payment = draw(texts)
    identity.subscriber_group, identity.time_zone, identity.activated_ms = (
        draw(octets),
        draw(texts),
        draw(numbers),
    )
    made = ChargingSession(identity, draw(numbers))
    made.circumstances = draw(
        st.one_of(
            st.just(UNTOLD),
            st.builds(Circumstances, octets, octets, st.integers(-1, 255), st.integers(-1, 0xFFFFFFFF)),
        )
    )
    made.state = draw(st.integers(0, 1))
    for name in (
        *("last_ms", "deadline_ms", "indexed_ms", "records", "first_request", "last_request", "requests"),
        *("served_through", "served"),
    ):
        setattr(made, name, draw(numbers))
    for stored in draw(st.lists(st.one_of(octets, st.binary(min_size=250, max_size=300)), max_size=10)):
        made.keep_answer(with_length(stored))
    made.services = tuple(draw(st.lists(services(), max_size=3)))
    return made


MADE_ONCE = {"octets", "record_fields"}
"""What is made of the other fields when it is first needed."""


def fields(of: object) -> object:
    """Everything that an object holds, comparable."""
    if isinstance(of, list | tuple):
        return [fields(each) for each in of]
    if of is None or isinstance(of, int | str | bytes):
        return of
    names = [name for name in dir(of) if not name.startswith("_") and name not in MADE_ONCE]
    return {name: fields(value) for name in names if not callable(value := getattr(of, name))}


@given(sessions(), st.integers(1, 1 << 40))
def test_a_session_reads_back(session: ChargingSession, version: int) -> None:
    """Every field, and the octets of a second writing."""
    state = encode_session(session, version)
    again = decode_session(state)
    session.version = version
    assert fields(again) == fields(session)
    assert encode_session(again, version) == state
    assert int.from_bytes(state[:8], "big") == version


@given(sessions())
def test_a_copy_is_the_same_and_its_services_change_alone(session: ChargingSession) -> None:
    """A decision changes its own copies only."""
    before = encode_session(session, 1)
    copy = session.copy()
    assert encode_session(copy, 1) == before
    for service in session.services:
        mine = copy.service_for_change(service.rating_group, service.service_identifier, 5)
        mine.used_units += 1
        mine.reservation = NOTHING_HELD
        mine.reserve_anew().hold("b", 1)
        if mine.line is not None:
            mine.own_line(mine.line).units += 1
        uses = mine.bucket_uses
        for use in uses:
            mine.take_from_bucket(use.bucket_id, 1)
        mine.take_from_bucket(f"new {len(uses)}", 1)
        assert [use.units for use in mine.bucket_uses] == [*(use.units + 1 for use in uses), 1]
    copy.keep_answer(with_length(b""))
    assert encode_session(session, 1) == before


@given(sessions())
def test_truncated_octets_are_refused(session: ChargingSession) -> None:
    """A state that ends early is a PackingError, never something else."""
    state = encode_session(session, 1)
    for end in {0, 7, 8, 9, len(state) // 3, len(state) // 2, len(state) - 1}:
        with pytest.raises((PackingError, UnicodeDecodeError)):
            decode_session(state[:end])


def test_another_format_is_refused() -> None:
    """And the message says which it is."""
    state = bytearray(encode_session(ChargingSession(SessionIdentity(b"", "", b"", b"", "", "", b""), 0), 1))
    state[8] = 99
    with pytest.raises(PackingError, match="session format 99"):
        decode_session(bytes(state))


FIRST_FORMAT = (
    "000000000000000401003c0667773b313b31016104343437370432333431047061796704646174610e333232353140336770702e6f72"
    "6708696e7465726e6574026777036e657400000000000003e800000000000003e8000000000000138800000000000000000000000200"
    "00010178010b0000000000000003e800000000000003e801f4033cf40301026762072828000000002800000000010870617967"
    "2f616e790c3031323334353637383961620101010028280102676203"
)
"""A session as the first version stored it."""


def test_a_session_of_the_first_format_is_read() -> None:
    """An upgrade finds the sessions that were open."""
    session = decode_session(bytes.fromhex(FIRST_FORMAT))
    assert (session.version, session.identity.plan_id, session.requests) == (4, "payg", 2)
    (service,) = session.services
    assert (service.granted, service.validity_time_s, service.reservation.units_of("gb")) == (500, 60, 7)
    assert [(line.rate.price_micros, line.units, line.amount_micros) for line in service.lines] == [(1, 40, 40)]
    assert (service.granted_under, session.circumstances.rat_type) == ("", -1)
    assert encode_session(decode_session(encode_session(session, 5)), 5) == encode_session(session, 5)
