"""A YAML file of customers: ``cycles``, ``parties`` and ``accounts`` by id, and a list of ``subscriptions``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.issues import Issue, TextError, did_you_mean
from config.yaml_nodes import Data, Document, Location, read_yaml
from ocs.customers.loading.pieces import ACCOUNT, CYCLE, FIELDS, PARTY, SUBSCRIPTION, Issues, Piece, Token
from ocs.customers.loading.words import read_id

SECTIONS: Final = {"cycles": CYCLE, "parties": PARTY, "accounts": ACCOUNT, "subscriptions": SUBSCRIPTION}
_SEPARATORS: Final = {"address": "\n", "addons": " "}
"""Fields that may be lists, and what joins their entries."""


class YamlSource:
    """A YAML file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._document = Document(path)

    def issue(self, token: Token, kind: str, field: str, message: str, hint: str) -> Issue:
        """An issue at a field of a mapping, or at its key."""
        del kind
        assert isinstance(token, tuple)  # noqa: S101 - our own tokens
        if field and (*token, field) in self._document.values:
            return self._document.issue((*token, field), message, hint)
        return self._document.issue(token, message, hint, at_key=True)

    def pieces(self, issues: Issues) -> Iterator[Piece]:
        """What the file states; what has no right form adds issues and is left out."""
        self._document = read_yaml(self.path)
        for issue in self._document.issues:
            issues.add(issue)
        if self._document.broken:
            return
        for section, data in self._document.data.items():
            kind = SECTIONS.get(section)
            if kind is None:
                hint = did_you_mean(section, SECTIONS)
                issues.add(self._document.issue((section,), f"unknown key {section!r}", hint, at_key=True))
            elif kind == SUBSCRIPTION:
                yield from self._listed(section, data, issues)
            else:
                yield from self._named(section, kind, data, issues)

    def _named(self, section: str, kind: str, data: Data, issues: Issues) -> Iterator[Piece]:
        if not isinstance(data, dict):
            issues.add(self._document.issue((section,), "a mapping of ids is expected here"))
            return
        for name, content in data.items():
            at: Location = (section, name)
            texts = self._texts(at, kind, content, issues)
            if texts is not None and self._is_id(at, name, issues):
                yield Piece(self, at, issues, kind, name, texts)

    def _listed(self, section: str, data: Data, issues: Issues) -> Iterator[Piece]:
        if not isinstance(data, list):
            issues.add(
                self._document.issue((section,), "a list is expected here", "start each entry with '- '")
            )
            return
        for index, content in enumerate(data):
            at: Location = (section, index)
            texts = self._texts(at, SUBSCRIPTION, content, issues)
            if texts is not None:
                name = texts.pop("subscription", "") or texts.get("msisdn", "")
                yield Piece(self, at, issues, SUBSCRIPTION, name, texts)

    def _texts(self, at: Location, kind: str, content: Data, issues: Issues) -> dict[str, str] | None:
        if not isinstance(content, dict):
            issues.add(self._document.issue(at, "a mapping (key: value) is expected here"))
            return None
        known = (*FIELDS[kind], "subscription") if kind == SUBSCRIPTION else FIELDS[kind]
        texts = {}
        for field, value in content.items():
            if field not in known:
                hint = did_you_mean(field, known)
                issues.add(self._document.issue((*at, field), f"unknown key {field!r}", hint, at_key=True))
            elif isinstance(value, str):
                if value.strip():
                    texts[field] = value.strip()
            elif (
                isinstance(value, list) and field in _SEPARATORS and all(isinstance(one, str) for one in value)
            ):
                texts[field] = _SEPARATORS[field].join(str(one) for one in value)
            else:
                issues.add(self._document.issue((*at, field), f"{field}: a text is expected here"))
        return texts

    def _is_id(self, at: Location, name: str, issues: Issues) -> bool:
        try:
            read_id(name)
        except TextError as error:
            issues.add(self._document.issue(at, str(error), error.hint, at_key=True))
            return False
        return True
