"""What was used, by whom in which standing: the input of pricing."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.calendar import Zone
from rating.catalogue import Catalogue, Plan
from rating.conditions import Attributes

NOT_REPORTED: Final = -1
"""A measure that the usage does not have."""


class Usage:
    """One usage of a service from ``start_ms`` to ``end_ms``; each measure is NOT_REPORTED or not negative."""

    def __init__(
        self,
        service: str,
        start_ms: i64,
        end_ms: i64 = 0,
        octets: i64 = NOT_REPORTED,
        input_octets: i64 = NOT_REPORTED,
        output_octets: i64 = NOT_REPORTED,
        seconds: i64 = NOT_REPORTED,
        units: i64 = NOT_REPORTED,
        attributes: Attributes | None = None,
    ) -> None:
        self.service = service
        self.start_ms = start_ms
        self.end_ms = end_ms if end_ms > start_ms else start_ms
        self.octets = octets
        self.input_octets = input_octets
        self.output_octets = output_octets
        self.seconds = seconds
        self.units = units
        self.attributes = Attributes() if attributes is None else attributes


class Pot:
    """What is left of a bundle: ``units`` of a kind (micros of MONEY); ``expires_at_ms`` 0 = without end.

    A standing has one pot of a bundle and an end.
    """

    def __init__(self, bundle_id: str, unit_kind: i64, units: i64, expires_at_ms: i64 = 0) -> None:
        self.bundle_id = bundle_id
        self.unit_kind = unit_kind
        self.units = units
        self.expires_at_ms = expires_at_ms


class Standing:
    """Where a subscriber stands: counters by id and number of the period, pots, activation, zone, usages."""

    def __init__(
        self,
        activated_ms: i64 = 0,
        zone: Zone | None = None,
        counters: dict[str, dict[int, int]] | None = None,
        pots: list[Pot] | None = None,
        usages: i64 = 0,
    ) -> None:
        self.activated_ms = activated_ms
        self.zone = zone
        self.counters: dict[str, dict[int, int]] = {} if counters is None else counters
        self.pots: list[Pot] = [] if pots is None else pots
        self.usages = usages

    def counter(self, counter_id: str, period_number: i64) -> int:
        """What a counter has reached in a period."""
        periods = self.counters.get(counter_id)
        return 0 if periods is None else periods.get(period_number, 0)

    def copy(self) -> Standing:
        """The same standing, to be moved on its own."""
        counters = {counter_id: periods.copy() for counter_id, periods in self.counters.items()}
        pots = [Pot(pot.bundle_id, pot.unit_kind, pot.units, pot.expires_at_ms) for pot in self.pots]
        return Standing(self.activated_ms, self.zone, counters, pots, self.usages)


class Funds:
    """What may be spent beside the pots of the standing."""

    def __init__(self, available_micros: int) -> None:
        self.available_micros = available_micros


@mypyc_attr(acyclic=True)
class Context:
    """Whose usage it is: a ``plan`` of a catalogue, or the version of ``plan_id`` at the usage's beginning.

    A plan that has one version only is found once, here.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        plan_id: str = "",
        plan: Plan | None = None,
        standing: Standing | None = None,
        *,
        trace: bool = False,
    ) -> None:
        if plan is None and plan_id not in catalogue.versions:
            plan = catalogue.plans.get(plan_id)
        self.catalogue = catalogue
        self.plan = plan
        self.plan_id = plan_id
        self.standing = Standing() if standing is None else standing
        self.trace = trace

    def plan_at(self, at_ms: i64) -> Plan | None:
        """The plan that prices usage that starts at an instant."""
        if self.plan is not None:
            return self.plan
        return self.catalogue.plan_at(self.plan_id, at_ms)
