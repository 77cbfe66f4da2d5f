"""Which server holds the partition: the address's own, Sentinel's master, or the Cluster's node of our slot."""

from __future__ import annotations

from hiredis import ReplyError

from balance.redis_store.address import CLUSTER, DIRECT, Endpoint, StoreAddress
from balance.redis_store.connection import Connection, connect
from balance.redis_store.naming import TAG
from balance.redis_store.preparation import log_in
from balance.redis_store.replies import integer, items, octets
from balance.store import StoreError


async def find_server(address: StoreAddress) -> Endpoint:
    """The endpoint of the master. StoreError where nobody knows it; the message has each one's reason."""
    if address.topology == DIRECT:
        return address.endpoints[0]
    reasons = []
    for endpoint in address.endpoints:
        try:
            connection = await connect(address, endpoint)
            try:
                if address.topology == CLUSTER:
                    return await _owner_of_partition(connection, address, endpoint)
                return await _master_of_service(connection, address)
            finally:
                connection.abort("asked")
        except (StoreError, ReplyError) as error:
            reasons.append(f"{endpoint}: {error}")
    raise StoreError(f"no server found for {address}: " + "; ".join(reasons))


async def _master_of_service(connection: Connection, address: StoreAddress) -> Endpoint:
    reply = await connection.call(b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", address.service.encode())
    if reply is None:
        raise StoreError(f"this Sentinel knows no service {address.service!r}")
    host, port = items(reply)
    return Endpoint(host=octets(host).decode(), port=integer(port))


async def _owner_of_partition(connection: Connection, address: StoreAddress, asked: Endpoint) -> Endpoint:
    await log_in(connection, address)
    slot = integer(await connection.call(b"CLUSTER", b"KEYSLOT", TAG))
    for each in items(await connection.call(b"CLUSTER", b"SLOTS")):
        first, last, master, *_ = items(each)
        if integer(first) <= slot <= integer(last):
            host, port, *_ = items(master)
            return Endpoint(host=octets(host).decode() if host else asked.host, port=integer(port))
    raise StoreError(f"no node of the Cluster serves slot {slot}")
