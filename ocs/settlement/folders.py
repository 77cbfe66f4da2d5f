"""Where settlement keeps its files: DATA/settlement/PARTNER/NUMBER/..., and agreements by their hash."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.settlement_file import load_agreements
from config.settlement_terms import PartnerAgreements
from ocs.cdr.disk import Disk
from ocs.settlement import SettlementError

RECORDS: Final = "records.parquet"
_AGREEMENTS: Final = ".agreements"
_WORK: Final = ".work"


class SettlementFolder:
    """The folder of all partners."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self._disk = disk if disk is not None else Disk()

    def document(self, partner: str, number: str) -> Path:
        """The folder of a document."""
        return self.path.joinpath(partner, number)

    @contextmanager
    def working(self, partner: str) -> Iterator[Path]:
        """An empty folder to work in, for one process at a time for each partner; gone at the end.

        SettlementError while another process has it.
        """
        own = self.path.joinpath(partner)
        own.mkdir(parents=True, exist_ok=True)
        lock = os.open(own / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SettlementError(f"another process settles {partner} in {self.path}") from None
            work = own.joinpath(_WORK)
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            yield work
            shutil.rmtree(work)
        finally:
            os.close(lock)

    def publish(self, staged: Path, folder: Path) -> Path:
        """Give a finished file its name in a document's folder, durably; what had this name is replaced."""
        if not folder.is_dir():
            folder.mkdir(parents=True)
            self._disk.sync_directory(folder.parent)
        descriptor = self._disk.open(staged)
        try:
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        final = folder / staged.name
        self._disk.rename(staged, final)
        self._disk.sync_directory(folder)
        return final

    def keep_agreements(self, agreements: PartnerAgreements) -> None:
        """Keep a copy of an agreement's files under its hash, so that statements can be made again."""
        folder = self._agreements(agreements.partner, agreements.version)
        if folder.is_dir():
            return
        staged = folder.with_name(f".{folder.name}")
        shutil.rmtree(staged, ignore_errors=True)
        for name, octets in agreements.files.items():
            path = staged.joinpath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(octets)
            descriptor = self._disk.open(path)
            self._disk.sync(descriptor)
            self._disk.close(descriptor)
        self._disk.rename(staged, folder)
        self._disk.sync_directory(folder.parent)

    def kept_agreements(self, partner: str, version: str) -> PartnerAgreements:
        """The agreement of a hash as it was kept. SettlementError where the copy is gone or was changed."""
        folder = self._agreements(partner, version)
        if not folder.is_dir():
            raise SettlementError(f"{folder} is gone: without it this can not be computed again")
        found = load_agreements(folder)
        if partner not in found or found[partner].version != version:
            raise SettlementError(f"{folder} was changed: it is not what its hash says")
        return found[partner]

    def _agreements(self, partner: str, version: str) -> Path:
        return self.path.joinpath(_AGREEMENTS, f"{partner}-{version}")
