"""Reading a catalogue in a thread beside the traffic, so that no request waits long for the interpreter."""

from __future__ import annotations

from pathlib import Path

from config.catalogue_file import check_catalogue
from config.issues import ConfigError
from ocs.letting_go import let_go
from rating.catalogue import Catalogue


def read_beside(path: Path) -> Catalogue:
    """The catalogue of a path, for a thread to read; what was needed to read it is freed in pieces.

    ConfigError with all that is wrong with it.
    """
    checked = check_catalogue(path)
    catalogue, issues, unlisted = checked.catalogue, checked.issues, checked.unlisted
    read: list[object] = [checked.documents, checked.examples, checked.conditions]
    del checked
    let_go(read)
    if catalogue is None:
        raise ConfigError(issues, unlisted)
    return catalogue
