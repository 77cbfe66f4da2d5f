"""A folder of YAML files (or one file) read into a catalogue: all of it, or all that is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from config.catalogue_grants import GrantLevel
from config.catalogue_plans import PlanReader
from config.catalogue_schema import PLAN_KEYS, CatalogueText, GrantText, apn, identifier, texts
from config.catalogue_version import version_of_content
from config.issues import ConfigError, Issue, TextError, did_you_mean
from config.piece_reader import IssueCollector, read_mapping, read_piece
from config.yaml_nodes import Data, Document, Location, read_yaml
from rating.catalogue import Catalogue, Plan

_SERVICE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_CONTEXT: Final = re.compile(r"[!-~]{1,255}")
_ONCE: Final = ("emergency_apns", "grant", "service_contexts")


def load_catalogue(path: Path) -> Catalogue:
    """The catalogue of a folder's ``*.yaml`` and ``*.yml`` files, or of one file.

    ConfigError with every issue of every file; then nothing was loaded.
    """
    files = catalogue_files(path)
    return _CatalogueReader([read_yaml(file) for file in files]).read()


def catalogue_files(path: Path) -> list[Path]:
    """The files that make up a catalogue, in order; ConfigError where there are none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ConfigError([Issue(path, 0, 0, "there is no such file or folder")])
    names = (
        file for file in path.iterdir() if file.suffix in {".yaml", ".yml"} and not file.name.startswith(".")
    )
    files = sorted(names)
    if not files:
        raise ConfigError([Issue(path, 0, 0, "the folder has no *.yaml file", "a catalogue is YAML")])
    return files


class _CatalogueReader:
    """Brings the documents of a catalogue together."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents = documents
        self._issues = IssueCollector(issue for document in documents for issue in document.issues)

    def read(self) -> Catalogue:
        self._check_keys()
        contexts = self._service_contexts()
        emergency_apns = self._emergency_apns()
        grants = self._grants()
        plans = self._plans(contexts, grants)
        issues = self._issues.in_order()
        if issues:
            raise ConfigError(issues)
        version = version_of_content(plans, contexts, emergency_apns)
        return Catalogue(version, plans, contexts, emergency_apns)

    def _check_keys(self) -> None:
        first: dict[str, Document] = {}
        for document in self._documents:
            for key in document.data:
                if key not in CatalogueText.model_fields:
                    hint = did_you_mean(key, CatalogueText.model_fields)
                    self._issues.add(document.issue((key,), f"unknown key {key!r}", hint, at_key=True))
                elif key in _ONCE and key in first:
                    message = f"{key!r} was given already in {first[key].source}"
                    self._issues.add(document.issue((key,), message, at_key=True))
                first.setdefault(key, document)
        if not any(document.broken for document in self._documents):
            for key in ("service_contexts", "plans"):
                if key not in first:
                    self._issues.add(self._documents[0].issue((), f"{key!r} is missing"))

    def _texts(self, document: Document, data: Data, location: Location) -> list[tuple[Location, str]]:
        """Each text of a value that may be one or a list, with its place."""
        try:
            found = texts(data)
        except TextError as error:
            self._issues.add(document.issue(location, str(error), error.hint))
            return []
        if isinstance(data, str):
            return [(location, data)]
        return [((*location, index), text) for index, text in enumerate(found)]

    def _service_contexts(self) -> dict[bytes, str]:
        contexts: dict[bytes, str] = {}
        for document in self._documents:
            at: Location = ("service_contexts",)
            data = document.data.get("service_contexts", {})
            for service, entry in read_mapping(self._issues, document, data, at).items():
                if _SERVICE.fullmatch(service) is None or service in PLAN_KEYS:
                    message = f"{service!r} can not be the name of a service"
                    hint = "small letters and digits, and no key that a plan has otherwise"
                    self._issues.add(document.issue((*at, service), message, hint, at_key=True))
                for place, suffix in self._texts(document, entry, (*at, service)):
                    key = suffix.encode(errors="replace")
                    if _CONTEXT.fullmatch(suffix) is None:
                        self._issues.add(document.issue(place, f"{suffix!r} is not a Service-Context-Id"))
                    elif key in contexts:
                        message = f"{suffix!r} belongs to service {contexts[key]!r} already"
                        self._issues.add(document.issue(place, message))
                    contexts.setdefault(key, service)
        return contexts

    def _emergency_apns(self) -> frozenset[bytes]:
        apns = set()
        for document in self._documents:
            if "emergency_apns" not in document.data:
                continue
            for place, text in self._texts(document, document.data["emergency_apns"], ("emergency_apns",)):
                try:
                    apns.add(apn(text))
                except TextError as error:
                    self._issues.add(document.issue(place, str(error), error.hint))
        return frozenset(apns)

    def _grants(self) -> list[GrantLevel]:
        levels = []
        for document in self._documents:
            if "grant" in document.data:
                grant = read_piece(self._issues, document, GrantText, document.data["grant"], ("grant",))
                if grant is not None:
                    levels.append(GrantLevel(grant, document, ("grant",)))
        return levels

    def _plans(self, contexts: dict[bytes, str], grants: list[GrantLevel]) -> dict[str, Plan]:
        complete = contexts and not any(document.broken for document in self._documents)
        services = frozenset(contexts.values()) if complete else None
        plans: dict[str, Plan] = {}
        places: dict[str, Document] = {}
        for document in self._documents:
            data = read_mapping(self._issues, document, document.data.get("plans", {}), ("plans",))
            for plan_id, entry in data.items():
                at = ("plans", plan_id)
                try:
                    identifier(plan_id)
                except TextError as error:
                    self._issues.add(document.issue(at, str(error), error.hint, at_key=True))
                if plan_id in places:
                    message = f"plan {plan_id!r} is in {places[plan_id].source} already"
                    self._issues.add(document.issue(at, message, at_key=True))
                places.setdefault(plan_id, document)
                plan = PlanReader(self._issues, document, plan_id, services, grants).read(entry)
                if plan is not None:
                    plans[plan_id] = plan
        return plans
