"""The folder that the typesetter works in: our templates, an operator's over them, the logo and the branding.

A folder of its own for each renderer: the typesetter may read nothing outside it, so that a template can not
show other files of this machine, and a document depends on nothing that is not there.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from config.issues import ConfigError, Issue
from ocs.documents.branding import Branding

SHARED_TEMPLATES: Final = Path(__file__).parent / "templates"
DATA_FILE: Final = "data.json"
LANGUAGE_FILE: Final = "language.json"
"""What changes from document to document. Files, not the typesetter's inputs: those are part of everything that
it remembers, so that it would evaluate and set all of it anew; of files, only what reads them."""
_PLACE: Final = re.compile(r"(?<![\w.-])(?:[\w./-]*/)?([\w.-]+\.typ):(\d+):(\d+)")
_PACKAGE: Final = re.compile(r"[\"']@[a-z]+/")


class TemplateFolder:
    """Everything a document is made of besides its data; ``places`` says where each file came from."""

    def __init__(self, shipped: Path, branding: Branding) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="ocs-documents-")
        self.path = Path(self._temporary.name)
        self.places: dict[str, Path] = {}
        self._put: dict[str, str] = {}
        sources = [SHARED_TEMPLATES, shipped, *([branding.templates] if branding.templates else [])]
        try:
            self._fill(sources, branding)
        except BaseException:
            self.close()
            raise

    def _fill(self, sources: list[Path], branding: Branding) -> None:
        for source in sources:
            self._copy(source)
        if branding.logo is not None:
            shutil.copyfile(branding.logo, self.path / f"logo{branding.logo.suffix.lower()}")
        (self.path / "brand.json").write_text(json.dumps(branding.to_template(), sort_keys=True))

    def _copy(self, source: Path) -> None:
        for path in sorted(source.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                if path.suffix == ".typ":
                    _refuse_packages(path)
                shutil.copyfile(path, self.path / path.name)
                self.places[path.name] = path

    def put(self, name: str, text: str) -> None:
        """Write a file that is of one document only, where it is not there already."""
        if self._put.get(name) != text:
            (self.path / name).write_text(text, encoding="utf-8")
            self._put[name] = text

    def own_texts(self) -> list[str]:
        """What the templates themselves may print, for the check of its letters."""
        return [path.read_text() for path in sorted(self.path.glob("*.typ"))]

    def fingerprint(self) -> str:
        """The hash of all files: documents of equal data and equal fingerprint are equal."""
        digest = hashlib.sha256()
        for path in sorted(self.path.iterdir()):
            if path.name in self._put:
                continue
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def explain(self, diagnostic: str) -> str:
        """A diagnostic of the typesetter with the places of the operator's files instead of our copies.

        It counts columns from 0; we, as editors do, from 1.
        """

        def place_of(found: re.Match[str]) -> str:
            name, line, column = found.groups()
            return f"{self.places.get(name, name)}:{line}:{int(column) + 1}"

        return _PLACE.sub(place_of, diagnostic)

    def close(self) -> None:
        """Remove the folder."""
        self._temporary.cleanup()


def _refuse_packages(path: Path) -> None:
    """A template loads nothing from elsewhere: documents would depend on what a network gives."""
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        raise ConfigError([Issue(path, 0, 0, "not a UTF-8 text")]) from None
    for number, line in enumerate(lines, 1):
        found = _PACKAGE.search(line)
        if found and "import" in line:
            hint = "put the package's files beside the template and import them by name"
            raise ConfigError(
                [Issue(path, number, found.start() + 1, "templates import no packages from a network", hint)]
            )
