"""Octets of a state: big-endian 64-bit numbers and length-prefixed octet strings, in a fixed order."""

from typing import Final

from librt.strings import BytesWriter, read_i64_be, write_i64_be
from mypy_extensions import i64, mypyc_attr, u8

MAX_TEXT: Final = 255
NAMES_KEPT: Final = 4096
_names: Final[dict[str, bytes]] = {}
_LENGTHS: Final = [bytes([size]) for size in range(MAX_TEXT)]


_SPARE_WRITERS: Final = 8
_LARGEST_SPARE: Final = 65_536
_spare: Final = [BytesWriter() for _ in range(_SPARE_WRITERS)]
"""A list that is never empty: its own memory stays as it is when a writer leaves and comes back."""


class PackingError(ValueError):
    """Octets that are no state of ours: truncated, or of a format this version does not know."""


def spare_writer() -> BytesWriter:
    """An empty writer, mostly one whose buffer has grown already; ``finished`` takes it back."""
    try:
        return _spare.pop()
    except IndexError:
        return BytesWriter()


def finished(out: BytesWriter) -> bytes:
    """What was written; the writer may be used for something else from now on."""
    octets = out.getvalue()
    if len(_spare) < _SPARE_WRITERS and len(octets) < _LARGEST_SPARE:
        out.truncate(0)
        _spare.append(out)
    return octets


def put_number(out: BytesWriter, value: i64) -> None:
    """Append a signed 64-bit number."""
    write_i64_be(out, value)


def put_octet(out: BytesWriter, value: i64) -> None:
    """Append one octet; the compiler makes a call of ``append`` cheap only for its own type of octet."""
    out.append(u8(value))


def put_varint(out: BytesWriter, value: i64) -> None:
    """Append a number of at least 0 in one octet for each seven bits."""
    if value < 0:
        raise PackingError(f"{value} is below zero")
    while value > 127:
        out.append(u8((value & 127) | 128))
        value >>= 7
    out.append(u8(value))


def put_signed(out: BytesWriter, value: i64) -> None:
    """Append a number of either sign, in one octet for each seven bits (its sign is the lowest)."""
    put_varint(out, -2 * value - 1 if value < 0 else 2 * value)


def put_decimal(out: BytesWriter, value: i64) -> None:
    """Append a number in ASCII digits."""
    if value < 0:
        out.write(str(value).encode())
        return
    if value > 9:  # the compiler divides by a literal without a call
        put_decimal(out, value // 10)
    out.append(u8(48 + value % 10))


def put_octets(out: BytesWriter, value: bytes) -> None:
    """Append an octet string of at most 16,777,215 octets; one octet of length up to 254."""
    size: i64 = len(value)
    if size < MAX_TEXT:
        out.append(u8(size))
    else:
        out.append(u8(MAX_TEXT))
        write_i64_be(out, size)
    out.write(value)


def with_length(value: bytes) -> bytes:
    """An octet string as ``put_octets`` writes it."""
    size: i64 = len(value)
    if size < MAX_TEXT:
        return _LENGTHS[size] + value
    out = BytesWriter()
    put_octets(out, value)
    return out.getvalue()


def end_of_first(octets: bytes) -> i64:
    """Where the first of several strings ends that ``put_octets`` wrote; PackingError where it is cut off."""
    reader = Unpacker(octets, 0)
    reader.skip()
    return reader.position


def put_text(out: BytesWriter, value: str) -> None:
    """Append a text in UTF-8."""
    if value:
        put_octets(out, value.encode())
    else:
        out.append(u8(0))


def put_name(out: BytesWriter, name: str) -> None:
    """Append a text that occurs again and again, as names of a catalogue do: ``put_text``, but quicker."""
    if not name:
        out.append(u8(0))
        return
    known = _names.get(name)
    if known is None:
        if len(_names) >= NAMES_KEPT:
            _names.clear()
        known = with_length(name.encode())
        _names[name] = known
    out.write(known)


@mypyc_attr(acyclic=True)
class Unpacker:
    """Reads what the put_ functions wrote, in the same order. PackingError where the octets end too early."""

    def __init__(self, data: bytes, position: i64) -> None:
        self.data = data
        self.position = position

    def number(self) -> i64:
        """The next signed 64-bit number."""
        at = self.position
        if at + 8 > len(self.data):
            raise PackingError(f"state ends at {len(self.data)}, number wanted at {at}")
        self.position = at + 8
        return read_i64_be(self.data, at)

    def octet(self) -> i64:
        """The next single octet."""
        at = self.position
        if at >= len(self.data):
            raise PackingError(f"state ends at {len(self.data)}, octet wanted at {at}")
        self.position = at + 1
        return self.data[at]

    def varint(self) -> i64:
        """The next number that ``put_varint`` wrote."""
        value: i64 = 0
        shift: i64 = 0
        data = self.data
        at = self.position
        end: i64 = len(data)
        while at < end and shift < 63:
            octet: i64 = data[at]
            at += 1
            value |= (octet & 127) << shift
            if octet < 128:
                self.position = at
                return value
            shift += 7
        raise PackingError(f"state ends at {end}, varint wanted at {self.position}")

    def signed(self) -> i64:
        """The next number that ``put_signed`` wrote."""
        value = self.varint()
        half = value >> 1
        return -half - 1 if value & 1 else half

    def octets(self) -> bytes:
        """The next octet string."""
        size = self.skip()
        return self.data[self.position - size : self.position]

    def strings(self, count: i64) -> bytes:
        """The next so many octet strings as they lie there, each behind its length."""
        start = self.position
        for _ in range(count):
            self.skip()
        return self.data[start : self.position]

    def skip(self) -> i64:
        """Go behind the next octet string; how many octets it has."""
        size = self.octet()
        if size == MAX_TEXT:
            size = self.number()
        at = self.position
        if size < 0 or at + size > len(self.data):
            raise PackingError(f"state ends at {len(self.data)}, {size} octets wanted at {at}")
        self.position = at + size
        return size

    def text(self) -> str:
        """The next text."""
        return self.octets().decode()


def version_of(state: bytes | None) -> i64:
    """The version of a stored state: its first eight octets; 0 where there is none."""
    if state is None:
        return 0
    if len(state) < 8:
        raise PackingError(f"a state of {len(state)} octets has no version")
    return read_i64_be(state, 0)
