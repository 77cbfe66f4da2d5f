"""Grant policies out of the `grant:` mappings of catalogue, plan and rule: the nearest one holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS, UNIT_NAMES
from config.catalogue_schema import GrantText
from config.piece_reader import IssueCollector
from config.quantity_text import Quantity, format_quantity
from config.yaml_nodes import Document, Location
from protocol.messages import ABSENT
from rating.catalogue import GrantPolicy

VALIDITY_TIME_S: Final = 3600
DEFAULT_UNITS: Final = {OCTETS: 10_000_000, SECONDS: 300, SPECIFIC_UNITS: 1}
MAXIMUM_UNITS: Final = {OCTETS: 100_000_000, SECONDS: 3600, SPECIFIC_UNITS: 10}


@dataclass(frozen=True)
class GrantLevel:
    """A `grant:` mapping and where it stands."""

    text: GrantText
    document: Document
    location: Location


def resolve_grant(issues: IssueCollector, levels: list[GrantLevel], unit_kind: int) -> GrantPolicy:
    """The policy of a rule that counts one kind of unit; ``levels`` from the rule outwards.

    A default that is over the maximum is an issue at the inner of the two.
    """
    default = _nearest(levels, "default", unit_kind)
    maximum = _nearest(levels, "maximum", unit_kind)
    if default is not None and maximum is not None and default[0] > maximum[0]:
        level, name = min((default[1], "default"), (maximum[1], "maximum"))
        kind = UNIT_NAMES[unit_kind]
        message = f"the default grant of {default[0]} {kind} is over the maximum of {maximum[0]} {kind}"
        issues.add(levels[level].document.issue((*levels[level].location, name), message))
    default_units = default[0] if default else DEFAULT_UNITS[unit_kind]
    maximum_units = maximum[0] if maximum else max(MAXIMUM_UNITS[unit_kind], default_units)
    texts = [level.text for level in levels]
    validity = [text.validity_time for text in texts if text.validity_time is not None]
    threshold = [text.threshold for text in texts if text.threshold is not None]
    holding = [text.quota_holding_time for text in texts if text.quota_holding_time is not None]
    return GrantPolicy(
        min(default_units, maximum_units),
        maximum_units,
        validity[0] if validity else VALIDITY_TIME_S,
        threshold[0] if threshold else 0,
        holding[0] if holding else ABSENT,
    )


def check_kind(issues: IssueCollector, level: GrantLevel, unit_kind: int) -> None:
    """A rule's own grant speaks of the kind of unit that its price counts."""
    for name in ("default", "maximum"):
        for size in getattr(level.text, name) or ():
            if size.unit_kind != unit_kind:
                message = f"a grant of {format_quantity(size)}, but the price counts {UNIT_NAMES[unit_kind]}"
                issues.add(level.document.issue((*level.location, name), message))


def _nearest(levels: list[GrantLevel], name: str, unit_kind: int) -> tuple[int, int] | None:
    for index, level in enumerate(levels):
        sizes: tuple[Quantity, ...] = getattr(level.text, name) or ()
        for size in sizes:
            if size.unit_kind == unit_kind:
                return size.units, index
    return None
