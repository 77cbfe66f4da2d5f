"""Closing accounts, ending subscriptions: the last bill is prorated, and numbers are barred in their time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from balance.changes import ChangeSet
from balance.keys import subscriber_key
from balance.memory import MemoryStore
from balance.redis_store.store import open_redis_store
from balance.store import StateStore, commit_sets, load_states
from balance.subscriber import ACTIVE, BARRED, Subscriber, decode_subscriber, encode_subscriber
from ocs.cli import cli
from ocs.customers.closing import Closing, ClosingError, close_account, end_subscription
from ocs.customers.tables import BILLING_ACCOUNT, ONLINE_END, SUBSCRIPTION
from ocs.database import migrate, open_database, writing
from ocs.subscribers import ending
from ocs.subscribers.ending import bar, due_ends, end_online
from tests.balance.conftest import empty
from tests.balance.servers import ServerProcess
from tests.ocs.billing.operator import Operator, call, ms, number_of
from tests.ocs.cdr.killing import Killer, in_killed_process

DAY = "2026-10-17"


@pytest.fixture
def operator(engine: Engine, tmp_path: Path) -> Operator:
    """Account A has two numbers and will change a plan; B pays for its child C."""
    operator = Operator(engine, tmp_path)
    operator.begin()
    for account_id in "AB":
        operator.account(account_id)
    operator.account("C", parent_account_id="B", payer="parent")
    operator.subscribe("A", "S1", "basic", "2026-10-01", "2026-12-01")
    operator.subscribe("A", "S1", "talk", "2026-12-01")
    operator.subscribe("A", "S2", "basic", "2026-10-01")
    operator.subscribe("C", "S3", "basic", "2026-10-01")
    return operator


def close(engine: Engine, account_id: str, day: str = DAY) -> Closing:
    """Close an account."""
    with writing(engine) as connection:
        return close_account(connection, account_id, day)


def end(engine: Engine, subscription_id: str, day: str = DAY) -> Closing:
    """End a subscription."""
    with writing(engine) as connection:
        return end_subscription(connection, subscription_id, day)


def held(engine: Engine) -> list[tuple[str, int | None]]:
    """Subscriptions and their ends."""
    row = SUBSCRIPTION.c
    query = select(row.subscription_id, row.to_ms).order_by(row.subscription_id, row.from_ms)
    with engine.connect() as connection:
        return [(one.subscription_id, one.to_ms) for one in connection.execute(query)]


def test_closing_ends_what_the_account_has(operator: Operator) -> None:
    """Once: a second time nothing ends; what was to begin later is gone; the bill has the days until then."""
    engine = operator.engine
    operator.use([call("A", "S1", "2026-10-05", 1_000_000)])
    done = close(engine, "A")
    assert done == Closing("A", DAY, ms(DAY), tuple(sorted(map(number_of, ("S1", "S2")))))
    assert close(engine, "A").numbers == ()
    assert held(engine) == [("S1", ms(DAY)), ("S2", ms(DAY)), ("S3", None)]
    with engine.connect() as connection:
        assert connection.scalars(
            select(BILLING_ACCOUNT.c.closed_day).where(BILLING_ACCOUNT.c.account_id == "A")
        ).one() == DAY  # fmt: skip
        assert len(due_ends(connection, ms(DAY))) == 2
        assert due_ends(connection, ms(DAY) - 1) == []
    operator.bill("2026-11-01")
    (invoice,) = [one for one in operator.invoices() if one.account_id == "A"]
    fees = [line for line in invoice.lines if line.kind == "recurring"]
    assert [(line.quantity, line.amount_micros) for line in fees] == [(16, 10_000_000 * 16 // 31)] * 2
    assert sum(line.records for line in invoice.lines) == 1
    operator.bill("2026-12-01")
    assert len([one for one in operator.invoices() if one.account_id == "A"]) == 1


def test_one_subscription_ends_alone(operator: Operator) -> None:
    """The account stays open with the others."""
    assert end(operator.engine, "S2").numbers == (number_of("S2"),)
    assert held(operator.engine)[2] == ("S2", ms(DAY))
    assert end(operator.engine, "S1", "2026-12-24").numbers == (number_of("S1"),)


def test_what_can_not_be_closed_is_refused(operator: Operator) -> None:
    """Each refusal says why, and changes nothing."""
    engine = operator.engine
    before = held(engine)
    for account_id, day, message in (
        ("X", DAY, "there is no account X"),
        ("A", "2026-01-01", "is opened on 2026-01-01: it can not close on 2026-01-01"),
        ("B", DAY, "account B pays for C: close them first"),
    ):
        with pytest.raises(ClosingError, match=message):
            close(engine, account_id, day)
    with pytest.raises(ClosingError, match="there is no subscription S9"):
        end(engine, "S9")
    with pytest.raises(ClosingError, match="had not begun before 2026-10-01"):
        end(engine, "S1", "2026-10-01")
    assert held(engine) == before
    close(engine, "C")
    close(engine, "B")
    with pytest.raises(ClosingError, match="account C is closed from 2026-10-17 on"):
        close(engine, "C", "2026-10-18")
    with pytest.raises(ClosingError, match="S3 has ended before 2026-10-18"):
        end(engine, "S3", "2026-10-18")


async def put_subscriber(store: StateStore, subscription_id: str, account_id: str) -> None:
    """A subscriber that is served."""
    msisdn = number_of(subscription_id).encode()
    change = ChangeSet()
    state = encode_subscriber(Subscriber(msisdn, b"", account_id, "basic", ACTIVE), 1)
    change.put(subscriber_key(msisdn), 0, state, 0)
    await commit_sets(store, [change])


async def status_of(store: StateStore, subscription_id: str) -> int:
    """Whether a number is barred."""
    (state,) = await load_states(store, [subscriber_key(number_of(subscription_id).encode())])
    assert state is not None
    return int(decode_subscriber(state).status)


async def test_numbers_are_barred_when_the_moment_has_come(operator: Operator) -> None:
    """Not before; not where the number is served from another account or is held again; once."""
    engine, store = operator.engine, MemoryStore(lambda: 1)
    for subscription_id, account_id in (("S1", "A"), ("S2", "other"), ("S3", "C")):
        await put_subscriber(store, subscription_id, account_id)
    close(engine, "A")
    end(engine, "S3")
    operator.subscribe("C", "S4", "basic", DAY, msisdn=number_of("S3"))
    assert await end_online(engine, store, ms(DAY) - 1) == []
    assert await end_online(engine, store, ms(DAY)) == [number_of("S1")]
    assert [await status_of(store, one) for one in ("S1", "S2", "S3")] == [BARRED, ACTIVE, ACTIVE]
    assert await end_online(engine, store, ms(DAY)) == []
    assert not await bar(store, number_of("S1"), "A")
    assert not await bar(store, "4900000", "A")


def work(killer: Killer, url: str, server: ServerProcess) -> None:
    """Close an account and bar its numbers; any step may be the last."""
    engine = killer.database(url)
    with writing(engine) as connection:
        close_account(connection, "A", DAY)

    async def stepping(store: StateStore, sets: list[ChangeSet]) -> list[ChangeSet]:
        killer.step()
        done = await commit_sets(store, sets)
        killer.step()
        return done

    async def barring() -> None:
        store = await open_redis_store(server.address, 5.0)
        await end_online(engine, store, ms(DAY))
        await store.close()

    ending.commit_sets = stepping  # type: ignore[attr-defined]  # as the module calls it
    asyncio.run(barring())


def test_killed_at_every_step(operator: Operator, database_url: str, valkey_server: ServerProcess) -> None:
    """A process dies at its first step, the next at its second: in the end the account is closed and barred."""

    async def fill() -> None:
        await empty(valkey_server)
        store = await open_redis_store(valkey_server.address, 5.0)
        for subscription_id in ("S1", "S2"):
            await put_subscriber(store, subscription_id, "A")
        await store.close()

    async def statuses() -> list[int]:
        store = await open_redis_store(valkey_server.address, 5.0)
        found = [await status_of(store, one) for one in ("S1", "S2")]
        await store.close()
        return found

    asyncio.run(fill())
    operator.engine.dispose()
    at, stride = 1, 1 if database_url.startswith("sqlite") else 5
    while in_killed_process(lambda killer: work(killer, database_url, valkey_server), at):
        at += stride
    assert at > 10
    assert asyncio.run(statuses()) == [BARRED, BARRED]
    with operator.engine.connect() as connection:
        assert all(connection.scalars(select(ONLINE_END.c.done_ms)))


def test_the_commands(tmp_path: Path) -> None:
    """Close and end as one types them, without a store, and what they refuse."""
    engine = open_database(f"sqlite:///{tmp_path / 'ocs.db'}")
    migrate(engine)
    operator = Operator(engine, tmp_path)
    operator.begin()
    operator.account("A")
    operator.subscribe("A", "S1", "basic", "2026-10-01")
    operator.subscribe("A", "S2", "basic", "2026-10-01")
    engine.dispose()

    def ocs(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["customer", *arguments, "--data", str(tmp_path)])

    ended = ocs("end", "S2", "--on", DAY)
    assert ended.output == f"subscription S2 ends with the beginning of {DAY}: {number_of('S2')}\n"
    closed = ocs("close", "A", "--on", "2059-01-01")
    assert f"account A ends with the beginning of 2059-01-01: {number_of('S1')}\n" in closed.output
    assert "`ocs serve` bars the numbers when that moment has come" in closed.output
    assert "from 2026-01-01 until 2059-01-01" in ocs("show", "A").output
    refused = ocs("close", "B", "--on", DAY)
    assert (refused.exit_code, refused.stderr) == (1, "ocs: there is no account B\n")
    assert ocs("close", "A", "--on", "17.10.2026").exit_code == 2
    assert "is not between 1990 and 2060" in ocs("end", "S1", "--on", "2999-01-01").stderr
