"""The bundles of a subscription in a period: granted when the period is first used, kept by period.

A usage uses the pots of the period that it began in, also beyond the period's end; a late record what is left
of its own. Of a period's rest, ``rollover_units`` at most go on when a later period is first used; what does
not go on stays for late records.
"""

from __future__ import annotations

from typing import Final

from rating.bundles import BundleDefinition
from rating.calendar import DAY_S, FAR_MS, Zone
from rating.periods import EVER, first_day, period_number
from rating.usage import Pot

ROLLED: Final = "rolled"
"""What marks the part of a pot that goes on, in its key."""

HELD_MS: Final = 366 * 1000 * DAY_S
"""So long after a pot's end a usage that began before it may go on to use it."""

Pots = dict[str, dict[str, int]]
"""Units by bundle and by number of the period, or number and ROLLED for what went on from it."""


class SharedPots:
    """The pots that all subscriptions of a billing account use; ``save`` writes what is left into ``kept``."""

    def __init__(self, kept: Pots, zone: Zone) -> None:
        self.kept = kept
        self.zone = zone
        self._pots: dict[tuple[str, str], Pot] = {}

    def save(self) -> None:
        """Write what is left back."""
        for (bundle_id, period), pot in self._pots.items():
            self.kept[bundle_id][period] = int(pot.units)

    def take_back(self) -> None:
        """Let pots have what ``kept`` says: a part of one may have gone on to the next period."""
        for (bundle_id, period), pot in self._pots.items():
            pot.units = self.kept[bundle_id][period]

    def pot(self, period: str, fresh: Pot) -> Pot:
        """The one pot of a bundle and period."""
        return self._pots.setdefault((fresh.bundle_id, period), fresh)


class Bundle:
    """A bundle that a subscription has from a moment on, until ``until_ms`` where it ends by itself.

    ``shared``: its pots are not the subscription's alone.
    """

    def __init__(
        self,
        definition: BundleDefinition,
        from_ms: int,
        until_ms: int = FAR_MS,
        shared: SharedPots | None = None,
    ) -> None:
        self.shared = shared
        self.definition = definition
        self.from_ms = from_ms
        self.until_ms = until_ms
        if definition.valid_for_s and definition.recurs == EVER:
            self.until_ms = min(until_ms, from_ms + 1000 * definition.valid_for_s)


class OpenPots:
    """The pots that are good from ``from_ms`` until before ``until_ms``, and where each one is kept."""

    def __init__(self) -> None:
        self.pots: list[Pot] = []
        self.places: list[tuple[dict[str, int], str]] = []
        self.from_ms = -FAR_MS
        self.until_ms = FAR_MS

    def save(self) -> None:
        """Write what is left back."""
        for pot, (by_period, period) in zip(self.pots, self.places, strict=True):
            by_period[period] = int(pot.units)


def open_pots(bundles: list[Bundle], kept: Pots, zone: Zone, at_ms: int) -> OpenPots:
    """The pots of a moment; those of a period that was not used before are granted, and put among ``kept``."""
    opened = OpenPots()
    for bundle in bundles:
        if at_ms < bundle.from_ms:
            opened.until_ms = min(opened.until_ms, bundle.from_ms)
        elif at_ms >= bundle.until_ms:
            opened.from_ms = max(opened.from_ms, bundle.until_ms)
        else:
            opened.from_ms = max(opened.from_ms, bundle.from_ms)
            opened.until_ms = min(opened.until_ms, bundle.until_ms)
            shared = bundle.shared
            if shared is None:
                _open(opened, bundle, kept.setdefault(bundle.definition.bundle_id, {}), zone, at_ms)
            else:
                shared.save()
                _open(
                    opened, bundle, shared.kept.setdefault(bundle.definition.bundle_id, {}), shared.zone, at_ms
                )
                shared.take_back()
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
                _add(opened, bundle, kept, f"{before} {ROLLED}", min(until, bundle.until_ms))
    kept.setdefault(str(number), int(definition.units))
    _add(opened, bundle, kept, str(number), end_ms)


def _rolled(definition: BundleDefinition, kept: dict[str, int], number: int) -> int:
    """What went on from a period; parted from its rest now, where that was not done before."""
    key = f"{number} {ROLLED}"
    if key not in kept:
        rest = kept.get(str(number), int(definition.units))
        kept[key] = min(rest, int(definition.rollover_units))
        kept[str(number)] = rest - kept[key]
    return kept[key]


def expiry(end_ms: int) -> int:
    """When a pot expires for a usage that began before its end; 0 = never. Earlier ends expire earlier."""
    return 0 if end_ms >= FAR_MS else end_ms + HELD_MS


def _add(opened: OpenPots, bundle: Bundle, kept: dict[str, int], period: str, end_ms: int) -> None:
    definition = bundle.definition
    pot = Pot(definition.bundle_id, definition.unit_kind, kept[period], expiry(end_ms))
    opened.pots.append(pot if bundle.shared is None else bundle.shared.pot(period, pot))
    opened.places.append((kept, period))


def period_start_ms(recurs: int, zone: Zone, number: int) -> int:
    """The instant of the local midnight that a period begins with."""
    local_s = int(first_day(recurs, number)) * DAY_S
    guess = local_s - zone.offset_s(local_s)
    return (local_s - zone.offset_s(guess)) * 1000
