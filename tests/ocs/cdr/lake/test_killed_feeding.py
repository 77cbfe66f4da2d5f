"""The lake has each record once, wherever the process that feeds it is killed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.cdr.lake import Lake
from ocs.cdr.lake.feeding import LakeFeeder
from ocs.cdr.lake.files import STAGING
from ocs.database import migrate, open_database
from tests.ocs.cdr.killing import Killer, KillingDisk, in_killed_process
from tests.ocs.cdr.lake.building import NOW_MS, lake_rows, record, write_journal

DAY_MS = 86_400_000
CHARGE = {"rule": "r", "price_micros": 1, "per_units": 1, "rounding": 0, "units": 5, "catalogue": "c"}


class Feeding:
    """A journal that grows, and a lake that is fed from it by processes that are killed."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.days: list[int] = []
        engine = open_database(url)
        migrate(engine)
        engine.dispose()

    def add(self, days: list[int]) -> None:
        """Put records into the journal that began so many days from now."""
        records = [
            record(
                len(self.days) + number,
                NOW_MS + DAY_MS * day,
                charges=[{**CHARGE, "amount_micros": 10 + len(self.days) + number}],
            )
            for number, day in enumerate(days, 1)
        ]
        if records:
            write_journal(self.folder / "cdr", records)
            self.days += days

    def feed(self, at: int) -> bool:
        """Feed in a process that is killed at a step; whether it was."""
        return in_killed_process(self._feed, at)

    def check(self) -> None:
        """Each record is there once with amount and day; the manifest is dense; nothing else lies there."""
        engine = open_database(self.url)
        lake = self.folder / "lake"
        numbers = range(1, len(self.days) + 1)
        assert lake_rows(lake, engine, "sequence, record_id, amount_micros, started_ms") == [
            (number, f"s{number}#1", 10 + number, NOW_MS + DAY_MS * day)
            for number, day in zip(numbers, self.days, strict=True)
        ]
        files = Lake(lake, engine).files()
        engine.dispose()
        assert [file.file_id for file in files] == list(range(1, len(files) + 1))
        chunks = Counter[tuple[int, int]]()
        for file in files:
            chunks[file.first_sequence, file.last_sequence] += file.records
        assert [number for first, last in sorted(chunks) for number in range(first, last + 1)] == list(numbers)
        assert all(records == last - first + 1 for (first, last), records in chunks.items())
        assert sum(sum(file.amounts.values()) for file in files) == sum(10 + number for number in numbers)
        assert {str(path.relative_to(lake)) for path in lake.glob("day=*/*")} == {file.path for file in files}
        assert [path.name for path in (lake / STAGING / "online-p0").iterdir()] == [".lock"]

    def _feed(self, killer: Killer) -> None:
        engine = killer.database(self.url)
        feeder = LakeFeeder(
            self.folder / "cdr",
            self.folder / "lake",
            engine,
            lambda: NOW_MS,
            disk=KillingDisk(killer),
            chunk_records=3,
        )
        feeder.open()
        while feeder.feed_some():
            killer.step()
        feeder.close()


def test_killed_at_every_step(database_url: str, tmp_path: Path) -> None:
    """A feeder dies at its first step, the next at its second, and so on until one comes to its end."""
    feeding = Feeding(tmp_path, database_url)
    at = 1
    feeding.add([0, 1, 0, 2])
    while feeding.feed(at):
        at += 1
        if at % 4 == 0:
            feeding.add([0, 1, 0, 2])

    assert at > 20
    feeding.check()


@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.integers(-2, 2), max_size=7), st.integers(0, 45)), min_size=1, max_size=5)
)
def test_killed_at_steps_of_chance(rounds: list[tuple[list[int], int]]) -> None:
    """Records come and feeders die at some step, in turn; in the end each record is there once."""
    with TemporaryDirectory() as name:
        feeding = Feeding(Path(name), f"sqlite:///{name}/ocs.db")
        for days, at in rounds:
            feeding.add(days)
            feeding.feed(at)
        assert not feeding.feed(0)
        feeding.check()
