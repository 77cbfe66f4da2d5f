"""Reading catalogues in a thread beside the traffic, so that no request waits long for the interpreter."""

from __future__ import annotations

from pathlib import Path

from config.catalogue_file import check_catalogue
from config.issues import ConfigError
from config.kept_pieces import KeptPieces
from ocs.letting_go import let_go
from rating.catalogue import Catalogue


class CatalogueReading:
    """Reads a catalogue again and again; what did not change since the last time is taken over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = KeptPieces()

    def read(self) -> Catalogue:
        """The catalogue as its files have it now; what was needed to read it is freed in pieces.

        ConfigError with all that is wrong with it. For one thread at a time.
        """
        checked = check_catalogue(self.path, self._kept)
        catalogue, issues, unlisted = checked.catalogue, checked.issues, checked.unlisted
        if catalogue is not None:
            self._kept = checked.kept
        read: list[object] = [checked.documents, checked.examples, checked.conditions, checked.lost]
        del checked
        let_go(read)
        if catalogue is None:
            raise ConfigError(issues, unlisted)
        return catalogue
