"""Checks one mapping of a document against its model and says what is wrong in our words, with places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.issues import WARNING, Issue, TextError, did_you_mean
from config.yaml_nodes import Data, Document, Location

MOST_ERRORS: Final = 1000
MOST_WARNINGS: Final = 200
"""Issues of a catalogue that are kept; more tell nobody more."""
NOT_A_MAPPING: Final = "a mapping (key: value) is expected here"

Model = TypeVar("Model", bound=BaseModel)


class IssueCollector:
    """The issues of a whole catalogue, each once. ``issues_of_form`` are those of the YAML itself.

    What could not be read leaves no value, so nothing more is said about the places of the latter.
    """

    def __init__(self, issues_of_form: Iterable[Issue]) -> None:
        self._errors = dict.fromkeys(issues_of_form)
        self._warnings: dict[Issue, None] = {}
        self._unread = {issue.place for issue in self._errors}
        self.unlisted = 0

    def add(self, issue: Issue) -> None:
        """Keep an issue; beyond MOST_ERRORS and MOST_WARNINGS they are only counted, in ``unlisted``."""
        warning = issue.severity == WARNING
        found, most = (self._warnings, MOST_WARNINGS) if warning else (self._errors, MOST_ERRORS)
        if issue.place in self._unread or issue in found:
            return
        if len(found) >= most:
            self.unlisted += 1
        else:
            found[issue] = None

    def add_all(self, issues: Iterable[Issue], unlisted: int = 0) -> None:
        """Keep issues of another reader, and count those that it did not list."""
        for issue in issues:
            self.add(issue)
        self.unlisted += unlisted

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong beyond warnings."""
        return bool(self._errors)

    def in_order(self) -> list[Issue]:
        """All of them by file, line and column."""
        found = [*self._errors, *self._warnings]
        return sorted(found, key=lambda issue: (str(issue.source), issue.line, issue.column))


def read_mapping(issues: IssueCollector, document: Document, data: Data, location: Location) -> dict[str, Data]:
    """The data as a mapping; an issue, and an empty mapping, where it is none."""
    if isinstance(data, dict):
        return data
    issues.add(document.issue(location, NOT_A_MAPPING, code="T103"))
    return {}


def read_list(issues: IssueCollector, document: Document, data: Data, location: Location) -> list[Data]:
    """The data as a list; an issue, and an empty list, where it is none or has nothing in it."""
    if isinstance(data, list) and data:
        return data
    message = "the list is empty" if isinstance(data, list) else "a list is expected here"
    issues.add(document.issue(location, message, "start each entry with '- '", "T103"))
    return []


def read_piece(
    issues: IssueCollector, document: Document, model: type[Model], data: Data, location: Location
) -> Model | None:
    """The checked model of a mapping; None, and issues, where anything in it is wrong."""
    if not isinstance(data, dict):
        read_mapping(issues, document, data, location)
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            issues.add(_issue_of(document, model, location, detail))
        return None


def _issue_of(document: Document, model: type[BaseModel], location: Location, detail: ErrorDetails) -> Issue:
    at: Location = (*location, *detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, TextError):
        return document.issue(at, str(cause), cause.hint, cause.code)
    if detail["type"] == "missing":
        message = f"{at[-1]!r} is missing"
        return document.issue(location, message, _description(model, str(at[-1])), "T101", at_key=True)
    if detail["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in model.model_fields.items()]
        hint = did_you_mean(str(at[-1]), known)
        return document.issue(at, f"unknown key {at[-1]!r}", hint, "T102", at_key=True)
    if detail["type"] == "literal_error":
        return document.issue(at, f"{detail['input']!r} is not one of {context['expected']}", code="T105")
    if detail["type"] in {"model_type", "dict_type"}:
        return document.issue(at, NOT_A_MAPPING, code="T103")
    return document.issue(at, detail["msg"])


def _description(model: type[BaseModel], name: str) -> str:
    schema = model.model_json_schema()["properties"].get(name, {})
    examples = schema.get("examples")
    return f"add a line such as '{name}: {examples[0]}'" if examples else str(schema.get("description", ""))
