"""Catalogue files for tests: a folder of named texts, and the words of what is wrong with it."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from config.catalogue_file import load_catalogue
from config.issues import ERROR, ConfigError
from rating.catalogue import Catalogue

HEAD = "service_contexts: {data: 32251@3gpp.org, voice: 32260@3gpp.org}\n"


def write_files(folder: Path, **texts: str) -> Path:
    """Write ``name.yaml`` for every name."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(dedent(text))
    return folder


def load_plan_rules(folder: Path, rules: str, plan: str = "name: x, currency: EUR") -> Catalogue:
    """A catalogue of the one plan ``p`` whose rules for data are given in flow form."""
    write_files(folder, c=f"{HEAD}plans: {{p: {{{plan}, data: [{rules}]}}}}\n")
    return load_catalogue(folder)


def words_of(path: Path, folder: Path) -> list[str]:
    """The errors of a catalogue that is refused, with places relative to a folder, without their codes."""
    with pytest.raises(ConfigError) as caught:
        load_catalogue(path)
    errors = [issue for issue in caught.value.issues if issue.severity == ERROR]
    return [without_code(str(issue)).replace(f"{folder}/", "") for issue in errors]


def without_code(words: str) -> str:
    """The words of an issue without the number of its kind."""
    return re.sub(r": T[0-9]{3} ", ": ", words, count=1)
