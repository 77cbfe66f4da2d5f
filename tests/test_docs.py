"""The documentation is true: links resolve, every command and every setting is explained, examples run."""

import json
import re
from pathlib import Path

import click
import pytest

from config.settings_schema import Settings
from ocs import hotpath
from ocs.cdr.lines import numbered_lines
from ocs.cli import cli
from ocs.metrics import ServerMetrics
from ocs.metrics_export import ServerCollector
from tests.ocs.charging.building import initial, mscc, seed, termination
from tests.ocs.charging.stage import Stage

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)


def all_text() -> str:
    """README and docs in one."""
    return "\n".join(page.read_text() for page in PAGES)


def anchors_of(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def command_names(command: click.Command, path: str) -> list[str]:
    """A command and all its subcommands, as they are typed."""
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        found.extend(command_names(child, f"{path} {name}"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    """Every link to a file of ours finds it, and its heading where it names one."""
    broken = []
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors_of(path)):
            broken.append(target)

    assert broken == []


def test_every_command_is_explained() -> None:
    """Each command of ocs is named in the documentation, with its subcommand."""
    text = all_text()
    missing = [name for name in command_names(cli, "ocs") if name not in text]

    assert missing == []


def test_every_command_has_help() -> None:
    """Each command says in a sentence what it does."""

    def walk(command: click.Command, path: str) -> list[str]:
        own = [] if command.help else [path]
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                own.extend(walk(child, f"{path} {name}"))
        return own

    assert walk(cli, "ocs") == []


def test_every_setting_is_explained() -> None:
    """Each setting is in docs/operate.md under its group, and no other is."""
    text = (ROOT / "docs" / "operate.md").read_text()
    rows = dict(re.findall(r"^\| `\[(\w+)\]` \| (.*) \|$", text, re.MULTILINE))
    documented = {group: re.findall(r"`(\w+)`", names) for group, names in rows.items()}
    existing = {group: list(type(getattr(Settings(), group)).model_fields) for group in Settings.model_fields}

    assert documented == existing


async def test_records_have_the_documented_fields_and_no_others() -> None:
    """docs/records.md lists what a record holds, down to the members of its charges and requests."""
    text = (ROOT / "docs" / "records.md").read_text()
    rows = dict(re.findall(r"^\| (`.*?) \| (.*) \|$", text, re.MULTILINE))
    documented = {name for names in rows for name in re.findall(r"`(\w+)(?:\[\])?`", names)}
    stage = Stage()
    seed(stage.store)
    stage.send(initial(mscc(want=100)))
    stage.send(termination(1, mscc(used=50)))
    (event,) = await stage.store.outbox_read(1, 2)
    record = json.loads(numbered_lines(1, [event]))

    assert documented == set(record)
    assert set(record["charges"][0]) <= set(re.findall(r"`(\w+)`", rows["`charges[]`"]))
    assert set(record["requests"]) <= set(re.findall(r"`(\w+)`", rows["`requests`"]))


def test_every_metric_is_explained() -> None:
    """Each family that Prometheus is told of is in docs/operate.md by the name it has there, and no other."""
    table = (ROOT / "docs" / "operate.md").read_text().partition("| metric |")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`(ocs_\w+)", table))
    suffixes = {"counter": "_total", "info": "_info"}
    families = ServerCollector(ServerMetrics(), {}).collect()

    assert documented == {family.name + suffixes.get(family.type, "") for family in families}


def test_every_place_of_the_architecture_exists() -> None:
    """The folders of the map are there, and no package is missing from it."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    cells = re.findall(r"^\| (`[^|]*/[^|]*) \|", text.partition("## The way")[0], re.MULTILINE)
    named = {re.sub(r"/(\*\.py)?$", "", name) for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    packages = {
        str(path.parent.relative_to(ROOT))
        for folder in hotpath.PACKAGES
        for path in (ROOT / folder).rglob("__init__.py")
    }

    assert named == packages | {"bench", "tests"}


def test_every_make_target_of_the_readme_exists() -> None:
    """What README and docs tell to make can be made."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", all_text(), re.MULTILINE))

    assert {first or second for first, second in named} <= targets
