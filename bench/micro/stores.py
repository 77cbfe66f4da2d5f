"""What committing costs: packing a batch, the memory store, and Valkey with fsync; per change set."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from balance.account import encode_account
from balance.changes import COMMITTED, ChangeSet, batch_of
from balance.keys import account_key, session_key
from balance.memory import MemoryStore
from balance.opening import open_store
from balance.redis_store.commit import pack_commit
from balance.store import StateStore, commit_sets
from bench.clocks import child_named, cpu_us
from bench.micro.cases import Conversation, conversation
from bench.micro.timing import cpu_ns_of
from ocs.charging.session_octets import encode_session

BATCHES: Final = (1, 16, 64, 256)
SECONDS: Final = 1.0


@dataclass(frozen=True)
class CommitCost:
    """Per change set: our CPU, the store's CPU, and time on the wall. -1 = not measured."""

    name: str
    batch: int
    client_us: float
    store_us: float = -1.0
    wall_us: float = -1.0


def change_sets(talk: Conversation, batch: int, version: int) -> list[ChangeSet]:
    """What a batch of CCR-Us of as many accounts writes, as the version behind the given one."""
    found = []
    for number in range(batch):
        changes = ChangeSet()
        account = encode_account(talk.updated_account, version + 1)
        session = encode_session(talk.updated_session, version + 1)
        changes.put(account_key(f"account-{number}"), version, account, 0)
        changes.put(session_key(talk.update.session_id + b";%d" % number), version, session, 0)
        found.append(changes)
    return found


def packing_costs() -> list[CommitCost]:
    """The Function call of a batch as octets."""
    talk = conversation(1)
    found = []
    for batch in BATCHES:
        sets = change_sets(talk, batch, 1)
        found.append(
            CommitCost(
                "pack commit", batch, cpu_ns_of(partial(pack_commit, batch_of(sets), b"-")) / batch / 1000
            )
        )
    return found


async def memory_costs(seconds: float = SECONDS) -> list[CommitCost]:
    """The memory store, with the coroutine around it."""
    return [await _cost("memory commit", MemoryStore(lambda: 0), batch, 0, seconds) for batch in BATCHES]


async def valkey_costs(folder: Path, own_pid: int, seconds: float = SECONDS) -> list[CommitCost]:
    """A private Valkey in a folder: AOF, fsync always, one commit after the other. StoreError without one."""
    store = await open_store(None, folder, tool=False)
    try:
        pid = child_named(own_pid, "valkey") or child_named(own_pid, "redis")
        return [await _cost("Valkey commit", store, batch, pid, seconds) for batch in BATCHES]
    finally:
        await store.close()


async def _cost(name: str, store: StateStore, batch: int, store_pid: int, seconds: float) -> CommitCost:
    """Commit batches for a while; building them is not counted."""
    talk = conversation(1)
    prefix = f"{batch}-".encode()
    version = 0
    client_ns = wall_ns = count = 0
    store_before = cpu_us(store_pid)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        sets = change_sets(talk, batch, version)
        for each in sets:
            each.keys = [key + prefix for key in each.keys]
        start_ns, start_wall_ns = time.process_time_ns(), time.perf_counter_ns()
        done = await commit_sets(store, sets)
        client_ns += time.process_time_ns() - start_ns
        wall_ns += time.perf_counter_ns() - start_wall_ns
        if any(each.result != COMMITTED for each in done):
            raise RuntimeError(f"{name}: a change set was not committed")
        count += batch
        version += 1
    store_us = (cpu_us(store_pid) - store_before) / count if store_pid else -1.0
    return CommitCost(name, batch, client_ns / count / 1000, store_us, wall_ns / count / 1000)


def all_costs(folder: Path, own_pid: int) -> list[CommitCost]:
    """All of them."""

    async def stores() -> list[CommitCost]:
        return [*await memory_costs(), *await valkey_costs(folder, own_pid)]

    return [*packing_costs(), *asyncio.run(stores())]
