"""The JSON Schema for editors has nothing against catalogues that are right, written with or without quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from config.catalogue_schema import catalogue_json_schema

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = [
    *sorted((ROOT / "tests" / "config" / "operators").iterdir()),
    ROOT / "config" / "examples" / "small_mvno",
]
PAGES: Final = sorted((ROOT / "docs" / "tariffs").glob("*.md"))
SCHEMA: Final[dict[str, Any]] = json.loads(catalogue_json_schema())
TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
SILENT: Final = {"title", "description", "examples", "$schema", "$defs", "default"}


class Editor(yaml.BaseLoader):
    """YAML as editors read it (1.2): what looks like a number or a truth value is one."""


def _typed(tag: str, pattern: str, first: str, make: Any) -> None:
    Editor.add_implicit_resolver(tag, re.compile(pattern), list(first))
    Editor.add_constructor(tag, lambda _, node: make(node.value))


_typed("tag:yaml.org,2002:bool", r"^(true|false)$", "tf", lambda text: text == "true")
_typed("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789", int)
_typed("tag:yaml.org,2002:float", r"^[-+]?[0-9]*\.[0-9]+$", "-+.0123456789", float)


def wrong(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """What a schema has against a value."""
    for keyword, asked in schema.items():
        if keyword == "$ref":
            yield from wrong(value, SCHEMA["$defs"][asked.rpartition("/")[2]])
        elif keyword == "anyOf":
            ways = [list(wrong(value, way)) for way in asked]
            if all(ways):
                yield min(ways, key=len)[0]
        elif keyword == "type":
            known = tuple(
                kind for name in ([asked] if isinstance(asked, str) else asked) for kind in TYPES[name]
            )
            if not isinstance(value, known) or (isinstance(value, bool) and bool not in known):
                yield f"{value!r} is no {asked}"
        elif keyword == "enum":
            if value not in asked:
                yield f"{value!r} is none of {asked}"
        elif keyword == "const":
            if value != asked:
                yield f"{value!r} is not {asked}"
        elif keyword in {"minimum", "maximum"}:
            if isinstance(value, int) and (value - asked) * (1 if keyword == "minimum" else -1) < 0:
                yield f"{value} is beyond {asked}"
        elif keyword == "minItems":
            if isinstance(value, list) and len(value) < asked:
                yield "too short"
        elif keyword == "items":
            for entry in value if isinstance(value, list) else []:
                yield from wrong(entry, asked)
        elif keyword == "required":
            yield from (f"{name} is missing" for name in asked if isinstance(value, dict) and name not in value)
        elif keyword in {"properties", "additionalProperties"}:
            yield from wrong_members(value, keyword, schema)
        else:
            assert keyword in SILENT, keyword


def wrong_members(value: Any, keyword: str, schema: dict[str, Any]) -> Iterator[str]:
    """What a schema has against the members of a mapping."""
    known = schema.get("properties", {})
    for name, member in value.items() if isinstance(value, dict) else []:
        if keyword == "properties" and name in known:
            yield from wrong(member, known[name])
        elif keyword == "additionalProperties" and name not in known:
            if schema[keyword] is False:
                yield f"{name} is unknown"
            elif isinstance(schema[keyword], dict):
                yield from wrong(member, schema[keyword])


def texts_of(source: Path) -> list[str]:
    """The YAML of a folder's files or of a page."""
    if source.is_dir():
        return [path.read_text() for path in sorted(source.glob("*.yaml"))]
    return re.findall(r"```yaml\n(.*?)```", source.read_text(), re.DOTALL)


@pytest.mark.parametrize("source", [*FOLDERS, *PAGES], ids=lambda source: source.stem)
@pytest.mark.parametrize("loader", [yaml.BaseLoader, Editor])
def test_an_editor_has_nothing_against_what_is_right(source: Path, loader: type[yaml.BaseLoader]) -> None:
    """Whatever stands without quotes is a number to an editor; with quotes everything is a text."""
    for text in texts_of(source):
        assert list(wrong(yaml.load(text, loader), SCHEMA)) == []  # noqa: S506  (loaders of texts and numbers)


@pytest.mark.parametrize(
    "text",
    [
        "plans: { p: { name: x, currency: EUR, voices: free, data: [{ prize: free }] } }",
        "numbering: { country: [49] }",
        "calendars: { c: { bands: { b: { days: 7 } }, zone: nowhere } }",
        "rate_decks: { d: { currency: EUR } }",
        "exchange_rates: { from: USD }",
    ],
)
def test_an_editor_marks_what_is_wrong(text: str) -> None:
    """Unknown and missing keys, lists for texts, unknown words."""
    assert list(wrong(yaml.load(text, Editor), SCHEMA))  # noqa: S506
