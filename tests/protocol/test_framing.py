"""Cutting a stream into messages."""

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from protocol.framing import MessageFramer
from tests.protocol.ccr_builder import message
from tests.protocol.vectors import all_messages

LIMIT = 65_536


def feed(pieces: list[bytes], limit: int = LIMIT) -> tuple[list[bytes], MessageFramer]:
    """What a framer makes of the pieces, and the framer."""
    framer = MessageFramer(limit)
    return [cut for piece in pieces for cut in messages_of(framer, piece)], framer


def messages_of(framer: MessageFramer, piece: bytes) -> list[bytes]:
    """The messages that a piece completes."""
    framer.feed(piece)
    found: list[bytes] = []
    while framer.next():
        found.append(framer.message())
    return found


@given(
    bodies=st.lists(st.binary(max_size=40).map(lambda body: body + bytes(-len(body) % 4)), max_size=12),
    splits=st.lists(st.integers(min_value=0, max_value=700), max_size=30),
)
def test_any_split_gives_back_the_messages(bodies: list[bytes], splits: list[int]) -> None:
    """However a stream is split or joined, the same messages come out."""
    messages = [message(body) for body in bodies]
    stream = b"".join(messages)
    at = sorted({0, len(stream), *(split for split in splits if split < len(stream))})
    pieces = [stream[start:end] for start, end in pairwise(at)]
    cut, framer = feed(pieces)
    assert cut == messages
    assert not framer.lost


def test_octet_by_octet() -> None:
    """The captured stream comes through one octet at a time."""
    messages = [vector.octets for vector in all_messages()]
    cut, _ = feed([bytes([octet]) for octet in b"".join(messages)])
    assert cut == messages


def test_one_read_of_many_messages() -> None:
    """One read that holds everything gives everything at once."""
    messages = [vector.octets for vector in all_messages()] * 20
    cut, framer = feed([b"".join(messages)])
    assert cut == messages
    assert messages_of(framer, b"") == []


def test_lengths_that_lose_the_stream() -> None:
    """Below 20, over the limit, or no multiple of 4: the stream is lost, what came before it is kept."""
    good = message(b"")
    for length in (0, 4, 16, 19, 21, 22, 1004, 0xFFFFFF, 0xFFFFFC):
        header = struct.pack(">I", 1 << 24 | length) + bytes(16)
        cut, framer = feed([good + header + good], limit=1000)
        assert cut == [good]
        assert framer.lost
        assert framer.lost_header == header
        assert messages_of(framer, good) == []


def test_header_is_awaited_before_the_stream_is_lost() -> None:
    """The answer needs the identifiers of the header, so all 20 octets are awaited."""
    framer = MessageFramer(LIMIT)
    assert messages_of(framer, bytes(19)) == []
    assert not framer.lost
    assert messages_of(framer, b"\x07") == []
    assert framer.lost
    assert framer.lost_header == bytes(19) + b"\x07"


def test_the_longest_message_is_taken() -> None:
    """A message of exactly the limit is whole."""
    longest = message(bytes(80))
    assert feed([longest], limit=100)[0] == [longest]
