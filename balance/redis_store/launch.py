"""How the private store is started: it dies with us, and it allocates well where the machine can."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

LAUNCHER: Final = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs in the child: asks the kernel for SIGTERM when the parent dies, then becomes the server."""

JEMALLOC: Final = "libjemalloc.so.2"
LARGE_OCTETS: Final = 1 << 28
"""States that take so much in the log take some 600 MB in memory."""

HUGE_PAGES: Final = "thp:always"
GLIBC_TUNABLES: Final = "glibc.malloc.tcache_count=2000"
"""For glibc's malloc: a batch frees hundreds of blocks of one size, and its own cache keeps seven."""

GLIBC_HUGE_PAGES: Final = ":glibc.malloc.hugetlb=1"

LIBRARY_FOLDERS: Final = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


def launch_command(binary: Path, arguments: list[str]) -> list[str]:
    """The command that starts a server which ends with this process (on Linux)."""
    command = [str(binary), *arguments]
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), *command]


def launch_environment(state_octets: int) -> dict[str, str]:
    """The child's environment, for a store with so many octets of states. Where jemalloc is, it is preloaded.

    The wheel's Valkey is built on the C library's malloc and spends a quarter of its time in it; with
    GLIBC_TUNABLES half of that is saved where there is no jemalloc. With huge pages the fork for a rewrite of
    the log has a five-hundredth of the entries to copy: it stops the store for 2 ms a gigabyte instead of 30.
    But each that a growing store comes to stops it as well, on virtual machines for 5 to 8 ms, so a small store
    goes without. MALLOC_CONF and GLIBC_TUNABLES are left as they are where they are set.
    """
    environment = dict(os.environ)
    library = find_jemalloc()
    large = state_octets >= LARGE_OCTETS
    if library is None:
        environment.setdefault("GLIBC_TUNABLES", GLIBC_TUNABLES + (GLIBC_HUGE_PAGES if large else ""))
    else:
        environment["LD_PRELOAD"] = f"{library}:{environment.get('LD_PRELOAD', '')}".rstrip(":")
        if large:
            environment.setdefault("MALLOC_CONF", HUGE_PAGES)
    return environment


def find_jemalloc() -> Path | None:
    """The shared library of jemalloc, where a package manager puts it."""
    if sys.platform != "linux":
        return None
    for folder in LIBRARY_FOLDERS:
        for pattern in (JEMALLOC, f"*/{JEMALLOC}"):
            for found in sorted(Path(folder).glob(pattern)):
                return found
    return None
