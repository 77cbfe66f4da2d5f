"""The server's settings: a TOML file over the defaults, checked whole, with the line of every mistake."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.issues import ConfigError, Issue, TextError, did_you_mean
from config.settings_schema import PEERS_TAGS, PeerEntry, RecordSeries, Settings

__all__ = ["Settings", "load_settings", "places_of_keys"]

_HEADER: Final = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?")
_KEY: Final = re.compile(r"(\s*)([A-Za-z0-9_\-\"'. ]+?)\s*=")
_SYNTAX: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)")

_WANTED: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "a table",
}

Place = tuple[int, int]


def load_settings(path: Path | None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a TOML file over the defaults (None = the defaults), and of the command line over both.

    ``overrides`` are named by dotted name, such as ``{"store.url": "memory:"}``. ConfigError with every issue.
    """
    data: dict[str, Any] = {}
    text = ""
    if path is not None:
        text = _read(path)
        data = _parse(path, text)
    overridden = set()
    for name, value in (overrides or {}).items():
        group, _, key = name.partition(".")
        if isinstance(data.setdefault(group, {}), dict):
            data[group][key] = value
            overridden.add((group, key))
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        places = places_of_keys(text)
        issues = {_issue(path, places, overridden, detail): None for detail in error.errors(include_url=False)}
        raise ConfigError(sorted(issues, key=lambda issue: (issue.line, issue.column))) from None


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Issue(path, 0, 0, f"can not be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Issue(path, line, 0, "the file is not UTF-8")]) from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        line, column = (int(found.group(2)), int(found.group(3))) if found else (text.count("\n") + 1, 0)
        message = found.group(1) if found else str(error).removesuffix(" (at end of document)")
        hint = "texts need quotes in TOML" if message == "Invalid value" else ""
        raise ConfigError([Issue(path, line, column, message, hint)]) from None


def places_of_keys(text: str) -> dict[tuple[str | int, ...], Place]:
    """Line and column of every ``[table]`` and ``key =``, found by scanning: tomllib forgets them."""
    places: dict[tuple[str | int, ...], Place] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(line)
        key = _KEY.match(line)
        if header is not None:
            table = _dotted(header.group(1))
            if line.lstrip().startswith("[["):
                table = (*table, sum(at[:-1] == table and isinstance(at[-1], int) for at in places if at))
            places.setdefault(table, (number, line.index("[") + 1))
        elif key is not None:
            places.setdefault((*table, *_dotted(key.group(2))), (number, len(key.group(1)) + 1))
    return places


def _dotted(name: str) -> tuple[str | int, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _issue(
    path: Path | None,
    places: Mapping[tuple[str | int, ...], Place],
    overridden: set[tuple[str, str]],
    detail: ErrorDetails,
) -> Issue:
    location = tuple(part for part in detail["loc"] if part not in PEERS_TAGS)
    message, hint = _words(location, detail)
    if location[:2] in overridden:
        return Issue("command line", 0, 0, message, hint)
    at = location
    while at and at not in places:
        at = at[:-1]
    return Issue(path or "settings", *places.get(at, (0, 0)), message, hint)


def _words(location: tuple[str | int, ...], detail: ErrorDetails) -> tuple[str, str]:
    name = ".".join(str(part) for part in location)
    context: dict[str, Any] = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, TextError):
        return f"{name}: {cause}", cause.hint
    if detail["type"] == "extra_forbidden":
        known = _model_at(location[:-1]).model_fields
        what = "table" if len(location) == 1 else "setting"
        return f"unknown {what} {name!r}", did_you_mean(str(location[-1]), known)
    if detail["type"] == "literal_error":
        return f"{name}: {detail['input']!r} is not one of {context['expected']}", ""
    if detail["type"] in _WANTED:
        return f"{name}: {detail['input']!r} is not {_WANTED[detail['type']]}", ""
    if detail["type"] == "greater_than_equal":
        return f"{name}: {detail['input']} is below {context['ge']}", ""
    if detail["type"] == "less_than_equal":
        return f"{name}: {detail['input']} is over {context['le']}", ""
    return f"{name}: {detail['msg']}", ""


def _model_at(location: tuple[str | int, ...]) -> type[BaseModel]:
    if not location:
        return Settings
    if len(location) > 1:
        return RecordSeries if location[0] == "records" else PeerEntry
    return type(getattr(Settings(), str(location[0])))
