"""The pages about tariffs are true: every snippet is a catalogue that loads, and its examples hold."""

import re
from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue
from config.issue_codes import ISSUE_CODES

PAGES = sorted((Path(__file__).parents[2] / "docs" / "tariffs").glob("*.md"))
WITHOUT = {"checking", "trying"}
"""Pages about commands."""
SNIPPET = re.compile(r"```(yaml|csv)(?: (\S+))?\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_snippets_load(page: Path, tmp_path: Path) -> None:
    """A page's YAML and CSV make a catalogue without mistake or warning, and all of its examples are right."""
    found = SNIPPET.findall(page.read_text())
    assert bool(found) == (page.stem not in WITHOUT)
    for number, (kind, name, text) in enumerate(found):
        file = tmp_path / (name or f"snippet{number}.{kind}")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    if found:
        checked = check_catalogue(tmp_path)
        assert [str(issue) for issue in checked.issues] == []
        assert len(checked.examples) == sum(text.count("costs:") + text.count("refused:") for *_, text in found)


def test_links_between_pages_resolve() -> None:
    """Every link of a page finds its file."""
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_number_of_an_issue_is_explained() -> None:
    """The page about checking has each number with its meaning, and the code uses no other."""
    text = next(page for page in PAGES if page.stem == "checking").read_text()
    for code, meaning in ISSUE_CODES.items():
        assert f"| {code} | {meaning} |" in text
    sources = "\n".join(path.read_text() for path in (PAGES[0].parents[2] / "config").glob("*.py"))
    used = set(re.findall(r'"(T[0-9]{3})"', sources))
    assert used == set(ISSUE_CODES)
