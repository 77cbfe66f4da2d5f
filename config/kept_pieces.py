"""What a catalogue is made of, kept for the next one that is read: what did not change is in memory once.

A reload then costs neither the time to read unchanged decks nor the memory of a second catalogue, although the
one before is remembered for what was granted under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.rate_decks import PricedDeck
from rating.catalogue import Catalogue, Plan
from rating.giving_way import OFTEN, give_way
from rating.prefixes import PrefixZones


class PlanContent(NamedTuple):
    """What two versions of a plan have in common when one may stand for the other.

    ``plan`` is the hash of its own content, ``around`` that of what all plans refer to by name; ``decks`` are
    the identities of the decks that its rules lead to.
    """

    plan_id: str
    plan: str
    around: str
    decks: frozenset[int]


@dataclass
class KeptPieces:
    """Decks, zones and plans of a catalogue that is in use."""

    decks: dict[str, PricedDeck] = field(default_factory=dict)
    zones: Mapping[str, PrefixZones | None] = field(default_factory=dict)
    plans: dict[PlanContent, Plan] = field(default_factory=dict)

    def zones_like(self, key: str, zones: PrefixZones | None) -> PrefixZones | None:
        """The zones, which then share with those of before what both have."""
        before = self.zones.get(key)
        if zones is not None and before is not None:
            zones.share(before)
        return zones

    def followed_by(
        self,
        catalogue: Catalogue,
        contents: Mapping[int, PlanContent],
        decks: Iterable[tuple[str, PricedDeck]],
        zones: Mapping[str, PrefixZones | None],
    ) -> tuple[KeptPieces, list[object]]:
        """The pieces of the next catalogue, which nobody uses yet; its plans that those of before stand for.

        ``contents`` has the content of each of its plans by the plan's identity.
        """
        plans: dict[PlanContent, Plan] = {}
        lost: list[object] = []

        def settled(plan: Plan) -> Plan:
            content = contents[id(plan)]
            found = plans.setdefault(content, self.plans.get(content, plan))
            if found is not plan:
                lost.append(plan)
            return found

        for dated in catalogue.versions.values():
            dated[:] = [settled(plan) for plan in dated]
        for plan_id, plan in catalogue.plans.items():
            versions = catalogue.versions.get(plan_id)
            catalogue.plans[plan_id] = versions[-1] if versions else settled(plan)
        counted = {name: priced._replace(counted_before={}) for name, priced in decks}
        return KeptPieces(counted, zones, plans), lost


def content_of(plan: Plan, digest: str, around: str) -> PlanContent:
    """The content of a plan; ``digest`` is the hash of its own."""
    decks: set[int] = set()
    count = 0
    tables = [plan.rules, *plan.apn_rules.values()]
    listed = [list(table.values()) for by_service in tables for table in by_service.values()]
    for rules in [*listed, *(selector.rules for selector in plan.selectors.values())]:
        for rule in rules:
            count += 1
            if count % OFTEN == 0:
                give_way()
            tariff = rule.tariff
            if tariff is not None and tariff.deck is not None:
                decks.add(id(tariff.deck))
                decks.update(id(deck) for deck in tariff.band_decks)
    return PlanContent(plan.plan_id, digest, around, frozenset(decks))
