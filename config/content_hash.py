"""A hash of plain content (dictionaries, lists, texts, numbers) by its one canonical JSON text."""

import hashlib
import json
from functools import partial
from typing import Final, Protocol

_DEEPEST: Final = 5
"""Levels that are hashed piece by piece: the text of many rules at once would be one long call of C, which no
other thread, and so no request, could interrupt."""


def _made(content: object) -> object:
    if isinstance(content, partial):
        return content()
    raise TypeError(f"{type(content)} is no plain content")


_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_made)


class Piece:
    """Content that is hashed by itself too: ``digest`` is its hash once the whole is hashed."""

    def __init__(self, content: object) -> None:
        self.content = content
        self.digest = ""


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None:
        """Take more octets."""


class _Both:
    """Takes octets for two hashes."""

    def __init__(self, one: _Digest, other: _Digest) -> None:
        self._one = one
        self._other = other

    def update(self, data: bytes, /) -> None:
        self._one.update(data)
        self._other.update(data)


def content_hash(content: object) -> str:
    """SHA-256, in hexadecimal, of the content as JSON with sorted keys, in ASCII and without blanks.

    A ``partial`` stands for the content that calling it makes: what is large is there piece by piece only. A
    ``Piece`` may stand in the upper levels, for its content.
    """
    digest = hashlib.sha256()
    _add(digest, content, _DEEPEST)
    return digest.hexdigest()


def _add(digest: _Digest, value: object, levels: int) -> None:
    if isinstance(value, Piece):
        own = hashlib.sha256()
        _add(_Both(digest, own), value.content, levels)
        value.digest = own.hexdigest()
        return
    if isinstance(value, partial):
        value = value()
    if levels and isinstance(value, dict) and all(isinstance(key, str) for key in value):
        mark = b"{"
        for key in sorted(value):
            digest.update(mark + _text(key) + b":")
            _add(digest, value[key], levels - 1)
            mark = b","
        digest.update(b"}" if value else b"{}")
    elif levels and isinstance(value, list):
        mark = b"["
        for item in value:
            digest.update(mark)
            _add(digest, item, levels - 1)
            mark = b","
        digest.update(b"]" if value else b"[]")
    else:
        digest.update(_text(value))


def _text(value: object) -> bytes:
    return _ENCODER.encode(value).encode()
