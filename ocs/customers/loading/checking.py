"""Whether what is stated fits together and with what is known: references, parents, cycles. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from config.issues import did_you_mean
from ocs.customers.customer import BillingAccount, BillingCycle, Party
from ocs.customers.directory import Directory
from ocs.customers.loading.pieces import Issues
from ocs.customers.loading.statements import NO_CURRENCY, Stated, Statements
from ocs.customers.loading.words import OPEN

MOST_NAMED: Final = 20
"""Above so many ids, the nearest to a wrong one is not looked for."""


@dataclass(slots=True)
class World:
    """Cycles, parties and accounts as they will be: what is stated over what is known."""

    cycles: Mapping[str, BillingCycle]
    parties: Mapping[str, Party]
    accounts: Mapping[str, BillingAccount]
    stated: Statements = field(default_factory=Statements)


def checked_world(stated: Statements, known: Directory, issues: Issues) -> World:
    """The world after the statements; whatever does not fit adds issues."""
    cycles = {**known.cycles, **{name: one.value for name, one in stated.cycles.items()}}
    parties = {**known.parties, **{name: one.value for name, one in stated.parties.items()}}
    accounts: dict[str, BillingAccount] = {}
    for name, one in stated.accounts.items():
        party = parties.get(one.value.party_id)
        if party is None:
            _refuse_unknown(
                issues, one, "party", one.value.party_id, parties, "its name and country are missing too"
            )
        language = one.value.language or (party.language if party is not None else "en")
        closed_day = _closed_day(one, known, issues)
        accounts[name] = one.value._replace(language=language, closed_day=closed_day)
    world = World(cycles, parties, {**known.accounts, **accounts}, stated)
    for one in stated.accounts.values():
        _check_account(one, world, known, issues)
    return world


def closes(account: BillingAccount) -> bool:
    """Whether a stated account is closed by a day that its file names."""
    return account.closed_day not in {None, OPEN}


def stays_closed(account: BillingAccount, known: Directory) -> bool:
    """Whether a stated account is closed by what is known, and its file says nothing of that."""
    before = known.accounts.get(account.account_id)
    return account.closed_day is None and before is not None and before.closed_day is not None


def _closed_day(one: Stated[BillingAccount], known: Directory, issues: Issues) -> str | None:
    account = one.value
    if not stays_closed(account, known):
        return account.closed_day if closes(account) else None
    closed_day = known.accounts[account.account_id].closed_day
    if closed_day is not None and closed_day <= account.opened_day:
        message = f"account {account.account_id} is closed from {closed_day} on"
        one.refuse(issues, "opened", message, f"'{OPEN}' in the column 'closed' takes that back")
    return closed_day


def _check_account(one: Stated[BillingAccount], world: World, known: Directory, issues: Issues) -> None:
    account = one.value
    if account.cycle_id and account.cycle_id not in world.cycles:
        _refuse_unknown(issues, one, "cycle", account.cycle_id, world.cycles)
    before = known.accounts.get(account.account_id)
    if before is not None and account.currency not in {before.currency, NO_CURRENCY}:
        message = (
            f"account {account.account_id} is in {before.currency}, which can not change to {account.currency}"
        )
        one.refuse(issues, "currency", message, "open another account")
    _check_parent(one, world, issues)
    for child in known.children_of(account.account_id):
        if child.account_id not in world.stated.accounts and _differ(child, account):
            message = f"account {child.account_id}, which this one pays for, has another currency or cycle"
            one.refuse(issues, "", message, "state it in the same file")


def _check_parent(one: Stated[BillingAccount], world: World, issues: Issues) -> None:
    account = one.value
    if account.parent_account_id is None:
        return
    parent = world.accounts.get(account.parent_account_id)
    if parent is None:
        _refuse_unknown(issues, one, "parent", account.parent_account_id, world.accounts)
        return
    above: BillingAccount | None = parent
    seen = {account.account_id}
    while above is not None and above.account_id not in seen:
        seen.add(above.account_id)
        above = world.accounts.get(above.parent_account_id) if above.parent_account_id else None
    if above is not None:
        one.refuse(
            issues, "parent", f"account {account.account_id} is above itself, by its parent {parent.account_id}"
        )
    if account.payer == "parent" and account.currency != parent.currency:
        message = (
            f"account {account.account_id} is in {account.currency}, its parent who pays in {parent.currency}"
        )
        one.refuse(
            issues, "currency", message, "one invoice has one currency: let it pay itself (payer: account)"
        )
    if account.payer == "parent" and account.cycle_id != parent.cycle_id:
        message = f"its parent {parent.account_id}, who pays, is in cycle {parent.cycle_id!r}"
        one.refuse(issues, "cycle", message)


def _differ(child: BillingAccount, parent: BillingAccount) -> bool:
    return child.payer == "parent" and (child.currency, child.cycle_id) != (parent.currency, parent.cycle_id)


def _refuse_unknown(
    issues: Issues, one: Stated[BillingAccount], what: str, name: str, known: Collection[str], also: str = ""
) -> None:
    hint = did_you_mean(name, known) if len(known) <= MOST_NAMED and known else also
    one.refuse(issues, what, f"{what} {name!r} is neither in these files nor in the database", hint)
