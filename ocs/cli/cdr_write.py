"""``ocs cdr write``: the records' way out of the store without a server, and into lake and series at once."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from balance.opening import MEMORY, epoch_ms
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings
from ocs.cli.progress import staged_bar

if TYPE_CHECKING:  # DuckDB and SQLAlchemy behind them cost what `ocs cdr list` shall not wait for
    from config.settings import Settings
    from ocs.cdr.offline import OfflineRecords


@click.command("write")
@click.option("--follow", is_flag=True, help="Go on until SIGTERM, as the writer in a server does.")
@click.option("--skip-missing", is_flag=True, help="Go on behind records that are lost, and note the gap.")
@common_options
def write(follow: bool, skip_missing: bool) -> None:
    """Write all records there are: from the store into the journal, from there into lake and series.

    Beside a server, which writes the journal itself, only lake and series. Interrupt it at any time.
    """
    from ocs.cdr.lake.feeding import JournalGapError  # noqa: PLC0415
    from ocs.cdr.lake.files import SeriesBusyError  # noqa: PLC0415
    from ocs.cdr.lake.manifest import OvertakenError  # noqa: PLC0415
    from ocs.cdr.recovery import RecordsAheadError  # noqa: PLC0415

    settings = current_settings()
    try:
        asyncio.run(_write(settings, follow=follow, skip_missing=skip_missing))
    except (JournalGapError, SeriesBusyError, OvertakenError, RecordsAheadError) as error:
        raise Failure(str(error)) from None


async def _write(settings: Settings, *, follow: bool, skip_missing: bool) -> None:
    from ocs.cdr.offline import OfflineRecords  # noqa: PLC0415
    from ocs.cdr.offline_settings import offline_settings  # noqa: PLC0415
    from ocs.cdr.writer import CdrWriter, WriterSettings  # noqa: PLC0415

    made = offline_settings(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if settings.store.url == MEMORY:
        raise Failure("a memory store's records end with its server")
    async with opened_store(settings) as store:
        journal = CdrWriter(
            store,
            settings.records_directory,
            epoch_ms,
            WriterSettings(
                rotate_records=settings.records.rotate_records,
                rotate_s=settings.records.rotate_s,
                poll_ms=settings.records.poll_ms,
            ),
        )
        if follow:
            journal.start()
        else:
            while await journal.write_some():
                pass
        try:
            while True:
                offline = OfflineRecords(made, epoch_ms, skip_missing=skip_missing)
                written = await asyncio.to_thread(_pass, offline, flush=not follow)
                if any(written.values()) or not follow:
                    click.echo(
                        ", ".join(f"{name}: {count} records" for name, count in written.items()) or "nothing"
                    )
                if not follow or await _stopped_within(stopping, settings.records.lake_every_s):
                    return
        finally:
            await journal.stop()


def _pass(offline: OfflineRecords, *, flush: bool) -> dict[str, int]:
    offline.open()
    try:
        with staged_bar() as bar:
            return offline.write(flush=flush, progress=bar)
    finally:
        offline.close()


async def _stopped_within(stopping: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True
