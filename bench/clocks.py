"""CPU time as the kernel accounts it, for one process with all its threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
USER_FIELD: Final = 11
"""The place of utime behind the command's closing parenthesis in /proc/PID/stat (proc(5)); stime follows."""
PAGE_KIB: Final = os.sysconf("SC_PAGE_SIZE") // 1024


def cpu_us(pid: int) -> int:
    """CPU time of a process so far, user and system, in microseconds (in steps of a tick, mostly 10 ms).

    0 for pid 0, which stands for "not known". OSError where there is no such process.
    """
    if pid == 0:
        return 0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[USER_FIELD]) + int(fields[USER_FIELD + 1])) * 1_000_000 // TICKS_PER_S


def busy_us() -> int:
    """CPU time that all processes and the kernel have used so far, over all cores, in microseconds."""
    user, nice, system, _idle, _wait, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) * 1_000_000 // TICKS_PER_S


def resident_kib(pid: int) -> int:
    """Memory of a process that is in RAM, in KiB; 0 for pid 0. OSError where there is no such process."""
    if pid == 0:
        return 0
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KIB


def child_named(pid: int, name: str) -> int:
    """The pid of a child process whose command contains a name; 0 where there is none."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text().split() if children.exists() else []:
        if name in Path(f"/proc/{child}/comm").read_text():
            return int(child)
    return 0
