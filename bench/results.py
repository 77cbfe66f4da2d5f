"""Measured figures: one line of JSON each, with all it takes to measure it again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bench.machine import ROOT, commit, machine, versions
from ocs import hotpath

RESULTS: Final = ROOT / "bench" / "results"

Figure = int | float | str


@dataclass(frozen=True)
class Circumstances:
    """When, where and with what something was measured."""

    time: str
    commit: str
    compiled: bool
    machine: dict[str, str]
    versions: dict[str, str]


@dataclass(frozen=True)
class Measurement:
    """One measured case: ``bench`` and ``case`` name it, ``command`` measures it again.

    ``parameters`` are what was chosen, ``figures`` what came out; units stand at the end of their names.
    """

    bench: str
    case: str
    command: str
    parameters: dict[str, Figure]
    figures: dict[str, Figure]
    circumstances: Circumstances | None = field(default=None)


def circumstances() -> Circumstances:
    """The circumstances of this process, now."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Circumstances(stamp, commit(), hotpath.compiled(), machine(), versions())


def to_line(measurement: Measurement) -> str:
    """A measurement as one line of JSON."""
    return json.dumps(asdict(measurement), sort_keys=True)


def from_line(line: str) -> Measurement:
    """A measurement from its line. ValueError, KeyError or TypeError where it is none."""
    data = json.loads(line)
    where = data.pop("circumstances")
    return Measurement(**data, circumstances=None if where is None else Circumstances(**where))


def append(measurements: Iterable[Measurement], folder: Path = RESULTS) -> Path:
    """Append measurements to the month's file under one set of circumstances; the file."""
    now = circumstances()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now.time[:7]}.jsonl"
    with path.open("a", encoding="utf-8") as file:
        for each in measurements:
            given = Measurement(each.bench, each.case, each.command, each.parameters, each.figures, now)
            file.write(to_line(given) + "\n")
    return path


def read_all(folder: Path = RESULTS) -> list[Measurement]:
    """All measurements of a folder, the oldest first. ValueError naming file and line of a broken one."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found.append(from_line(line))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path.name}:{number}: no measurement: {error!r}") from error
    return found
