"""Usage out of the lake: summed by service for the lines of a bill, and item by item, by SQL of DuckDB.

A record belongs to a bill by its account, its file and its beginning (``Window``); nothing is marked on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ocs.cdr.lake import Lake
from ocs.cdr.lake.columns import ONLINE
from ocs.cdr.lake.manifest import LakeFile

FETCHED: Final = 4096
"""Rows that are taken from DuckDB at once."""

BILLED_PAYMENT: Final = ("postpaid", "hybrid")
"""Usage that waits for a bill; that of any other account was paid from its balance."""
OTHERS_PAYMENT: Final = "settlement"
"""Usage that partners pay: on no bill."""


@dataclass(frozen=True, slots=True)
class Window:
    """What of an account's usage is on its bill.

    Files up to ``lake_cut`` where the usage began before ``to_ms``, without files up to ``after_cut`` where it
    began before ``after_ms``: those were on the bill before. Usage from before ``from_ms`` is late.
    """

    account_id: str
    payer_id: str
    after_cut: int
    after_ms: int
    lake_cut: int
    from_ms: int
    to_ms: int


class UsageSum(NamedTuple):
    """The usage of one number by one service; ``first_ms`` and ``last_ms`` are beginnings of usage."""

    payer_id: str
    account_id: str
    msisdn: str
    plan_id: str
    service: str
    direction: str
    late: bool
    unit_kind: str
    currency: str
    tax: str
    records: int
    units: int
    amount_micros: int
    first_ms: int
    last_ms: int
    online_micros: int = 0
    """What of the amount was charged online, when it was used."""


class UsageRow(NamedTuple):
    """One row of the lake that is on a bill, or that was paid from the balance in its period."""

    payer_id: str
    account_id: str
    msisdn: str
    plan_id: str
    service: str
    direction: str
    late: bool
    unit_kind: str
    currency: str
    tax: str
    record_id: str
    line: int
    started_ms: int
    called: str
    calling: str
    apn: str
    destination: str
    network: str
    units: int
    rule: str
    band: str
    bucket: str
    amount_micros: int
    on_bill: bool


_WINDOW: Final = (
    "w.account_id = l.account AND l.started_ms < w.to_ms AND l.file_id <= w.lake_cut "
    "AND NOT (l.file_id <= w.after_cut AND l.started_ms < w.after_ms)"
)
_KEY: Final = (
    "w.payer_id, w.account_id, coalesce(l.msisdn, ''), coalesce(l.plan, ''), coalesce(l.service, ''), "
    "coalesce(l.direction, ''), l.started_ms < w.from_ms, coalesce(l.unit_kind, ''), coalesce(l.currency, ''), "
    "coalesce(l.tax, '')"
)
_BILLED: Final = f"l.payment IN {BILLED_PAYMENT}"
IS_ONLINE: Final = f"starts_with(l.series, '{ONLINE}')"
"""Records of the charging server; those of other systems are in series of their imports."""
_SUMS: Final = f"""
    SELECT {_KEY}, count(*) FILTER (l.line = 0),
        CAST(coalesce(sum(l.used_units) FILTER (l.line = 0), 0) AS HUGEINT),
        CAST(sum(l.amount_micros) AS HUGEINT), min(l.started_ms), max(l.started_ms),
        CAST(coalesce(sum(l.amount_micros) FILTER ({IS_ONLINE}), 0) AS HUGEINT)
    FROM ({{lake}}) l JOIN billing_window w ON {_WINDOW}
    WHERE {_BILLED}
    GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - constants
_ROWS: Final = f"""
    SELECT {_KEY}, l.record_id, l.line, l.started_ms, coalesce(l.called, ''), coalesce(l.calling, ''),
        coalesce(l.apn, ''), coalesce(l.destination, ''), coalesce(l.network, ''), coalesce(l.units, 0),
        coalesce(l.rule, ''), coalesce(l.band, ''), coalesce(l.bucket, ''), l.amount_micros, {_BILLED}
    FROM ({{lake}}) l JOIN billing_window w ON {_WINDOW}
    WHERE l.payment <> '{OTHERS_PAYMENT}'
    ORDER BY w.payer_id, l.started_ms, l.record_id, l.line
"""  # noqa: S608 - constants


class BillableUsage:
    """The usage of some windows, of the files that can have any of it."""

    def __init__(self, lake: Lake, windows: Sequence[Window]) -> None:
        self._lake = lake
        self._windows = windows
        cut = max((window.lake_cut for window in windows), default=0)
        self._query = lake.sql(self._files(lake.files(cut)))

    def sums(self) -> Iterator[UsageSum]:
        """What is to be paid by bill, summed, in the order of the payers' ids."""
        for row in self._rows(_SUMS):
            yield UsageSum._make(row)

    def items(self) -> Iterator[UsageRow]:
        """Every row, also of what was paid from a balance, in the order of payers and time."""
        for row in self._rows(_ROWS):
            yield UsageRow._make(row)

    def _rows(self, query: str) -> Iterator[tuple[object, ...]]:
        cursor = self._lake.connection.cursor()
        cursor.execute("CREATE TEMP TABLE billing_window AS " + _window_query(), _columns(self._windows))
        try:
            found = cursor.execute(query.format(lake=self._query))
            while rows := found.fetchmany(FETCHED):
                yield from rows
        finally:
            cursor.close()

    def _files(self, files: Iterable[LakeFile]) -> list[LakeFile]:
        """Without files that every window has behind it, or before it."""
        after_cut = min((window.after_cut for window in self._windows), default=0)
        after_ms = min((window.after_ms for window in self._windows), default=0)
        end_day = max((_utc_day(window.to_ms - 1) for window in self._windows), default="")
        return [
            file
            for file in files
            if file.day <= end_day and not (file.file_id <= after_cut and file.day < _utc_day(after_ms))
        ]


def _window_query() -> str:
    names = Window.__dataclass_fields__
    kinds = {"account_id": "VARCHAR", "payer_id": "VARCHAR"}
    return "SELECT " + ", ".join(f"unnest(?::{kinds.get(name, 'BIGINT')}[]) AS {name}" for name in names)


def _columns(windows: Sequence[Window]) -> list[list[object]]:
    return [[getattr(window, name) for window in windows] for name in Window.__dataclass_fields__]


def _utc_day(at_ms: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return moment.date().isoformat()
