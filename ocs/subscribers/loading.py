"""Loading subscribers into a store, in batches, beside a running server; doing it twice changes nothing.

Batches run side by side. Two rows of one batch never touch the same key; where rows of different batches do,
the store's versions tell, and the later one is planned again.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from balance.changes import COMMITTED
from balance.store import StateStore, StoreError, commit_sets, load_states
from config.subscribers_file import SubscriberRow
from ocs.subscribers.changes import (
    CREATED,
    REFUSED,
    UNCHANGED,
    RowChange,
    RowStates,
    needed_keys,
    plan_row,
    row_keys,
)
from rating.calendar import UTC, Zone
from rating.catalogue import Plan

BATCH_ROWS: Final = 500
BATCHES_IN_FLIGHT: Final = 4
ATTEMPTS: Final = 100
MOST_REASONS: Final = 20


@dataclass
class LoadSummary:
    """How many subscribers were created, updated, found unchanged and refused; the first refusals in words."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All rows that are done."""
        return self.created + self.updated + self.unchanged + self.refused

    def count(self, row: SubscriberRow, change: RowChange) -> None:
        """Count one row's outcome."""
        if change.outcome == REFUSED:
            self.refused += 1
            if len(self.reasons) < MOST_REASONS:
                self.reasons.append(f"line {row.line}: {change.reason}")
        elif change.outcome == UNCHANGED:
            self.unchanged += 1
        elif change.outcome == CREATED:
            self.created += 1
        else:
            self.updated += 1


async def load_subscribers(
    store: StateStore,
    rows: Iterable[SubscriberRow],
    plans: Mapping[str, Plan],
    now_ms: int,
    progress: Callable[[int], None] | None = None,
    *,
    zone: Zone = UTC,
    version: str = "",
) -> LoadSummary:
    """Make the store agree with the rows. StoreError where it does not answer: what was done stays done.

    ``progress`` hears how many rows are done. ``zone`` is the network's, for bundles that come anew every day
    or month; ``version`` is that of the plans' catalogue. A server compares a subscriber's version before it
    serves one.
    """
    work = _Loading(store, plans, zone, version, now_ms, progress)
    await work.run(rows)
    return work.summary


class _Loading:
    def __init__(
        self,
        store: StateStore,
        plans: Mapping[str, Plan],
        zone: Zone,
        version: str,
        now_ms: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.summary = LoadSummary()
        self._store = store
        self._plans = plans
        self._zone = zone
        self._version = version
        self._now_ms = now_ms
        self._progress = progress

    async def run(self, rows: Iterable[SubscriberRow]) -> None:
        """Feed batches to the store, a few at a time."""
        running: set[asyncio.Task[None]] = set()
        batch: list[SubscriberRow] = []
        touched: set[bytes] = set()
        try:
            for row in rows:
                keys = row_keys(row)
                if len(batch) >= BATCH_ROWS or not touched.isdisjoint(keys):
                    running = await self._start(batch, running)
                    batch, touched = [], set()
                batch.append(row)
                touched.update(key for key in keys if key)
            running = await self._start(batch, running)
            await asyncio.gather(*running)
        finally:
            for task in running:
                task.cancel()

    async def _start(
        self, batch: list[SubscriberRow], running: set[asyncio.Task[None]]
    ) -> set[asyncio.Task[None]]:
        running.add(asyncio.create_task(self._batch(batch)))
        while len(running) >= BATCHES_IN_FLIGHT:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        return running

    async def _batch(self, batch: list[SubscriberRow]) -> None:
        """Plan and commit a batch; rows that lost a race or move an IMSI follow one by one."""
        alone: list[tuple[SubscriberRow, RowChange | None]] = []
        planned: list[tuple[SubscriberRow, RowChange]] = []
        for row, states in zip(batch, await self._read(batch), strict=True):
            if any(needed_keys(row, states)):
                alone.append((row, None))
            else:
                planned.append((row, self._planned(row, states)))
        await self._commit([change for _, change in planned])
        for row, change in planned:
            if change.change is not None and change.change.result != COMMITTED:
                alone.append((row, change))
            else:
                self.summary.count(row, change)
        for row, lost in alone:
            self.summary.count(row, await self._single(row, lost))
        if self._progress is not None:
            self._progress(self.summary.rows)

    def _planned(self, row: SubscriberRow, states: RowStates) -> RowChange:
        return plan_row(row, states, self._plans[row.plan_id], self._zone, self._now_ms, self._version)

    async def _single(self, row: SubscriberRow, first: RowChange | None) -> RowChange:
        """One row by itself, planned again while others are faster; ``first`` is how it was planned before."""
        for _ in range(ATTEMPTS):
            states = (await self._read([row]))[0]
            former_imsi, former_holder = needed_keys(row, states)
            if former_imsi:
                states.former_imsi = (await load_states(self._store, [former_imsi]))[0]
            if former_holder:
                states.former_holder = (await load_states(self._store, [former_holder]))[0]
            change = self._planned(row, states)
            first = change if first is None else first
            await self._commit([change])
            if change.change is None or change.change.result == COMMITTED:
                return first if change.outcome == UNCHANGED else change
        raise StoreError(f"line {row.line}: this subscriber changed {ATTEMPTS} times in between")

    async def _read(self, batch: list[SubscriberRow]) -> list[RowStates]:
        keys: list[bytes] = []
        for row in batch:
            keys.extend(key for key in row_keys(row) if key)
        found = iter(await load_states(self._store, keys))
        return [RowStates(next(found), next(found) if row.imsi else None, next(found)) for row in batch]

    async def _commit(self, changes: list[RowChange]) -> None:
        sets = [change.change for change in changes if change.change is not None]
        if sets:
            await commit_sets(self._store, sets)
