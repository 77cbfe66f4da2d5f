"""Writing AVPs and stepping through them."""

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from protocol import avp
from protocol.cursor import AvpCursor
from tests.protocol import ccr_builder as build

CODES = st.integers(min_value=0, max_value=0xFFFFFFFF)
VENDORS = st.integers(min_value=1, max_value=0xFFFFFFFF)
DATA = st.binary(max_size=40)
FLAGS = st.sampled_from([0, 0x40, 0x60])


@given(code=CODES, vendor=VENDORS, flags=FLAGS, data=DATA)
def test_written_as_struct_writes_it(code: int, vendor: int, flags: int, data: bytes) -> None:
    """AVPs with and without Vendor-Id are the octets that the tests' own builder makes."""
    out = BytesWriter()
    avp.put_avp(out, code, flags, data)
    avp.put_vendor_avp(out, code, flags, vendor, data)
    plain = build.avp(code, data, flags=flags)
    assert out.getvalue() == plain + build.avp(code, data, flags=flags, vendor=vendor)


@given(
    code=CODES,
    vendor=VENDORS,
    low=st.integers(min_value=0, max_value=0xFFFFFFFF),
    high=st.integers(min_value=0, max_value=(1 << 63) - 1),
)
def test_numbers(code: int, vendor: int, low: int, high: int) -> None:
    """Numbers of 32 bits are unsigned over their whole range, numbers of 64 bits up to 2^63."""
    out = BytesWriter()
    avp.put_u32(out, code, 0x40, low)
    avp.put_u64(out, code, 0x40, high)
    avp.put_vendor_u32(out, code, 0x40, vendor, low)
    expected = build.u32(code, low) + build.u64(code, high) + build.u32(code, low, vendor=vendor)
    assert out.getvalue() == expected


@given(members=st.lists(st.tuples(CODES, DATA), max_size=5), vendor=VENDORS)
def test_groups(members: list[tuple[int, bytes]], vendor: int) -> None:
    """A group that is closed has the length of what was put into it."""
    out = BytesWriter()
    outer = avp.begin_group(out, 456, 0x40)
    inner = avp.begin_vendor_group(out, 873, 0x40, vendor)
    for code, data in members:
        avp.put_avp(out, code, 0x40, data)
    avp.end_group(out, inner)
    avp.end_group(out, outer)
    octets = [build.avp(code, data) for code, data in members]
    assert out.getvalue() == build.group(456, [build.group(873, octets, vendor=vendor)])


def test_message() -> None:
    """A message has its length put in, and identifiers over their whole range."""
    body = build.avp(263, b"a;1;2")
    made = avp.build_message(0xC0, 272, 0xFFFFFFFF, 0x80000000, 0xFFFFFFFE, body)
    expected = build.message(body, application=0xFFFFFFFF, hop_by_hop=0x80000000, end_to_end=0xFFFFFFFE)
    assert made == expected
    big = avp.build_message(0xC0, 272, 4, 1, 1, bytes(0x12344))
    assert big[1:4] == (0x12344 + 20).to_bytes(3, "big")


@given(members=st.lists(st.tuples(CODES, st.integers(0, 0xFFFFFFFF), DATA), max_size=8))
def test_cursor_reads_what_was_written(members: list[tuple[int, int, bytes]]) -> None:
    """The cursor comes to each AVP in order and ends cleanly."""
    octets = [build.avp(code, data, vendor=vendor) for code, vendor, data in members]
    cursor = AvpCursor(b"".join(octets), 0, 1 << 30)
    for (code, vendor, data), whole in zip(members, octets, strict=True):
        assert cursor.next()
        assert (cursor.code, cursor.vendor, cursor.data(), cursor.avp()) == (code, vendor, data, whole)
        assert cursor.number32() == (int.from_bytes(data, "big") if len(data) == 4 else -1)
    assert not cursor.next()
    assert cursor.malformed == ""


def test_cursor_goes_into_groups() -> None:
    """A group's cursor sees its members and nothing else."""
    octets = build.group(456, [build.u32(432, 7)]) + build.u32(416, 1)
    cursor = AvpCursor(octets, 0, len(octets))
    assert cursor.next()
    members = cursor.group()
    assert members.next()
    assert (members.code, members.number32()) == (432, 7)
    assert not members.next()


def test_cursor_stops_at_what_can_not_be_read() -> None:
    """A length below the header, past the end, or a header cut off: the cursor says which and stays there."""
    good = build.u32(416, 1)
    for bad, reason in [
        (b"\0\0\1", "cut off"),
        (b"\0\0\1\xa0\x40\0\0\7", "below its header"),
        (b"\0\0\1\xa0\xc0\0\0\x0b\0\0\0\0", "below its header"),
        (b"\0\0\1\xa0\x40\0\0\x14\0\0\0\0", "octets are left"),
    ]:
        cursor = AvpCursor(good + bad, 0, len(good + bad))
        assert cursor.next()
        assert not cursor.next()
        assert reason in cursor.malformed
        assert cursor.start == len(good)
        assert not cursor.next()


def test_cursor_zeroes_padding() -> None:
    """Padding is ignored when read, and zero in what is passed on."""
    octets = bytearray(build.avp(263, b"abcde"))
    octets[-3:] = b"\xff\xff\xff"
    cursor = AvpCursor(bytes(octets), 0, len(octets))
    assert cursor.next()
    assert (cursor.data(), cursor.avp()) == (b"abcde", build.avp(263, b"abcde"))
