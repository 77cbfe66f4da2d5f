"""Choosing records out of files, by time, account and session, and turning them into rows of CSV."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ocs.cdr.reader import RecordReader
from ocs.charging.record import time_octets

Record = dict[str, Any]

COLUMNS: Final = (
    "sequence", "record_id", "record_version", "session_id", "account", "msisdn", "imsi", "plan", "service",
    "service_context", "rating_group", "service_identifier", "origin_host", "origin_realm", "apn", "opened_at",
    "closed_at", "cause", "partial", "unit_kind", "used_units", "used_octets", "input_octets", "output_octets",
    "time_s", "specific_units", "amount_micros", "written_off_micros", "currency", "balance_micros", "charges",
    "buckets", "requests",
)  # fmt: skip
"""The columns of CSV; lists and objects stand in them as JSON."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN: Final = re.compile(r"(\d+)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Selection:
    """Which records are wanted; an empty criterion takes all. ``since`` is compared with ``closed_at``."""

    def __init__(self, since: str, account: str, session: str) -> None:
        self.since = since
        self.account = account
        self.session = session

    def records(self, reader: RecordReader) -> Iterator[tuple[bytes, Record]]:
        """The wanted records in order, each as its line and its fields."""
        needles = [
            json.dumps(text, ensure_ascii=False).encode() for text in (self.account, self.session) if text
        ]
        for _, line in reader.read():
            if all(needle in line for needle in needles):
                record: Record = json.loads(line)
                if self.wants(record):
                    yield line, record

    def wants(self, record: Record) -> bool:
        """Whether a record meets all criteria."""
        if self.account and record.get("account") != self.account:
            return False
        if self.session and record.get("session_id") != self.session:
            return False
        return not self.since or str(record.get("closed_at", "")) >= self.since


def parse_since(text: str, now: datetime) -> str:
    """The beginning of a time span as records write times; ValueError for text that is neither time nor span.

    ``30m``, ``2h`` and ``7d`` count back from ``now``; times are ISO 8601, UTC where no zone is given.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        moment = now - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    else:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    return time_octets((moment - _EPOCH) // timedelta(milliseconds=1)).decode()


def csv_row(record: Record) -> list[str]:
    """A record's cells in the order of COLUMNS."""
    return [cell(record.get(name)) for name in COLUMNS]


def cell(value: object) -> str:
    """A value as a cell of CSV: null is empty, lists and objects are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)
