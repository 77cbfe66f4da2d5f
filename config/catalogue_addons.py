"""Add-ons: bundles that a subscriber buys beside a plan."""

from __future__ import annotations

from typing import NamedTuple

from config.catalogue_offers import OfferReader
from config.issues import TextError, did_you_mean
from config.named import Entry, entries_of, refuse
from config.offer_schema import AddonText
from config.piece_reader import IssueCollector, read_piece
from config.rule_conditions import ConditionReader, Scope
from config.surroundings import Surroundings
from config.text_pieces import identifier
from config.yaml_nodes import Document
from rating.bundles import BundleDefinition
from rating.fees import ACTIVATION, ONCE, Fee
from rating.offers import Addon


class ReadAddon(NamedTuple):
    """An add-on as it was read, with the scopes of its bundles."""

    addon: Addon
    bundles: list[tuple[Scope, BundleDefinition]]


def read_addons(
    issues: IssueCollector,
    documents: list[Document],
    plan_ids: frozenset[str],
    shared: Surroundings,
    conditions: ConditionReader,
) -> dict[str, ReadAddon]:
    """Every add-on under ``addons``, by its id."""
    found: dict[str, ReadAddon] = {}
    for entry in entries_of(issues, documents, "addons"):
        try:
            identifier(entry.name)
        except TextError as error:
            issues.add(entry.document.issue(entry.location, str(error), error.hint, "T106", at_key=True))
        if entry.name in plan_ids or entry.name in found:
            message = (
                f"{entry.name!r} is the name of {'a plan' if entry.name in plan_ids else 'an add-on'} already"
            )
            issues.add(entry.document.issue(entry.location, message, code="T107", at_key=True))
        addon = _read_addon(issues, entry, plan_ids, shared, conditions)
        if addon is not None:
            found[entry.name] = addon
    return found


def _read_addon(
    issues: IssueCollector,
    entry: Entry,
    plan_ids: frozenset[str],
    shared: Surroundings,
    conditions: ConditionReader,
) -> ReadAddon | None:
    document, at = entry.document, entry.location
    text = read_piece(issues, document, AddonText, entry.data, at)
    if text is None or not isinstance(entry.data, dict):
        return None
    reader = OfferReader(issues, document, entry.name, at, text.currency, shared, conditions)
    bundles = reader.bundles(entry.data)
    fees = reader.fees(entry.data, "")
    place = shared.place(document, at)
    if text.fee is not None:
        if text.fee.currency != text.currency:
            message = f"a fee in {text.fee.currency}, but the add-on's currency is {text.currency}"
            issues.add(document.issue((*at, "fee"), message, code="T109"))
        fees.insert(0, Fee(f"{entry.name}/fee", text.fee.micros, every=ONCE, event=ACTIVATION, place=place))
    if not bundles:
        issues.add(document.issue(at, "the add-on has no bundles", "what does one buy?", "T101", at_key=True))
    for index, name in enumerate(text.plans or []):
        if name not in plan_ids:
            where = (*at, "plans", index)
            location = where if where in document.values else where[:-1]
            error = TextError(f"there is no plan {name!r}", did_you_mean(name, plan_ids), "T201")
            refuse(issues, document, location, error)
    plans = None if text.plans is None else frozenset(text.plans)
    life_ms = (text.valid_for or 0) * 1000
    definitions = [bundle for _, bundle in bundles]
    if reader.by_bonus:
        entry = next(iter(reader.by_bonus.values()))
        issues.add(document.issue((*entry.location, "given"), "an add-on has no bonuses", "remove it", "T108"))
    for bundle in definitions:
        if bundle.valid_for_s == 0:
            bundle.valid_for_s = text.valid_for or 0
    addon = Addon(entry.name, text.name, text.currency, fees, definitions, life_ms, plans, place)
    return ReadAddon(addon, bundles)
