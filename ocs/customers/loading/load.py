"""Making the database agree with files, in one transaction; a second time there is nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, bindparam, func, select, text

from ocs.customers.customer import BillingAccount
from ocs.customers.directory import Directory
from ocs.customers.loading.billed import Bills, changed_cycles, check_bills, cycle_text
from ocs.customers.loading.checking import World, checked_world, stays_closed
from ocs.customers.loading.csv_pieces import CsvSource
from ocs.customers.loading.pieces import Issues, Source
from ocs.customers.loading.statements import Statements, read_statements
from ocs.customers.loading.subscribing import Subscribed, subscribed
from ocs.customers.loading.surroundings import read_ends, read_surroundings
from ocs.customers.loading.yaml_pieces import YamlSource
from ocs.customers.tables import BILLING_ACCOUNT, BILLING_CYCLE, PARTY, SUBSCRIPTION, SUBSCRIPTION_ADDON
from ocs.database import writing
from ocs.database.bulk import insert_rows
from ocs.uncollected import without_collection
from rating.catalogue import Catalogue

YAML_NAMES: Final = frozenset({".yaml", ".yml"})
_TABLES: Final = (PARTY, BILLING_CYCLE, BILLING_ACCOUNT, SUBSCRIPTION, SUBSCRIPTION_ADDON)

Stage = Callable[[str, int], None]
"""Hears what is being done, and how much of it: octets read, rows written."""


@dataclass
class Count:
    """How many of a kind were created, changed, and found as they are stated."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass
class Kept:
    """Closings and ends that files say nothing of, and so stay; rows left out because they begin after one."""

    accounts: int = 0
    subscriptions: int = 0
    rows_left_out: int = 0
    first_left_out: str = ""


@dataclass
class LoadSummary:
    """What a load did."""

    cycles: Count = field(default_factory=Count)
    parties: Count = field(default_factory=Count)
    accounts: Count = field(default_factory=Count)
    subscriptions: Count = field(default_factory=Count)
    addons: Count = field(default_factory=Count)
    kept: Kept = field(default_factory=Kept)
    changed_cycles: list[str] = field(default_factory=list)
    """What became of cycles that begin otherwise, in a sentence each."""

    def counts(self) -> Iterable[tuple[str, Count]]:
        """Kinds and their counts, without those that no file speaks of."""
        for name in ("cycles", "parties", "accounts", "subscriptions", "addons"):
            count: Count = getattr(self, name)
            if count.created or count.changed or count.unchanged:
                yield name, count


def load_customers(
    engine: Engine, paths: Iterable[Path], offers: Catalogue, bills: Bills, stage: Stage | None = None
) -> LoadSummary:
    """Make the database agree with some files; ConfigError with all that is wrong, and nothing is changed.

    What no file speaks of stays as it is. Two loads at one time come one after the other.
    """
    with without_collection():
        return _load(engine, paths, offers, bills, stage or _silent)


def _load(engine: Engine, paths: Iterable[Path], offers: Catalogue, bills: Bills, said: Stage) -> LoadSummary:
    issues = Issues()
    stated = read_statements([source_of(path, said) for path in paths], issues)
    with writing(engine) as connection:
        _lock(connection)
        said("comparing", 0)
        known = read_surroundings(connection, stated)
        world = checked_world(stated, known, issues)
        result = subscribed(world, known, read_ends(connection, known), offers, issues)
        check_bills(connection, bills, world, known, result, issues)
        issues.raise_them()
        return _write(connection, world, known, result, said)


def source_of(path: Path, stage: Stage) -> Source:
    """The reader of a file, by its name."""
    if path.suffix.lower() in YAML_NAMES:
        return YamlSource(path)
    return CsvSource(path, lambda octets: stage("reading", octets))


def _silent(what: str, amount: int) -> None:
    del what, amount


def _lock(connection: Connection) -> None:
    """Keep another load out; SQLite's transaction does so by itself."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in _TABLES)
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def _write(
    connection: Connection, world: World, known: Directory, result: Subscribed, stage: Stage
) -> LoadSummary:
    stated: Statements = world.stated
    summary = LoadSummary()
    parties = {name: world.parties[name] for name in stated.parties}
    _put(connection, PARTY, parties, known.parties, summary.parties)
    cycles = {name: world.cycles[name] for name in stated.cycles}
    _put(connection, BILLING_CYCLE, cycles, known.cycles, summary.cycles)
    accounts = _parents_first({name: world.accounts[name] for name in stated.accounts})
    _put(connection, BILLING_ACCOUNT, accounts, known.accounts, summary.accounts)
    _replace_subscriptions(connection, result, summary.subscriptions, stage)
    former = {addon[:3]: addon for name in result.after for addon in known.addons_of(name)}
    _put(connection, SUBSCRIPTION_ADDON, result.addons, former, summary.addons)
    summary.kept = _kept(world, known, result)
    summary.changed_cycles = [
        f"cycle {after.cycle_id} begins {cycle_text(after)}, no more {cycle_text(before)}; "
        f"accounts with it: {_accounts_of(connection, after.cycle_id)}"
        for before, after in changed_cycles(world, known)
    ]
    return summary


def _kept(world: World, known: Directory, result: Subscribed) -> Kept:
    left_out = result.kept.left_out
    return Kept(
        sum(stays_closed(one.value, known) for one in world.stated.accounts.values()),
        result.kept.subscriptions,
        len(left_out),
        left_out[0].place if left_out else "",
    )


def _accounts_of(connection: Connection, cycle_id: str) -> int:
    account = BILLING_ACCOUNT.c
    query = select(func.count()).select_from(BILLING_ACCOUNT).where(account.cycle_id == cycle_id)
    return connection.scalars(query).one()


def _put(
    connection: Connection,
    table: Table,
    rows: Mapping[Any, tuple[Any, ...]],
    known: Mapping[Any, tuple[Any, ...]],
    count: Count,
) -> None:
    """Insert the rows that are new, update those that differ."""
    new = [row for key, row in rows.items() if key not in known]
    changed = [row for key, row in rows.items() if key in known and tuple(row) != tuple(known[key])]
    insert_rows(connection, table, table.columns.keys(), new)
    if changed:
        keys = [column.name for column in table.primary_key.columns]
        names = table.columns.keys()
        statement = (
            table.update()
            .where(*[table.c[key] == bindparam(f"is_{key}") for key in keys])
            .values({name: bindparam(f"new_{name}") for name in names if name not in keys})
        )
        connection.execute(statement, [_parameters(names, keys, row) for row in changed])
    count.created, count.changed = len(new), len(changed)
    count.unchanged = len(rows) - len(new) - len(changed)


def _parameters(names: list[str], keys: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    return {f"{'is' if name in keys else 'new'}_{name}": value for name, value in zip(names, row, strict=True)}


def _replace_subscriptions(connection: Connection, result: Subscribed, count: Count, stage: Stage) -> None:
    """Rows that are not as they were go, and come as they are: there is no order in which two could collide."""
    gone, new = [], []
    for name, after in result.after.items():
        before = result.before[name]
        if before == after:
            count.unchanged += 1
            continue
        count.created += not before
        count.changed += bool(before)
        gone += [row for row in before if row not in after]
        new += [row for row in after if row not in before]
    if gone:
        table = SUBSCRIPTION
        statement = table.delete().where(
            table.c.subscription_id == bindparam("is_id"), table.c.from_ms == bindparam("is_from")
        )
        connection.execute(statement, [{"is_id": row.subscription_id, "is_from": row.from_ms} for row in gone])
    stage("writing", len(new))
    insert_rows(connection, SUBSCRIPTION, SUBSCRIPTION.columns.keys(), new)


def _parents_first(accounts: Mapping[str, BillingAccount]) -> dict[str, BillingAccount]:
    """The accounts so that each comes after its parent, where that is among them."""
    ordered: dict[str, BillingAccount] = {}
    for account in accounts.values():
        line = [account]
        while (above := line[-1].parent_account_id or "") in accounts and above not in ordered:
            line.append(accounts[above])
        ordered.update({one.account_id: one for one in reversed(line)})
    return ordered
