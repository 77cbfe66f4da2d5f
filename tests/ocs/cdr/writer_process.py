"""A process that writes records until it is killed: ``writer_process.py STORE_URL DIRECTORY``."""

import asyncio
import sys
import time
from pathlib import Path

from balance.opening import open_store
from ocs.cdr.writer import CdrWriter, WriterSettings


async def main(url: str, directory: Path) -> None:
    """Write for ever."""
    store = await open_store(url, directory, tool=False)
    settings = WriterSettings(rotate_records=37, poll_ms=1, chunk_records=10)
    writer = CdrWriter(store, directory, lambda: time.time_ns() // 1_000_000, settings)
    writer.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
