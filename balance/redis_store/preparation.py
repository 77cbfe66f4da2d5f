"""What a fresh connection goes through before the store uses it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from hiredis import ReplyError

from balance.redis_store.address import StoreAddress
from balance.redis_store.connection import Connection
from balance.redis_store.library import load_library
from balance.redis_store.naming import META, PARTITIONS
from balance.redis_store.replies import information, integer, items
from balance.store import StoreError

LOGGER = logging.getLogger(__name__)
OLDEST_VERSION: Final = (7, 0)
FORMAT: Final = b"format=1 partitions=%d" % PARTITIONS


class UnfitStoreError(StoreError):
    """A server that answers, but that this store must not use; trying again does not help."""


@dataclass(frozen=True)
class ServerIdentity:
    """Which server process a connection leads to, and what number it gave the connection."""

    run_id: str
    connection_id: int


async def prepare(
    connection: Connection, address: StoreAddress, former: ServerIdentity | None
) -> ServerIdentity:
    """Log in, check the server, end what is left of the former connection, load functions, check the format.

    UnfitStoreError where the server is no place for the store; StoreError where it may be one later.
    """
    await log_in(connection, address)
    run_id = await _check_server(connection)
    connection_id = integer(await connection.call(b"CLIENT", b"ID"))
    if former is not None and former.run_id == run_id:
        await _end_former(connection, former.connection_id)
    try:
        await load_library(connection)
        await _check_format(connection)
    except ReplyError as error:
        raise StoreError(str(error)) from error
    return ServerIdentity(run_id, connection_id)


async def log_in(connection: Connection, address: StoreAddress) -> None:
    """Give name and password, choose the database. UnfitStoreError where they are refused."""
    try:
        if address.password and address.username:
            await connection.call(b"AUTH", address.username.encode(), address.password.encode())
        elif address.password:
            await connection.call(b"AUTH", address.password.encode())
        if address.database:
            await connection.call(b"SELECT", b"%d" % address.database)
    except ReplyError as error:
        raise _refusal(error) from error


async def server_information(connection: Connection, section: bytes) -> dict[str, str]:
    """The fields of one section of INFO."""
    return information(await connection.call(b"INFO", section))


async def _check_server(connection: Connection) -> str:
    """The run id of a server that is new enough, loaded and a master."""
    try:
        fields = await server_information(connection, b"server")
        version = fields.get("redis_version", "0")
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_VERSION:
            raise UnfitStoreError(
                f"the store's server has version {version}; Redis 7.0 or any Valkey is needed"
            )
        await connection.call(b"PING")
        role = items(await connection.call(b"ROLE"))
    except ReplyError as error:
        raise _refusal(error) from error
    if role[0] != b"master":
        raise StoreError("the store's server is a replica")
    return fields.get("run_id", "")


def _refusal(error: ReplyError) -> StoreError:
    """A server's refusal as our error: only what passes by itself is worth another try."""
    text = str(error)
    if text.startswith(("LOADING", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "TRYAGAIN")):
        return StoreError(text)
    return UnfitStoreError(f"the store's server refuses: {text}")


async def _end_former(connection: Connection, connection_id: int) -> None:
    """Close our lost connection on the server's side, so that nothing we sent there is executed from now on.

    After that, what a reader sees is final: a change set whose outcome is unknown was applied before, or never.
    """
    try:
        await connection.call(b"CLIENT", b"KILL", b"ID", b"%d" % connection_id)
    except ReplyError as error:
        LOGGER.warning("the store does not let us end our former connection, it may still act: %s", error)


async def _check_format(connection: Connection) -> None:
    await connection.call(b"SET", META, FORMAT, b"NX")
    found = await connection.call(b"GET", META)
    if found != FORMAT:
        raise UnfitStoreError(f"the store has the format {found!r}, this server writes {FORMAT!r}")
