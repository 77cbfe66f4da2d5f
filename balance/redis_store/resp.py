"""Commands in RESP, the protocol of Redis and Valkey: an array of length-prefixed octet strings.

Every argument is written as CRLF, ``$length``, CRLF and its octets, so that a command is ``*count``, its
arguments and one closing CRLF, and finished parts can be joined. Compiled: every charge goes this way.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from balance.redis_store.naming import TAG

READY_HEADS: Final = 4096


def _heads(count: int, tag: bytes) -> list[bytes]:
    """The heads of arguments with 0 to count - 1 octets, each with the tag that stands before them."""
    return [b"\r\n$%d\r\n%b" % (size + len(tag), tag) for size in range(count)]


HEADS: Final[list[bytes]] = _heads(READY_HEADS, b"")
KEY_HEADS: Final[list[bytes]] = _heads(1024, TAG)
KEY_HEADS_READY: Final = 1024


def put_argument(out: BytesWriter, value: bytes) -> None:
    """Append one argument."""
    size: i64 = len(value)
    if size < READY_HEADS:
        out.write(HEADS[size])
    else:
        out.write(b"\r\n$%d\r\n" % size)
    out.write(value)


def put_state_key(out: BytesWriter, key: bytes) -> None:
    """Append the key of a state as one argument, behind the partition's tag."""
    size: i64 = len(key)
    if size < KEY_HEADS_READY:
        out.write(KEY_HEADS[size])
    else:
        out.write(b"\r\n$%d\r\n%b" % (size + len(TAG), TAG))
    out.write(key)


def put_integer(out: BytesWriter, value: i64) -> None:
    """Append a number as one argument in decimal digits."""
    put_argument(out, str(value).encode())


def pack_command(arguments: list[bytes]) -> bytes:
    """A whole command."""
    out = BytesWriter()
    out.write(b"*%d" % len(arguments))
    for argument in arguments:
        put_argument(out, argument)
    out.write(b"\r\n")
    return out.getvalue()


def pack_load(keys: list[bytes]) -> bytes:
    """The command that reads states."""
    out = BytesWriter()
    out.write(b"*%d\r\n$4\r\nMGET" % (len(keys) + 1))
    for key in keys:
        put_state_key(out, key)
    out.write(b"\r\n")
    return out.getvalue()
