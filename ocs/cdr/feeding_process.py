"""The process beside ``ocs serve`` that feeds the lake and the series: ``python -m ocs.cdr.feeding_process``.

One line of JSON on stdin says what to do; the end of stdin, which also a killed server leaves, ends it between
two passes. It leaves the cores to the server, and loads DuckDB and SQL only when there is something to write.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from ocs.cdr.files import list_record_files
from ocs.cdr.offline_settings import settings_of
from ocs.logs import configure_logs

NICE: Final = 19
AUTOGROUP: Final = Path("/proc/self/autogroup")
"""Is there where the kernel has autogroups."""
NICE_OF_SESSION: Final = 10
FIRST_PASS_S: Final = 10.0
"""The first pass comes so soon after the start, or after one interval where that is shorter."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="lake")


def main(also: Callable[[dict[str, Any]], str] | None = None) -> None:
    """Feed until stdin ends; ``also`` is done after each pass by the same orders: why it failed, or ""."""
    order = json.loads(sys.stdin.readline())
    if order["stands_back"]:
        stand_back()
    configure_logs(order["log_level"], order["log_format"])
    every_s: float = order["every_s"]
    seen: object = None
    error = ""
    other_error = ""
    pause_s = min(FIRST_PASS_S, every_s)
    while not _stdin_ends_within(pause_s):
        pause_s = every_s
        now = _journal_state(Path(order["journal"]))
        if now != seen or error:
            before = error
            error = _pass(order)
            seen = now
            if error != before:
                _log.error("lake and series are not fed", reason=error) if error else _log.info(
                    "they are fed again"
                )
        if also is not None:
            before, other_error = other_error, also(order)
            if other_error and other_error != before:
                _log.error("what goes beside the lake failed", reason=other_error)


def stand_back() -> None:
    """Leave the cores to whoever wants them, but for a tenth of what another gets: the lake goes on being fed.

    Linux shares cores among sessions first (sched(7), autogroup), and this process has one of its own: its
    niceness counts within that only, so that the session's own must be set too.
    """
    os.nice(NICE)
    with suppress(OSError):
        AUTOGROUP.write_text(str(NICE_OF_SESSION))


def _pass(order: dict[str, Any]) -> str:
    """One pass; why it failed, or ""."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (nothing of it before there is something to write)

    from ocs.cdr.lake.feeding import JournalGapError  # noqa: PLC0415
    from ocs.cdr.lake.files import SeriesBusyError  # noqa: PLC0415
    from ocs.cdr.lake.manifest import OvertakenError  # noqa: PLC0415
    from ocs.cdr.offline import OfflineRecords  # noqa: PLC0415
    from ocs.database import DatabaseError  # noqa: PLC0415

    try:
        records = OfflineRecords(settings_of(order), lambda: time.time_ns() // 1_000_000)
        records.open()
        try:
            written = records.write(flush=False)
        finally:
            records.close()
    except (
        JournalGapError,
        SeriesBusyError,
        OvertakenError,
        DatabaseError,
        SQLAlchemyError,
        OSError,
    ) as failure:
        return str(failure)
    if any(written.values()):
        _log.info("records written", **written)
    return ""


def _journal_state(journal: Path) -> list[tuple[str, int]]:
    """Names and sizes: what changes when there are new records."""
    return [(file.path.name, _size(file.path)) for file in list_record_files(journal)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # renamed a moment ago
        return 0


def _stdin_ends_within(seconds: float) -> bool:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([sys.stdin], [], [], left)
        if ready and not os.read(sys.stdin.fileno(), 4096):
            return True
    return False


if __name__ == "__main__":
    main()
