"""The bundles of a subscription in a period: granted when the period is first used, kept by period.

A usage uses the pots of the period that it began in, a late record what is left of its own. Of a period's rest,
``rollover_units`` at most go on when a later period is first used; what does not go on stays for late records.
"""

from __future__ import annotations

from typing import Final

from rating.bundles import BundleDefinition
from rating.calendar import DAY_S, FAR_MS, Zone
from rating.periods import EVER, first_day, period_number
from rating.usage import Pot

ROLLED: Final = "rolled"
"""What marks the part of a pot that goes on, in its key."""

Pots = dict[str, dict[str, int]]
"""Units by bundle and by number of the period, or number and ROLLED for what went on from it."""


class Bundle:
    """A bundle that a subscription has from a moment on, until ``until_ms`` where it ends by itself."""

    def __init__(self, definition: BundleDefinition, from_ms: int, until_ms: int = FAR_MS) -> None:
        self.definition = definition
        self.from_ms = from_ms
        self.until_ms = until_ms
        if definition.valid_for_s and definition.recurs == EVER:
            self.until_ms = min(until_ms, from_ms + 1000 * definition.valid_for_s)


class OpenPots:
    """The pots that are good from ``from_ms`` until before ``until_ms``, and where each one is kept."""

    def __init__(self, pots: list[Pot], keys: list[tuple[str, str]], from_ms: int, until_ms: int) -> None:
        self.pots = pots
        self.keys = keys
        self.from_ms = from_ms
        self.until_ms = until_ms

    def save(self, kept: Pots) -> None:
        """Write what is left back."""
        for pot, (bundle_id, period) in zip(self.pots, self.keys, strict=True):
            kept[bundle_id][period] = int(pot.units)


def open_pots(bundles: list[Bundle], kept: Pots, zone: Zone, at_ms: int) -> OpenPots:
    """The pots of a moment; those of a period that was not used before are granted, and put among ``kept``."""
    opened = OpenPots([], [], -FAR_MS, FAR_MS)
    for bundle in bundles:
        if at_ms < bundle.from_ms:
            opened.until_ms = min(opened.until_ms, bundle.from_ms)
        elif at_ms >= bundle.until_ms:
            opened.from_ms = max(opened.from_ms, bundle.until_ms)
        else:
            opened.from_ms = max(opened.from_ms, bundle.from_ms)
            opened.until_ms = min(opened.until_ms, bundle.until_ms)
            _open(opened, bundle, kept.setdefault(bundle.definition.bundle_id, {}), zone, at_ms)
    return opened


def _open(opened: OpenPots, bundle: Bundle, kept: dict[str, int], zone: Zone, at_ms: int) -> None:
    definition = bundle.definition
    recurs = definition.recurs
    number = int(period_number(recurs, zone, at_ms))
    if recurs == EVER:
        end_ms = bundle.until_ms
    else:
        opened.from_ms = max(opened.from_ms, period_start_ms(recurs, zone, number))
        end_ms = min(period_start_ms(recurs, zone, number + 1), bundle.until_ms)
        opened.until_ms = min(opened.until_ms, end_ms)
        earliest = int(period_number(recurs, zone, bundle.from_ms))
        for before in range(max(earliest, number - int(definition.rollover_periods)), number):
            units = _rolled(definition, kept, before)
            if units:
                until = period_start_ms(recurs, zone, before + 1 + int(definition.rollover_periods))
                _add(opened, definition, f"{before} {ROLLED}", units, min(until, bundle.until_ms))
    units = kept.setdefault(str(number), int(definition.units))
    _add(opened, definition, str(number), units, end_ms)


def _rolled(definition: BundleDefinition, kept: dict[str, int], number: int) -> int:
    """What went on from a period; parted from its rest now, where that was not done before."""
    key = f"{number} {ROLLED}"
    if key not in kept:
        rest = kept.get(str(number), int(definition.units))
        kept[key] = min(rest, int(definition.rollover_units))
        kept[str(number)] = rest - kept[key]
    return kept[key]


def _add(opened: OpenPots, definition: BundleDefinition, period: str, units: int, end_ms: int) -> None:
    expires_ms = 0 if end_ms >= FAR_MS else end_ms
    opened.pots.append(Pot(definition.bundle_id, definition.unit_kind, units, expires_ms))
    opened.keys.append((definition.bundle_id, period))


def period_start_ms(recurs: int, zone: Zone, number: int) -> int:
    """The instant of the local midnight that a period begins with."""
    local_s = int(first_day(recurs, number)) * DAY_S
    guess = local_s - zone.offset_s(local_s)
    return (local_s - zone.offset_s(guess)) * 1000
