"""CSV to rated Parquet: how many records a second of processor time an import takes.

``python -m bench.usage_import [--records N] [--plan flat|talk]``: calls of 10,000 subscribers over a month,
read by the mapping ``voice``, rated, put into a lake with its manifest in SQLite. Processor time is that of
all threads, without making the file. ``flat`` has one price, ``talk`` tiers of a counter and a bundle.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import tempfile
import time
from pathlib import Path
from random import Random

from config.usage_mapping import load_usage_mapping
from ocs import hotpath
from ocs.cdr.disk import Disk
from ocs.database import migrate, open_database
from ocs.usage_import.file_import import FileImport
from ocs.usage_import.run import Batches, Surroundings
from tests.ocs.usage_import.small_operator import (
    MAPPINGS,
    NOW_MS,
    VOICE_HEADER,
    catalogue,
    directory,
    subscription,
)

SUBSCRIBERS = 10_000


def write_calls(path: Path, records: int) -> None:
    """Calls of November, one after the other in time, as a switch writes them."""
    chance = Random(5)
    with path.open("w") as stream:
        stream.write(VOICE_HEADER)
        for number in range(records):
            second = number * 30 * 86_400 // records
            day, rest = divmod(second, 86_400)
            at = f"2026-11-{day + 1:02d} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
            stream.write(
                f"MSC1,{number:09d},{at},{chance.randrange(1, 600)},0170{chance.randrange(SUBSCRIBERS):06d},"
                f"0049{chance.randrange(10**9, 10**10)},MOC,26201,16\n"
            )


def main() -> None:
    """Measure one import and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--plan", choices=["flat", "talk"], default="talk")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_calls(folder / "calls.csv", given.records)
        engine = open_database(f"sqlite:///{folder / 'ocs.db'}")
        migrate(engine)
        around = Surroundings(
            folder / "lake",
            folder / "suspense",
            engine,
            catalogue(),
            directory(subscription(number, given.plan) for number in range(SUBSCRIBERS)),
            lambda: NOW_MS,
            Disk(),
        )
        batches = Batches(around, "voice", load_usage_mapping(MAPPINGS / "voice.yaml"))
        profile = cProfile.Profile() if given.profile else None
        begun_s, begun_wall_s = time.process_time(), time.perf_counter()
        if profile is not None:
            profile.enable()
        batches.open()
        report = FileImport(batches, folder / "calls.csv").run()
        batches.close()
        used_s, wall_s = time.process_time() - begun_s, time.perf_counter() - begun_wall_s
        if profile is not None:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        assert report.imported.accepted == given.records
        octets = sum(path.stat().st_size for path in (folder / "lake").glob("day=*/*"))
        engine.dispose()
    print(
        json.dumps(
            {
                "plan": given.plan,
                "hot_path": hotpath.form(),
                "records": given.records,
                "processor_us_per_record": round(used_s / given.records * 1e6, 2),
                "records_per_processor_second": round(given.records / used_s),
                "records_per_wall_second": round(given.records / wall_s),
                "parquet_octets_per_record": round(octets / given.records, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
