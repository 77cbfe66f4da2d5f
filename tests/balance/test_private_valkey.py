"""The private store: started, locked, restarted when killed, taken over, and gone with its owner."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from balance import opening
from balance.changes import COMMITTED
from balance.memory import MemoryStore
from balance.opening import open_store
from balance.redis_store import private
from balance.redis_store.binary import binary_of_wheel, find_binary
from balance.redis_store.connection import connect
from balance.redis_store.lock import SERVER, TOOL, DataLock
from balance.redis_store.private import PrivateValkey, private_address
from balance.redis_store.store import RedisStore, open_redis_store
from balance.store import StoreError, commit_sets, load_states
from tests.balance.changes import change, results, state
from tests.balance.servers import binary_of
from tests.balance.test_lost_replies import until_connected

OWNER = """
import asyncio, pathlib, sys
from balance.opening import open_store
async def main():
    store = await open_store(None, pathlib.Path(sys.argv[1]), tool=False)
    print("ready", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def alive(process_id: int) -> bool:
    """Whether a process runs, and is not merely waiting to be buried."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def until_gone(process_id: int) -> None:
    """Wait for the end of a process."""
    for _ in range(1000):
        if not alive(process_id):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"process {process_id} still runs")


def start_owner(data_dir: Path) -> subprocess.Popen[bytes]:
    """Another process that has opened the private store of a directory."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, data_dir], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"ready\n"
    return owner


@pytest.mark.parametrize("kind", ["valkey", "redis"])
async def test_a_private_server_is_durable_and_stops(tmp_path: Path, kind: str) -> None:
    """It keeps all on disk, has no port, restarts with its states, and ends with stop."""
    for round_ in range(2):
        server = PrivateValkey(tmp_path / "data", binary_of(kind))
        await server.start()
        process_id = server.process_id
        store = await open_redis_store(server.address, 5.0)
        assert (await store.describe())["durability"] == "every answer is on disk"
        assert results(await commit_sets(store, [change((b"a", round_, state(round_ + 1)))])) == [COMMITTED]
        await store.close()
        await server.stop()
        assert not alive(process_id)


async def test_a_killed_server_is_started_again(tmp_path: Path) -> None:
    """Kill -9 of the private server costs no committed state, and the store finds the new one."""
    store = await open_store(None, tmp_path, tool=False)
    assert isinstance(store, RedisStore)
    await commit_sets(store, [change((b"a", 0, state(1)))])
    for _ in range(2):
        pid = await process_id_of(store)
        os.kill(pid, signal.SIGKILL)
        await until_gone(pid)
        await until_connected(store)
        assert await load_states(store, [b"a"]) == [state(1)]
    await store.close()


async def process_id_of(store: RedisStore) -> int:
    """The process id of a store's server."""
    information = await store._client.call(b"INFO", b"server")
    assert isinstance(information, bytes)
    return int(information.split(b"process_id:")[1].split()[0])


async def test_the_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    """After kill -9 of the owner its server ends by itself, and the data is free and whole."""
    owner = start_owner(tmp_path)
    tool = await open_store(None, tmp_path, tool=True)
    assert isinstance(tool, RedisStore)
    await commit_sets(tool, [change((b"a", 0, state(1)))])
    process_id = await process_id_of(tool)
    owner.kill()
    owner.communicate()
    await until_gone(process_id)
    await tool.close()

    store = await open_store(None, tmp_path, tool=False)
    assert await load_states(store, [b"a"]) == [state(1)]
    await store.close()


async def test_a_server_that_outlives_its_owner_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing ended the former server, it serves on, is watched, replaced when it dies, and stopped."""
    monkeypatch.setattr(private, "LEFTOVER_GRACE_S", 0.1)
    former = PrivateValkey(tmp_path)
    await former.start()
    process_id = former.process_id
    assert former._supervisor is not None
    former._supervisor.cancel()

    taker = PrivateValkey(tmp_path)
    await taker.start()
    assert taker.process_id == process_id
    store = await open_redis_store(taker.address, 5.0)
    await commit_sets(store, [change((b"a", 0, state(1)))])
    os.kill(process_id, signal.SIGKILL)
    await until_gone(process_id)
    await until_connected(store)
    assert taker.process_id not in {0, process_id}
    assert await load_states(store, [b"a"]) == [state(1)]
    await store.close()
    await taker.stop()

    third = PrivateValkey(tmp_path)
    await former._launch()
    await third.start()
    assert third.process_id == former.process_id
    await third.stop()
    await until_gone(former.process_id)
    await former.stop()


async def test_a_second_server_hears_who_has_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers on the same data are refused with the holder's name; a tool joins the first."""
    monkeypatch.setitem(opening.LOCK_WAIT_S, SERVER, 0.1)
    owner = start_owner(tmp_path)
    with pytest.raises(StoreError, match=f"in use by server with process id {owner.pid}"):
        await open_store(None, tmp_path, tool=False)
    tool = await open_store(None, tmp_path, tool=True)
    assert results(await commit_sets(tool, [change((b"a", 0, state(1)))])) == [COMMITTED]
    await tool.close()
    assert owner.poll() is None
    owner.kill()
    owner.communicate()


async def test_a_tool_has_a_private_server_for_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a server a tool starts one and stops it; another tool waits for the first."""
    first = await open_store(None, tmp_path, tool=True)
    assert isinstance(first, RedisStore)
    process_id = await process_id_of(first)
    await commit_sets(first, [change((b"a", 0, state(1)))])
    waiting = asyncio.create_task(open_store(None, tmp_path, tool=True))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await first.close()
    assert not alive(process_id)
    second = await waiting
    assert await load_states(second, [b"a"]) == [state(1)]

    monkeypatch.setitem(opening.LOCK_WAIT_S, TOOL, 0.1)
    with pytest.raises(StoreError, match=f"in use by tool with process id {os.getpid()}"):
        await open_store(None, tmp_path, tool=False)
    await second.close()


async def test_a_long_data_path_gets_a_short_socket(tmp_path: Path) -> None:
    """A unix socket's path has at most 107 octets; the data directory may be deeper."""
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    path = private_address(deep).endpoints[0].path
    assert len(path) <= 100
    assert path == private_address(deep).endpoints[0].path
    store = await open_store(None, deep, tool=False)
    tool = await open_store(None, deep, tool=True)
    assert results(await commit_sets(tool, [change((b"a", 0, state(1)))])) == [COMMITTED]
    await tool.close()
    await store.close()
    Path(path).parent.rmdir()


async def test_a_server_that_can_not_start_says_why(tmp_path: Path) -> None:
    """The reason of the server's own log is in the error, and the lock is free again."""
    with pytest.raises(StoreError, match="ended with"):
        await PrivateValkey(tmp_path, Path(sys.executable)).start()
    (tmp_path / "appendonlydir").write_text("in the way")
    with pytest.raises(StoreError, match=r"appendonlydir|append only"):
        await open_store(None, tmp_path, tool=False)
    assert DataLock(tmp_path).take(SERVER)


async def test_a_data_directory_that_can_not_be_is_an_error(tmp_path: Path) -> None:
    """A file in the place of the data directory is a StoreError, not a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        await open_store(None, tmp_path / "file", tool=True)


async def test_memory_is_a_url_too(tmp_path: Path) -> None:
    """``memory:`` opens a memory store and touches no disk."""
    assert isinstance(await open_store("memory:", tmp_path / "none", tool=False), MemoryStore)
    assert not (tmp_path / "none").exists()


def program(folder: Path, name: str, version: str) -> None:
    """A program that only tells a version."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
    path.chmod(0o755)


def test_the_program_is_found_on_path_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH before wheel, new enough only, and advice where there is nothing."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, version in ((old, "6.2.14"), (new, "7.2.5")):
        folder.mkdir()
        program(folder, "redis-server", version)
    monkeypatch.setenv("PATH", str(new))
    assert find_binary() == new / "redis-server"
    program(new, "valkey-server", "9.1.2")
    assert find_binary() == new / "valkey-server"
    monkeypatch.setenv("PATH", str(old))
    if binary_of_wheel() is not None:
        assert find_binary() == binary_of_wheel()
    monkeypatch.setattr("balance.redis_store.binary.binary_of_wheel", lambda: None)
    with pytest.raises(StoreError, match=r"redis-server has version 6\.2\.14.*--store"):
        find_binary()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="neither valkey-server nor redis-server"):
        find_binary()


async def test_a_short_log_is_not_rewritten(tmp_path: Path) -> None:
    """The server knows the setting, and takes it for half a gigabyte."""
    server = PrivateValkey(tmp_path)
    await server.start()
    try:
        connection = await connect(server.address, server.address.endpoints[0])
        found = await connection.call(b"CONFIG", b"GET", b"auto-aof-rewrite-min-size")
        connection.abort("asked")
    finally:
        await server.stop()
    assert found == [b"auto-aof-rewrite-min-size", b"536870912"]
