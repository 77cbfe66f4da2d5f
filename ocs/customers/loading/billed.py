"""What may not change any more because there are bills: when a cycle begins, and whose a subscription was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from sqlalchemy import Connection

from ocs.customers.customer import BillingCycle
from ocs.customers.directory import Directory
from ocs.customers.loading.checking import World
from ocs.customers.loading.pieces import Issues
from ocs.customers.loading.subscribing import Subscribed


class Bills(Protocol):
    """What billing has done."""

    def billed_cycles(self, connection: Connection) -> Collection[str]:
        """The cycles that have billing runs."""

    def billed_until(
        self, connection: Connection, account_ids: Collection[str]
    ) -> Mapping[str, tuple[str, int]]:
        """Of some accounts those that were billed: the first day that was not, and its first moment."""


def check_bills(
    connection: Connection, bills: Bills, world: World, known: Directory, result: Subscribed, issues: Issues
) -> None:
    """Add an issue where a cycle with bills begins otherwise, or days that are billed go to another account."""
    changed = changed_cycles(world, known)
    billed = bills.billed_cycles(connection) if changed else ()
    for before, after in changed:
        if before.cycle_id in billed:
            field = "day" if before.day_of_month != after.day_of_month else "time_zone"
            message = f"cycle {before.cycle_id} has billing runs: it stays {cycle_text(before)}"
            hint = "describe a cycle with another id, and state the accounts with that"
            world.stated.cycles[before.cycle_id].refuse(issues, field, message, hint)
    until = (
        bills.billed_until(connection, {held.account_id for _, _, held in result.moved}) if result.moved else {}
    )
    for one, row, held in result.moved:
        day, at_ms = until.get(held.account_id, ("", 0))
        if row.from_ms < at_ms:
            owner = f"account {held.account_id} then, which is billed until {day}"
            message = f"subscription {row.subscription_id} is of {owner}"
            hint = "end it there with 'until', and begin another 'subscription' id here"
            one.refuse(issues, "account", message, hint)


def changed_cycles(world: World, known: Directory) -> list[tuple[BillingCycle, BillingCycle]]:
    """The cycles that were known, and that files have begin otherwise: before and after."""
    found = [(known.cycles[name], world.cycles[name]) for name in world.stated.cycles if name in known.cycles]
    return [(before, after) for before, after in found if before != after]


def cycle_text(cycle: BillingCycle) -> str:
    """When its periods begin."""
    return f"on day {cycle.day_of_month} ({cycle.time_zone})"
