"""Each line of a file has one fate, whatever is killed where: imports, and feeding suspended lines again."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from ocs.cdr.lake import Lake
from ocs.database import migrate, open_database
from ocs.usage_import.imports import list_imports
from ocs.usage_import.lines import BATCH_OCTETS
from ocs.usage_import.suspense import COLUMNS, read_suspense
from ocs.usage_import.tables import USAGE_STANDING
from tests.ocs.cdr.killing import Killer, KillingDisk, in_killed_process
from tests.ocs.cdr.lake.building import lake_rows
from tests.ocs.usage_import.small_operator import call, feed, import_file, surroundings, voice_file

LINES = [
    call(1, 2500, 3, "2026-11-01 10:00:00"),
    call(2, 2500, 3, "2026-11-02 10:00:00"),
    call(3, 100, 99, "2026-11-02 11:00:00"),
    call(4, 2500, 3, "2026-11-03 10:00:00"),
    call(2, 2500, 3, "2026-11-02 10:00:00"),
    call(5, 300, 12, "2026-10-31 10:00:00"),
    call(6, 300, 4, "not a time"),
    call(7, 2500, 3, "2026-11-04 10:00:00"),
    call(8, 2500, 4, "2026-11-04 10:00:00", cause="17"),
    call(9, 9000, 3, "2026-11-05 10:00:00"),
]
"""Calls that move a counter and a bundle; a caller nobody knows, no time, a record twice, no call at all."""
SHORT = 150
"""Octets of a batch: two lines."""


class Importing:
    """A data folder whose imports are killed."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.folder.mkdir(exist_ok=True)
        engine = open_database(url)
        migrate(engine)
        engine.dispose()

    def run(self, path: Path, at: int, batch_octets: int = SHORT) -> bool:
        """Import a file in a process that is killed at a step; whether it was."""

        def work(killer: Killer) -> None:
            engine = killer.database(self.url)
            around = surroundings(self.folder, engine, disk=KillingDisk(killer))
            import_file(around, path, "voice", batch_octets)
            engine.dispose()

        return in_killed_process(work, at)

    def feed(self, path: Path, at: int) -> bool:
        """Feed a suspense file in a process that is killed at a step; whether it was."""

        def work(killer: Killer) -> None:
            engine = killer.database(self.url)
            if path.exists():
                feed(surroundings(self.folder, engine, disk=KillingDisk(killer)), path)
            engine.dispose()

        return in_killed_process(work, at)

    def found(self) -> dict[str, Any]:
        """Everything that came of it: rows, standings, counts, suspended lines."""
        engine = open_database(self.url)
        columns = "* EXCLUDE (file_id, source_file)"
        try:
            self._check_files(engine)
            with engine.connect() as connection:
                imports = [
                    (one.accepted, one.duplicates, one.ignored, one.suspended, one.next_octet, one.next_line)
                    for one in list_imports(connection)
                ]
                standings = connection.execute(select(USAGE_STANDING).order_by("subscription_id")).all()
            return {
                "rows": lake_rows(self.folder / "lake", engine, columns),
                "standings": [tuple(row) for row in standings],
                "imports": imports,
                "suspended": [
                    (line.import_id, line.line, line.refusal.code, line.text)
                    for path in self.suspense()
                    for line in read_suspense(path)
                ],
            }
        finally:
            engine.dispose()

    def suspense(self) -> list[Path]:
        """The suspense files."""
        return sorted((self.folder / "suspense").glob("*.csv"))

    def _check_files(self, engine: Engine) -> None:
        lake = self.folder / "lake"
        files = Lake(lake, engine).files()
        assert {str(path.relative_to(lake)) for path in lake.glob("day=*/*")} == {file.path for file in files}
        assert [file.file_id for file in files] == list(range(1, len(files) + 1))


def in_peace(folder: Path, *paths: Path) -> dict[str, Any]:
    """What comes of files that are imported in one batch each, by nobody who is killed."""
    importing = Importing(folder, f"sqlite:///{folder}.db")
    for path in paths:
        assert not importing.run(path, 0, BATCH_OCTETS)
    return importing.found()


def test_killed_again_and_again(database_url: str, tmp_path: Path) -> None:
    """Imports die, each some steps later than the one before; in the end all is as if nobody had died."""
    path = voice_file(tmp_path / "calls.csv", *LINES)
    importing = Importing(tmp_path / "data", database_url)
    at = 1
    while importing.run(path, at):
        at += 3

    assert at > 30
    found = importing.found()
    assert found == in_peace(tmp_path / "peace", path)
    assert found["imports"] == [(6, 1, 1, 2, path.stat().st_size, 12)]
    assert [amount for *_, amount in lines_of(found)] == [0, 0, 1_500_000, 300_000, 2_500_000, 5_500_000]


def lines_of(found: dict[str, Any]) -> list[tuple[str, int]]:
    """Key and amount of each record, by sequence."""
    sums: dict[str, int] = {}
    for row in found["rows"]:
        key, amount = row[1], row[31]
        sums[key] = sums.get(key, 0) + amount
    return list(sums.items())


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """A file again, its copy, and it twice in one file add nothing: no record, no amount, no suspended line."""
    path = voice_file(tmp_path / "calls.csv", *LINES)
    importing = Importing(tmp_path / "data", f"sqlite:///{tmp_path}/ocs.db")
    importing.run(path, 0)
    once = importing.found()
    copy = shutil.copy(path, tmp_path / "copy.csv")
    twice = voice_file(tmp_path / "twice.csv", *LINES, *LINES)
    for again in (path, copy, twice):
        assert not importing.run(Path(again), 0)

    found = importing.found()
    assert {**found, "imports": found["imports"][:1]} == once
    assert found["imports"][1][:4] == (0, 18, 2, 0)


def test_corrected_lines_are_fed_once_wherever_feeding_is_killed(database_url: str, tmp_path: Path) -> None:
    """One suspended line is corrected, one is not: the one becomes a record, the other waits on."""
    path = voice_file(tmp_path / "calls.csv", *LINES)
    importing = Importing(tmp_path / "data", database_url)
    importing.run(path, 0)
    (suspense,) = importing.suspense()
    suspense.write_text(suspense.read_text().replace("not a time", "2026-11-06 10:00:00"))
    at = 1
    while importing.feed(suspense, at):
        at += 2

    assert at > 10
    found = importing.found()
    assert found["imports"][0][:4] == (7, 1, 1, 1)
    assert [key for key, _ in lines_of(found)][-1] == "voice:M1/6"
    assert [(line, code) for _, line, code, _ in found["suspended"]] == [(4, "no-subscription")]
    before = importing.found()
    assert not importing.feed(suspense, 0)
    assert importing.found() == before


def test_what_was_fed_does_not_wait_again(tmp_path: Path) -> None:
    """An old copy of a suspense file feeds nothing twice, not even by another key; an empty one goes."""
    path = voice_file(tmp_path / "calls.csv", call(6, 300, 4, "not a time"))
    importing = Importing(tmp_path / "data", f"sqlite:///{tmp_path}/ocs.db")
    importing.run(path, 0)
    (suspense,) = importing.suspense()
    corrected = suspense.read_text().replace("not a time", "2026-11-06 10:00:00")
    suspense.write_text(corrected)
    assert not importing.feed(suspense, 0)
    assert importing.suspense() == []
    before = importing.found()
    suspense.write_text(corrected.replace("M1,6", "M1,66"))
    assert not importing.feed(suspense, 0)

    assert importing.found() == before
    assert len(lines_of(before)) == 1


def test_the_header_of_a_suspense_file(tmp_path: Path) -> None:
    """People find the columns that the documentation names."""
    importing = Importing(tmp_path / "data", f"sqlite:///{tmp_path}/ocs.db")
    importing.run(voice_file(tmp_path / "calls.csv", call(6, 300, 4, "not a time")), 0)
    (suspense,) = importing.suspense()

    assert suspense.name == "voice-000001-calls.csv"
    assert suspense.read_text().splitlines()[0] == ",".join(COLUMNS) == "import,line,code,reason,file,text"


lines = st.builds(
    lambda number, seconds, caller, day: call(number, seconds, caller, f"2026-11-{day:02d} 10:00:00"),
    st.integers(1, 9),
    st.sampled_from([0, 59, 61, 3000]),
    st.sampled_from([3, 4, 12, 99]),
    st.integers(1, 31),
)


@pytest.mark.soak
@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(st.lists(lines, max_size=8), st.lists(st.integers(1, 60), max_size=3)), max_size=3))
def test_files_batches_and_kills_of_chance(files: list[tuple[list[str], list[int]]]) -> None:
    """Batches of any size and deaths at any step give what one batch for each file gives in peace."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        importing = Importing(folder / "data", f"sqlite:///{name}/ocs.db")
        paths = []
        for number, (texts, kills) in enumerate(files):
            path = voice_file(folder / f"{number}.csv", *texts)
            paths.append(path)
            for at in kills:
                importing.run(path, at, SHORT + at)
            assert not importing.run(path, 0)
        assert importing.found() == in_peace(folder / "peace", *paths)
