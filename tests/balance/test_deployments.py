"""The servers that operators have: passwords, TLS, Sentinel, Cluster, replicas, weak settings."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from balance.changes import COMMITTED, UNKNOWN
from balance.redis_store import library
from balance.redis_store.address import Endpoint, StoreAddress, parse_address
from balance.redis_store.connection import connect
from balance.redis_store.description import durability
from balance.redis_store.library import library_source
from balance.redis_store.preparation import UnfitStoreError
from balance.redis_store.store import RedisStore, open_redis_store
from balance.store import StoreError, commit_sets, load_states
from tests.balance.changes import change, results, state
from tests.balance.servers import ServerProcess, binary_of, free_port
from tests.balance.test_lost_replies import until_connected

AT_ONCE = ("--repl-diskless-sync-delay", "0")
Starter = Callable[..., ServerProcess]


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    """Starts servers with settings of their own, and ends them after the test."""
    servers: list[ServerProcess] = []

    def start(kind: str, *settings: str) -> ServerProcess:
        server = ServerProcess(binary_of(kind), tmp_path / f"n{len(servers)}", *settings)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


async def ask(address: StoreAddress, *arguments: bytes) -> object:
    """One command on a connection of its own."""
    connection = await connect(address, address.endpoints[0])
    try:
        return await connection.call(*arguments)
    finally:
        connection.abort("done")
        await connection.lost.wait()


async def works(store: RedisStore) -> None:
    """One commit and one load succeed."""
    version = int.from_bytes((await load_states(store, [b"a"]))[0] or b"", "big")
    assert results(await commit_sets(store, [change((b"a", version, state(version + 1)))])) == [COMMITTED]
    assert await load_states(store, [b"a"]) == [state(version + 1)]


async def test_a_password_and_a_database(starter: Starter) -> None:
    """The right password opens, a wrong or missing one is refused at once; states are in the named database."""
    port = free_port()
    starter("valkey", "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "p:w")
    store = await open_redis_store(parse_address(f"redis://:p%3Aw@127.0.0.1:{port}/3"), 5.0)
    await works(store)
    await store.close()
    other = await open_redis_store(parse_address(f"redis://default:p%3Aw@127.0.0.1:{port}"), 5.0)
    assert await load_states(other, [b"a"]) == [None]
    await other.close()
    for url in (f"redis://:wrong@127.0.0.1:{port}", f"redis://127.0.0.1:{port}"):
        with pytest.raises(UnfitStoreError, match="refuses"):
            await open_redis_store(parse_address(url), 60.0)


async def test_tls(starter: Starter, tmp_path: Path) -> None:
    """With TLS both sides' certificates are checked."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    maker = await asyncio.create_subprocess_exec(*made, "-keyout", key, "-out", certificate, stderr=DEVNULL)
    assert await maker.wait() == 0
    port = free_port()
    files = (
        "--tls-cert-file",
        str(certificate),
        "--tls-key-file",
        str(key),
        "--tls-ca-cert-file",
        str(certificate),
    )
    starter("redis", "--tls-port", str(port), "--bind", "127.0.0.1", *files)
    options = f"ssl_ca_certs={certificate}&ssl_certfile={certificate}&ssl_keyfile={key}"
    store = await open_redis_store(parse_address(f"rediss://localhost:{port}?{options}"), 5.0)
    await works(store)
    await store.close()
    with pytest.raises(StoreError, match="certificate"):
        await open_redis_store(parse_address(f"rediss://localhost:{port}"), 0.0)


async def test_a_cluster_node_that_has_our_slot(starter: Starter) -> None:
    """Any node names the owner of the slot; when the slot moves away, the store follows without doubling."""
    ports = [free_port(), free_port()]
    buses = [free_port(), free_port()]
    settings = ("--bind", "127.0.0.1", "--cluster-enabled", "yes")
    nodes = [
        starter("valkey", "--port", str(port), "--cluster-port", str(bus), *settings)
        for port, bus in zip(ports, buses, strict=True)
    ]
    await ask(nodes[0].address, b"CLUSTER", b"ADDSLOTSRANGE", b"0", b"16383")
    await ask(nodes[1].address, b"CLUSTER", b"MEET", b"127.0.0.1", b"%d" % ports[0], b"%d" % buses[0])
    names = [await ask(node.address, b"CLUSTER", b"MYID") for node in nodes]
    await until_cluster_is_ok(nodes[1].address)
    store = await open_redis_store(parse_address(f"redis+cluster://127.0.0.1:{ports[1]}"), 10.0)
    await works(store)
    assert (await store.describe())["server"] == f"127.0.0.1:{ports[0]}"

    slot = await ask(nodes[0].address, b"CLUSTER", b"KEYSLOT", b"{0}")
    assert isinstance(slot, int)
    await move_slot(nodes, names, slot, ports[1])
    assert results(await commit_sets(store, [change((b"a", 1, state(2)))])) == [UNKNOWN]
    await until_connected(store)
    assert await load_states(store, [b"a"]) == [state(1)]
    await works(store)
    assert (await store.describe())["server"] == f"127.0.0.1:{ports[1]}"
    await store.close()


async def until_cluster_is_ok(address: StoreAddress) -> None:
    """Wait until a node knows who serves all slots."""
    for _ in range(1000):
        text = await ask(address, b"CLUSTER", b"INFO")
        assert isinstance(text, bytes)
        if b"cluster_state:ok" in text and b"cluster_slots_ok:16384" in text:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the cluster does not form")


async def move_slot(nodes: list[ServerProcess], names: list[object], slot: int, port: int) -> None:
    """Move one slot with its keys from the first node to the second."""
    first, second = (node.address for node in nodes)
    number = b"%d" % slot
    assert isinstance(names[0], bytes)
    assert isinstance(names[1], bytes)
    await ask(second, b"CLUSTER", b"SETSLOT", number, b"IMPORTING", names[0])
    await ask(first, b"CLUSTER", b"SETSLOT", number, b"MIGRATING", names[1])
    keys = await ask(first, b"CLUSTER", b"GETKEYSINSLOT", number, b"100")
    assert isinstance(keys, list)
    await ask(first, b"MIGRATE", b"127.0.0.1", b"%d" % port, b"", b"0", b"5000", b"KEYS", *keys)
    for address in (second, first):
        await ask(address, b"CLUSTER", b"SETSLOT", number, b"NODE", names[1])


async def test_sentinel_names_the_master(starter: Starter, tmp_path: Path) -> None:
    """The store asks Sentinel, follows a failover, and says so where the service is unknown."""
    ports = [free_port(), free_port(), free_port()]
    first = starter("redis", "--port", str(ports[0]), "--bind", "127.0.0.1", *AT_ONCE)
    replica = ("--port", str(ports[1]), "--bind", "127.0.0.1", "--replicaof", "127.0.0.1", str(ports[0]))
    second = starter("redis", *replica)
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"port {ports[2]}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {ports[0]} 1\n"
        f"sentinel down-after-milliseconds main 60000\ndir {tmp_path}\n"
    )
    sentinel = await asyncio.create_subprocess_exec(
        binary_of("redis"), configuration, "--sentinel", stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{ports[2]}"
        store = await open_redis_store(parse_address(f"{url}/main"), 10.0)
        await works(store)
        with pytest.raises(StoreError, match="knows no service 'other'"):
            await open_redis_store(parse_address(f"{url}/other"), 0.0)
        await until_replica_is_ready(second.address)
        await ask(second.address, b"REPLICAOF", b"NO", b"ONE")
        await ask(first.address, b"REPLICAOF", b"127.0.0.1", b"%d" % ports[1])
        asked = parse_address(f"redis://127.0.0.1:{ports[2]}")
        await ask(asked, b"SENTINEL", b"REMOVE", b"main")
        await ask(asked, b"SENTINEL", b"MONITOR", b"main", b"127.0.0.1", b"%d" % ports[1], b"1")
        assert results(await commit_sets(store, [change((b"b", 0, state(1)))])) == [UNKNOWN]
        await until_connected(store)
        await works(store)
        assert (await store.describe())["server"] == f"127.0.0.1:{ports[1]}"
        await store.close()
    finally:
        sentinel.terminate()
        await sentinel.wait()


async def until_replica_is_ready(address: StoreAddress) -> None:
    """Wait until a replica follows its master."""
    for _ in range(1000):
        role = await ask(address, b"ROLE")
        assert isinstance(role, list)
        if role[3] == b"connected":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the replica does not follow")


async def test_a_replica_is_no_store(starter: Starter) -> None:
    """A server that only follows is refused with a word."""
    port = free_port()
    starter("redis", "--port", str(port), "--bind", "127.0.0.1", *AT_ONCE)
    replica = starter("redis", "--replicaof", "127.0.0.1", str(port))
    await until_replica_is_ready(replica.address)
    with pytest.raises(StoreError, match="replica"):
        await open_redis_store(replica.address, 0.0)


async def test_nobody_there(tmp_path: Path) -> None:
    """An address where nobody listens is an error that names it, also for a host's port."""
    for url in (f"unix:{tmp_path}/none", f"redis://127.0.0.1:{free_port()}"):
        address = parse_address(url)
        with pytest.raises(StoreError, match=str(address.endpoints[0])):
            await open_redis_store(address, 0.0)


async def test_something_else_there(tmp_path: Path) -> None:
    """A server that speaks another language ends in an error, not in a wait for ever."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_unix_server(talk, tmp_path / "s")
    with pytest.raises(StoreError):
        await open_redis_store(parse_address(f"unix:{tmp_path}/s?timeout_s=1"), 0.0)
    listener.close()


async def test_the_library_is_loaded_when_it_is_absent_or_older(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absent or of another text it is loaded; the same one is left; a newer one is never replaced."""
    await (await open_redis_store(server.address, 5.0)).close()
    _, version = library_source()
    assert await ask(server.address, b"FCALL_RO", b"ocs_version", b"0") == version
    await (await open_redis_store(server.address, 5.0)).close()

    monkeypatch.setattr(library, "LIBRARY_VERSION", 2)
    await (await open_redis_store(server.address, 5.0)).close()
    newer = await ask(server.address, b"FCALL_RO", b"ocs_version", b"0")
    assert isinstance(newer, bytes)
    assert newer.startswith(b"2:")
    monkeypatch.setattr(library, "LIBRARY_VERSION", 1)
    with pytest.raises(StoreError, match="update this server"):
        await open_redis_store(server.address, 0.0)


async def test_a_lost_library_is_loaded_again(server: ServerProcess) -> None:
    """Somebody flushed the functions: the commit is unknown, the next connection brings them back."""
    store = await open_redis_store(server.address, 5.0)
    await ask(server.address, b"FUNCTION", b"FLUSH")
    assert results(await commit_sets(store, [change((b"a", 0, state(1)))])) == [UNKNOWN]
    await asyncio.sleep(0)
    await until_connected(store)
    await works(store)
    await store.close()


async def test_another_format_is_refused(server: ServerProcess) -> None:
    """A store of another format or number of partitions is not touched."""
    await ask(server.address, b"SET", b"ocs:{0}:meta", b"format=9 partitions=16")
    with pytest.raises(UnfitStoreError, match="format=9 partitions=16"):
        await open_redis_store(server.address, 60.0)


async def test_weak_settings_are_told(server: ServerProcess) -> None:
    """A store without a durable log says what a crash loses, and warns of eviction."""
    store = await open_redis_store(server.address, 5.0)
    await ask(server.address, b"CONFIG", b"SET", b"maxmemory-policy", b"allkeys-lru")
    described = await store.describe()
    await ask(server.address, b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction")
    assert described["durability"].startswith("weak: appendonly is off")
    assert "throw balances away" in described["warning"]
    assert "warning" not in await store.describe()
    await store.close()


def test_durability_in_words() -> None:
    """Each weakness has its own words."""
    safe = {"appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no"}
    assert durability(safe) == "every answer is on disk"
    assert "2 seconds" in durability(safe | {"appendfsync": "everysec"})
    assert "kernel" in durability(safe | {"appendfsync": "no"})
    assert "rewrite" in durability(safe | {"no-appendfsync-on-rewrite": "yes"})
    assert "CONFIG GET" in durability({})


async def test_memory_that_is_full_leaves_all_as_it_is(starter: Starter) -> None:
    """A server without memory refuses the whole batch as unknown; it goes on when there is room."""
    server = starter("valkey")
    store = await open_redis_store(server.address, 5.0)
    await ask(server.address, b"CONFIG", b"SET", b"maxmemory", b"1")
    assert results(await commit_sets(store, [change((b"a", 0, state(1)), events=[b"e"])])) == [UNKNOWN]
    assert await load_states(store, [b"a"]) == [None]
    await ask(server.address, b"CONFIG", b"SET", b"maxmemory", b"0")
    await works(store)
    assert await store.outbox_read(1, 9) == []
    await store.close()


def test_endpoints_are_written_as_people_do() -> None:
    """A path, a name and port, an IPv6 address in brackets."""
    endpoints = (Endpoint(path="/s"), Endpoint(host="h", port=1), Endpoint(host="::1", port=2))
    assert [str(endpoint) for endpoint in endpoints] == ["unix:/s", "h:1", "[::1]:2"]
