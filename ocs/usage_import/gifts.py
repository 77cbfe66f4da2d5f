"""What bonuses of imported usage give: pots beside those of bundles, from the usage on that brings them."""

from __future__ import annotations

from typing import Final

from ocs.usage_import.pots import OpenPots, Pots, expiry
from rating.bundles import BundleDefinition
from rating.calendar import FAR_MS
from rating.offers import Bonus
from rating.usage import Pot

GIFT: Final = "gift"
"""How the key of a gift's pot begins; bonus, kind of units, first moment and end follow."""


def keep_gift(kept: Pots, bonus: Bonus, at_ms: int) -> None:
    """Put what a bonus gives at a moment among the pots: units of a bundle, and money with an end.

    Money without an end has no pot: it is a line of the record that brought it.
    """
    if bonus.give_bundle is not None:
        life_ms = int(bonus.valid_for_ms) or 1000 * int(bonus.give_bundle.valid_for_s)
        _keep(kept, bonus, bonus.give_bundle, int(bonus.give_bundle.units), at_ms, life_ms)
    if bonus.credit is not None:
        _keep(kept, bonus, bonus.credit, bonus.money_micros(0), at_ms, int(bonus.valid_for_ms))


def open_gifts(opened: OpenPots, kept: Pots, at_ms: int) -> None:
    """Open those gifts that are good at a moment."""
    for bundle_id, by_period in kept.items():
        for key, units in by_period.items():
            if not key.startswith(GIFT):
                continue
            _, _, kind, from_ms, ends_ms = key.split(" ")
            begin, end = int(from_ms), int(ends_ms)
            if at_ms < begin:
                opened.until_ms = min(opened.until_ms, begin)
            elif at_ms >= end:
                opened.from_ms = max(opened.from_ms, end)
            else:
                opened.from_ms = max(opened.from_ms, begin)
                opened.until_ms = min(opened.until_ms, end)
                opened.pots.append(Pot(bundle_id, int(kind), units, expiry(end)))
                opened.places.append((by_period, key))


def _keep(kept: Pots, bonus: Bonus, definition: BundleDefinition, units: int, at_ms: int, life_ms: int) -> None:
    end = at_ms + life_ms if life_ms else FAR_MS
    key = f"{GIFT} {bonus.bonus_id} {definition.unit_kind} {at_ms} {end}"
    by_period = kept.setdefault(definition.bundle_id, {})
    by_period[key] = by_period.get(key, 0) + units
