"""A folder of YAML files (or one file) read into a catalogue: all of it, or all that is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.catalogue_addons import ReadAddon, read_addons
from config.catalogue_examples import read_examples, run_examples
from config.catalogue_grants import GrantLevel
from config.catalogue_plans import PlanReader, PlanSurroundings
from config.catalogue_schema import PLAN_KEYS, CatalogueText, GrantText
from config.catalogue_version import version_of_content
from config.example_reader import Example
from config.issues import ConfigError, Issue, TextError, did_you_mean
from config.kept_pieces import KeptPieces, PlanContent
from config.named import entries_of
from config.piece_reader import IssueCollector, read_list, read_mapping, read_piece
from config.rule_conditions import ConditionReader
from config.surroundings import Surroundings, read_surroundings, warn_of_unused
from config.text_pieces import apn, identifier, texts
from config.yaml_nodes import Data, Document, Location, read_yaml_files
from rating.catalogue import Catalogue, Plan

_SERVICE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_CONTEXT: Final = re.compile(r"[!-~]{1,255}")
_ONCE: Final = ("emergency_apns", "grant", "numbering", "service_contexts", "services", "time_zone")


@dataclass
class CheckedCatalogue:
    """What a check found: the catalogue (None where there is an error), its examples, errors and warnings.

    ``unlisted`` counts the issues beyond those in ``issues``. ``conditions`` reads what a usage may be.
    ``documents`` are the files' texts and ``lost`` what was made of them that nobody needs: a catalogue with
    errors, plans that equal ones of before stand for. ``kept`` are pieces for the next one that is read.
    """

    catalogue: Catalogue | None
    examples: list[Example]
    issues: list[Issue]
    unlisted: int = 0
    conditions: ConditionReader | None = None
    documents: list[Document] = field(default_factory=list)
    kept: KeptPieces = field(default_factory=KeptPieces)
    lost: list[object] = field(default_factory=list)


def load_catalogue(path: Path) -> Catalogue:
    """The catalogue of a folder's ``*.yaml`` and ``*.yml`` files, or of one file, its examples proved.

    ConfigError with every issue of every file; then nothing was loaded. Warnings alone do not hinder.
    """
    checked = check_catalogue(path)
    if checked.catalogue is None:
        raise ConfigError(checked.issues, checked.unlisted)
    return checked.catalogue


def check_catalogue(path: Path, before: KeptPieces | None = None) -> CheckedCatalogue:
    """Read a catalogue as ``load_catalogue`` does, and keep warnings and examples too.

    ``before`` are the pieces of one that is in use: what did not change is taken over from it.
    """
    try:
        files = catalogue_files(path)
    except ConfigError as error:
        return CheckedCatalogue(None, [], error.issues)
    before = KeptPieces() if before is None else before
    return _CatalogueReader(read_yaml_files(files), before).read()


def catalogue_files(path: Path) -> list[Path]:
    """The files that make up a catalogue, in order; ConfigError where there are none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ConfigError([Issue(path, 0, 0, "there is no such file or folder", code="T001")])
    names = (
        file for file in path.iterdir() if file.suffix in {".yaml", ".yml"} and not file.name.startswith(".")
    )
    files = sorted(names)
    if not files:
        raise ConfigError([Issue(path, 0, 0, "the folder has no *.yaml file", "a catalogue is YAML", "T001")])
    return files


class _CatalogueReader:
    """Brings the documents of a catalogue together."""

    def __init__(self, documents: list[Document], before: KeptPieces) -> None:
        self._documents = documents
        self._before = before
        self._contents: dict[int, PlanContent] = {}
        self._issues = IssueCollector(issue for document in documents for issue in document.issues)

    def read(self) -> CheckedCatalogue:
        self._check_keys()
        contexts = self._service_contexts()
        services = frozenset(contexts.values()) | self._services()
        emergency_apns = self._emergency_apns()
        grants = self._grants()
        shared = read_surroundings(self._issues, self._documents, self._before)
        complete = bool(services) and not any(document.broken for document in self._documents)
        known = services if complete else None
        conditions = ConditionReader(self._issues, shared.zones, shared.numbering, known)
        plan_ids = frozenset(entry.name for entry in entries_of(self._issues, self._documents, "plans"))
        addons = read_addons(self._issues, self._documents, plan_ids, shared, conditions)
        around = PlanSurroundings(known, grants, shared, conditions, [])
        versions = self._plans(around, addons)
        warn_of_unused(self._issues, self._documents, shared)
        catalogue = self._made(versions, contexts, emergency_apns, shared, addons)
        examples = read_examples(self._issues, self._documents, catalogue, conditions)
        if not self._issues.has_errors:
            self._issues.add_all(run_examples(catalogue, examples))
        issues, unlisted = self._issues.in_order(), self._issues.unlisted
        checked = CheckedCatalogue(None, examples, issues, unlisted, conditions, self._documents)
        if self._issues.has_errors:
            checked.lost = [catalogue]
            return checked
        checked.catalogue = catalogue
        decks = shared.decks.items()
        checked.kept, checked.lost = self._before.followed_by(catalogue, self._contents, decks, shared.tables)
        return checked

    def _made(
        self,
        versions: dict[str, list[Plan]],
        contexts: dict[bytes, str],
        emergency_apns: frozenset[bytes],
        shared: Surroundings,
        addons: dict[str, ReadAddon],
    ) -> Catalogue:
        catalogue = Catalogue(
            "",
            {plan_id: dated[-1] for plan_id, dated in versions.items()},
            contexts,
            emergency_apns,
            versions={
                plan_id: dated
                for plan_id, dated in versions.items()
                if len(dated) > 1 or dated[0].valid_from_ms
            },
            destinations=shared.tables["destinations"],
            networks=shared.tables["networks"],
            locations=shared.tables["locations"],
            exchange=shared.exchange,
            numbering=shared.numbering,
            addons={addon_id: read.addon for addon_id, read in addons.items()},
            decks={name: priced.deck for name, priced in shared.decks.items()},
            zone=shared.zone,
        )
        if not self._issues.has_errors:
            digests = {name: priced.digest for name, priced in shared.decks.items()}
            calendars = dict(shared.calendars.items())
            catalogue.version, self._contents = version_of_content(catalogue, digests, calendars)
        return catalogue

    def _check_keys(self) -> None:
        first: dict[str, Document] = {}
        for document in self._documents:
            for key in document.data:
                if key not in CatalogueText.model_fields:
                    hint = did_you_mean(key, CatalogueText.model_fields)
                    self._issues.add(document.issue((key,), f"unknown key {key!r}", hint, "T102", at_key=True))
                elif key in _ONCE and key in first:
                    message = f"{key!r} was given already in {first[key].source}"
                    self._issues.add(document.issue((key,), message, code="T107", at_key=True))
                first.setdefault(key, document)
        if not any(document.broken for document in self._documents):
            if "services" in first:
                first.setdefault("service_contexts", first["services"])
            for key in ("service_contexts", "plans"):
                if key not in first:
                    self._issues.add(self._documents[0].issue((), f"{key!r} is missing", code="T101"))

    def _texts(self, document: Document, data: Data, location: Location) -> list[tuple[Location, str]]:
        """Each text of a value that may be one or a list, with its place."""
        try:
            found = texts(data)
        except TextError as error:
            self._issues.add(document.issue(location, str(error), error.hint, error.code))
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
                self._check_service(document, (*at, service), service, at_key=True)
                for place, suffix in self._texts(document, entry, (*at, service)):
                    key = suffix.encode(errors="replace")
                    if _CONTEXT.fullmatch(suffix) is None:
                        self._issues.add(document.issue(place, f"{suffix!r} is not a Service-Context-Id"))
                    elif key in contexts:
                        message = f"{suffix!r} belongs to service {contexts[key]!r} already"
                        self._issues.add(document.issue(place, message, code="T107"))
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
                    self._issues.add(document.issue(place, str(error), error.hint, error.code))
        return frozenset(apns)

    def _grants(self) -> list[GrantLevel]:
        levels = []
        for document in self._documents:
            if "grant" in document.data:
                grant = read_piece(self._issues, document, GrantText, document.data["grant"], ("grant",))
                if grant is not None:
                    levels.append(GrantLevel(grant, document, ("grant",)))
        return levels

    def _services(self) -> frozenset[str]:
        """The services that have no Service-Context-Id."""
        found = set()
        for document in self._documents:
            if "services" in document.data:
                for place, name in self._texts(document, document.data["services"], ("services",)):
                    self._check_service(document, place, name)
                    found.add(name)
        return frozenset(found)

    def _check_service(
        self, document: Document, location: Location, name: str, *, at_key: bool = False
    ) -> None:
        if _SERVICE.fullmatch(name) is None or name in PLAN_KEYS:
            message = f"{name!r} can not be the name of a service"
            hint = "small letters and digits, and no key that a plan has otherwise"
            self._issues.add(document.issue(location, message, hint, "T106", at_key=at_key))

    def _plans(self, around: PlanSurroundings, addons: dict[str, ReadAddon]) -> dict[str, list[Plan]]:
        """The versions of every plan, the oldest first."""
        found: dict[str, list[Plan]] = {}
        places: dict[str, Document] = {}
        for document in self._documents:
            data = read_mapping(self._issues, document, document.data.get("plans", {}), ("plans",))
            for plan_id, entry in data.items():
                at = ("plans", plan_id)
                try:
                    identifier(plan_id)
                except TextError as error:
                    self._issues.add(document.issue(at, str(error), error.hint, "T106", at_key=True))
                if plan_id in places:
                    message = f"plan {plan_id!r} is in {places[plan_id].source} already"
                    self._issues.add(document.issue(at, message, code="T107", at_key=True))
                places.setdefault(plan_id, document)
                around.offered = [
                    bundle
                    for read in addons.values()
                    if read.addon.plans is None or plan_id in read.addon.plans
                    for bundle in read.bundles
                ]
                versions = self._versions(document, plan_id, entry, around)
                if versions:
                    found[plan_id] = versions
        return found

    def _versions(self, document: Document, plan_id: str, data: Data, around: PlanSurroundings) -> list[Plan]:
        at: Location = ("plans", plan_id)
        if not isinstance(data, list):
            plan = PlanReader(self._issues, document, plan_id, at, around).read(data)
            return [] if plan is None else [plan]
        dated: dict[int, tuple[Plan, Location]] = {}
        for index, entry in enumerate(read_list(self._issues, document, data, at)):
            place: Location = (*at, index)
            plan = PlanReader(self._issues, document, plan_id, place, around).read(entry)
            if plan is None:
                continue
            if plan.valid_from_ms in dated:
                line, _ = document.mark(dated[plan.valid_from_ms][1])
                message = f"the version of line {line} begins at the same time"
                self._issues.add(document.issue(place, message, "each has its 'valid_from'", "T107"))
            elif dated and plan.currency != next(iter(dated.values()))[0].currency:
                message = "the versions of a plan have one currency: its accounts have one"
                self._issues.add(document.issue((*place, "currency"), message, code="T109"))
            dated.setdefault(plan.valid_from_ms, (plan, place))
        return [dated[start][0] for start in sorted(dated)]
