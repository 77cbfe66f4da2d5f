"""The Function library in the server: which one is there, and ours where it is older or absent."""

import hashlib
from importlib.resources import files
from typing import Final

from hiredis import ReplyError

from balance.redis_store.connection import Connection
from balance.store import StoreError

LIBRARY_VERSION: Final = 2
"""Moves when the calls' arguments change. A server never replaces a library that is newer than its own."""


def library_source() -> tuple[bytes, bytes]:
    """The library's Lua text and the version it answers: ``version:hash``."""
    text = files(__package__).joinpath("functions.lua").read_bytes()
    version = b"%d:%b" % (LIBRARY_VERSION, hashlib.sha256(text).hexdigest()[:16].encode())
    return text.replace(b"@version@", version), version


async def load_library(connection: Connection) -> None:
    """Put our library into the server. StoreError where a newer one is there."""
    source, version = library_source()
    there = await _version_there(connection)
    if there == version:
        return
    if there is not None and int(there.partition(b":")[0]) > LIBRARY_VERSION:
        raise StoreError(
            f"the store's functions have version {there.decode()}, newer than {version.decode()}, "
            "which this server brings: update this server"
        )
    await connection.call(b"FUNCTION", b"LOAD", b"REPLACE", source)


async def _version_there(connection: Connection) -> bytes | None:
    try:
        version = await connection.call(b"FCALL_RO", b"ocs_version", b"0")
    except ReplyError as error:
        if "not found" in str(error):
            return None
        raise
    return version if isinstance(version, bytes) else None
