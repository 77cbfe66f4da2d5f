"""CSV to rated Parquet: how many records a second of processor time an import takes, and where it goes.

``python -m bench.usage_import [--mapping voice|sms|data] [--records N] [--plan flat|talk] [--again]``: usage of
10,000 subscribers over a month, rated, put into a lake with its manifest in SQLite. Processor time is that of
all threads and children, without making the file. ``flat`` has one price, ``talk`` tiers and a bundle.
``--again`` imports the same records in a second file too, where each is a duplicate.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.stages import Stages, processor_s
from config.usage_mapping import load_usage_mapping
from ocs import hotpath
from ocs.cdr.disk import Disk
from ocs.cdr.lake.appending import LakeAppender
from ocs.database import migrate, open_database
from ocs.usage_import import run
from ocs.usage_import.conversion import Converter
from ocs.usage_import.file_import import FileImport
from ocs.usage_import.lines import UsageFile
from ocs.usage_import.run import Batches, Surroundings
from tests.ocs.usage_import.small_operator import (
    MAPPINGS,
    NOW_MS,
    VOICE_HEADER,
    catalogue,
    directory,
    subscription,
)

SUBSCRIBERS: Final = 10_000
MONTH_S: Final = 30 * 86_400
FROM_S: Final = 1_793_487_600
"""2026-11-01 00:00 in Berlin."""
DATA_HEADER: Final = "CHARGING_ID|SEQUENCE|START|STOP|MSISDN|APN|RG|UPLINK|DOWNLINK|PLMN|RAT\n"


def voice(second: int, number: int, chance: Random) -> str:
    """A call as a switch writes it."""
    caller, called = chance.randrange(SUBSCRIBERS), chance.randrange(10**9, 10**10)
    return (
        f"MSC1,{number:09d},{_november(second, ' ')},{chance.randrange(1, 600)},0170{caller:06d},"
        f"0049{called},MOC,26201,16\n"
    )


def sms(second: int, number: int, chance: Random) -> str:
    """A message as its centre writes it."""
    sender, called = chance.randrange(SUBSCRIBERS), chance.randrange(10**9, 10**10)
    at_ms = 1000 * (FROM_S + second) + chance.randrange(1000)
    return f"{number:012x}\t{at_ms}\t+49170{sender:06d}\t+49{called}\t{chance.choice((1, 1, 1, 2))}\n"


def data(second: int, number: int, chance: Random) -> str:
    """A container as a gateway writes it."""
    user, down = chance.randrange(SUBSCRIBERS), chance.randrange(10**5, 10**8)
    stop = min(second + chance.randrange(60, 3600), MONTH_S - 1)
    times = f"{_november(second, 'T')}+01:00|{_november(stop, 'T')}+01:00"
    return f"{number}|1|{times}|49170{user:06d}|internet|10|{down // 12}|{down}|26201|NR\n"


WRITTEN: Final[dict[str, tuple[str, Any]]] = {
    "voice": (VOICE_HEADER, voice),
    "sms": ("", sms),
    "data": (DATA_HEADER, data),
}


def write_usage(path: Path, mapping: str, records: int, end: str = "") -> None:
    """Usage of November, one after the other in time. ``end`` stands at the end, and makes a file another."""
    chance = Random(5)
    header, line = WRITTEN[mapping]
    with path.open("w") as stream:
        stream.write(header)
        stream.writelines(line(number * MONTH_S // records, number, chance) for number in range(records))
        stream.write(end)


def _november(second: int, between: str) -> str:
    day, rest = divmod(second, 86_400)
    return f"2026-11-{day + 1:02d}{between}{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def watch(stages: Stages) -> None:
    """Say which functions are which stage."""
    stages.stands_for("read", UsageFile, "read")
    stages.stands_for("read", UsageFile, "digest")
    stages.stands_for("parse", Converter, "convert")
    stages.stands_for("dedupe", Batches, "take_duplicates")
    stages.stands_for("rate", run, "rate")
    stages.stands_for("rows", Batches, "stage")
    for name in ("_days", "_write_day", "empty"):
        stages.stands_for("parquet", LakeAppender, name)
    stages.stands_for("sql", Batches, "commit")
    stages.stands_for("sql", LakeAppender, "commit")


def measure(batches: Batches, paths: list[Path], stages: Stages | None) -> Iterator[Any]:
    """Import files; what became of each."""
    if stages is not None:
        watch(stages)
        stages.begin()
    batches.open()
    for path in paths:
        yield FileImport(batches, path).run()
    batches.close()


def main() -> None:
    """Measure one import and print it."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{number}.csv" for number in range(2 if given.again else 1)]
        for path in paths:
            write_usage(path, given.mapping, given.records, "\n" * int(path.stem))
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
        batches = Batches(around, given.mapping, load_usage_mapping(MAPPINGS / f"{given.mapping}.yaml"))
        stages = None if given.profile else Stages()
        profile = cProfile.Profile() if given.profile else None
        begun_s, begun_wall_s = processor_s(), time.perf_counter()
        if profile is not None:
            profile.enable()
        reports = list(measure(batches, paths, stages))
        used_s, wall_s = processor_s() - begun_s, time.perf_counter() - begun_wall_s
        if profile is not None:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        if stages is not None:
            stages.end()
        assert [report.imported.accepted for report in reports] == [given.records, 0][: len(reports)]
        octets = sum(path.stat().st_size for path in (folder / "lake").glob("day=*/*"))
        engine.dispose()
    lines = given.records * len(paths)
    print(
        json.dumps(
            {
                "mapping": given.mapping,
                "plan": given.plan,
                "hot_path": hotpath.form(),
                "records": given.records,
                "processor_us_per_record": round(used_s / lines * 1e6, 2),
                "records_per_processor_second": round(lines / used_s),
                "records_per_wall_second": round(lines / wall_s),
                "parquet_octets_per_record": round(octets / given.records, 1),
                "us_by_stage": {} if stages is None else stages.shares(lines),
            },
            indent=2,
        )
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mapping", choices=sorted(WRITTEN), default="voice")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--plan", choices=["flat", "talk"], default="talk")
    parser.add_argument("--again", action="store_true", help="a second file with the same records, too")
    parser.add_argument("--profile", action="store_true", help="cProfile, interpreted functions only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
