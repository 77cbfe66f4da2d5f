"""Instructions of each case, counted by valgrind: they do not depend on who else uses the machine.

A child runs the cases under callgrind. It calls getppid between them, at which callgrind writes its counters
down and starts again; what an empty loop takes is subtracted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.machine import ROOT
from bench.micro.cases import Case, codec_cases, decision_cases, state_cases
from bench.micro.rating_cases import rating_cases

CALLS: Final = 200
WARM_UP: Final = 20
PATIENCE_S: Final = 300
TOTALS: Final = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def all_cases() -> list[Case]:
    """The cases that are counted, in order."""
    return [*codec_cases(), *decision_cases(), *rating_cases(), *state_cases()]


def unavailable() -> str:
    """Why instructions can not be counted here; "" where they can."""
    return "" if shutil.which("valgrind") else "valgrind is not installed: instructions are not counted"


def count_instructions() -> dict[str, int]:
    """Instructions of one call of each case. RuntimeError where valgrind fails."""
    with tempfile.TemporaryDirectory(prefix="ocs-bench-") as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            "--dump-before=getppid",
            f"--callgrind-out-file={folder}/out",
            sys.executable,
            "-m",
            "bench.micro.instructions",
        ]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        if done.returncode:
            raise RuntimeError(f"valgrind: {done.stderr[-500:]}")
        dumps = [_total(Path(folder) / f"out.{number}") for number in range(1, 2 * len(all_cases()) + 2)]
    found = {}
    for number, case in enumerate(all_cases()):
        empty, calls = dumps[2 * number + 1], dumps[2 * number + 2]
        found[case.name] = max(calls - empty, 0) // CALLS // case.operations
    return found


def _total(path: Path) -> int:
    found = TOTALS.search(path.read_text())
    if found is None:
        raise RuntimeError(f"valgrind wrote no total into {path.name}")
    return int(found[1])


def _repeat(case: Case, count: int) -> None:
    call = case.call
    for _ in range(count):
        call()


def _run_cases() -> None:
    """The child's work: warm up, mark, an empty loop, mark, the calls, mark."""
    cases = all_cases()
    nothing = Case("nothing", int)
    for case in cases:
        _repeat(case, WARM_UP)
    os.getppid()
    for case in cases:
        _repeat(nothing, CALLS)
        os.getppid()
        _repeat(case, CALLS)
        os.getppid()


if __name__ == "__main__":
    _run_cases()
