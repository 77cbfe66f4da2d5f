"""Restorations on their way from SQL to the store: each once, in order, whatever dies in between."""

from __future__ import annotations

import asyncio
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text, update

from balance.account import Account, decode_account, encode_account
from balance.changes import ChangeSet
from balance.keys import account_key
from balance.memory import MemoryStore
from balance.operations import debit_money
from balance.redis_store.store import open_redis_store
from balance.restored import RestoredCredit, decode_restored, restored_key
from balance.store import StateStore, StoreError, commit_sets, load_states
from ocs.accounts import restore
from ocs.accounts.delivering_process import deliver_pass
from ocs.accounts.delivery import deliver, waiting_restorations
from ocs.accounts.restore import RestoreError, restore_credit
from ocs.accounts.view import account_view
from ocs.customers.tables import ONLINE_END
from ocs.database import writing
from ocs.payments.recording import NewPayment, record_payments, reverse_payment
from ocs.payments.tables import CREDIT_RESTORATION, PAYMENT
from tests.balance.conftest import empty
from tests.balance.servers import ServerProcess
from tests.ocs.cdr.killing import Killer, in_killed_process
from tests.ocs.payments.accounts import EUR, add_accounts, add_invoice
from tests.ocs.payments.test_restoring import add_online, pay, take_back

USED = 100 * EUR


def clock() -> int:
    """When things are delivered."""
    return 9


async def put_account(store: StateStore, account_id: str, currency: str = "EUR") -> None:
    """An account that has used a hundred of its credit."""
    account = Account(account_id, currency, 0)
    account.credit_limit_micros = USED
    debit_money(account, USED, overdraft_allowed=True)
    change = ChangeSet()
    change.put(account_key(account_id), 0, encode_account(account, 1), 0)
    await commit_sets(store, [change])


async def account_of(store: StateStore, account_id: str) -> tuple[Account, RestoredCredit]:
    """An account and what is restored of it."""
    state, restored = await load_states(store, [account_key(account_id), restored_key(account_id)])
    assert state is not None
    account = decode_account(state)
    assert account.faults() == []
    return account, decode_restored(restored)


def memory() -> MemoryStore:
    """An empty store."""
    return MemoryStore(lambda: 1)


async def test_a_restoration_is_taken_once_and_in_order() -> None:
    """A repeat changes nothing; a number that is not next, another currency, an unknown account is refused."""
    store = memory()
    await put_account(store, "A")
    assert await restore_credit(store, "A", 1, "EUR", 30 * EUR)
    assert not await restore_credit(store, "A", 1, "EUR", 30 * EUR)
    assert await restore_credit(store, "A", 2, "EUR", -10 * EUR)
    account, restored = await account_of(store, "A")
    assert (account.balance_micros, account.available_micros()) == (-80 * EUR, 20 * EUR)
    assert (restored.number, restored.total_micros) == (2, 20 * EUR)
    for arguments, message in (
        (("A", 4, "EUR", 1), "restoration 4 does not follow 2"),
        (("A", 3, "USD", 1), "is in EUR, what it gets back in USD"),
        (("B", 1, "EUR", 1), "account B is not in this store"),
        (("A", 3, "EUR", 10**19), "the balance would pass"),
    ):
        with pytest.raises(RestoreError, match=message):
            await restore_credit(store, *arguments)
    assert (await account_of(store, "A"))[0].balance_micros == -80 * EUR


@pytest.fixture
def books(engine: Engine) -> Engine:
    """A and B owe 119 euros each, of which 100 were charged online."""
    add_accounts(engine, A="EUR", B="EUR")
    for at, account_id in enumerate("AB", 1):
        add_invoice(engine, f"2026-00000{at}", account_id, 119 * EUR, "2026-10-01", "2026-10-15")
        add_online(engine, f"2026-00000{at}", **{account_id: USED})
    return engine


def waiting(engine: Engine) -> int:
    """How many restorations wait."""
    with engine.connect() as connection:
        return waiting_restorations(connection)


async def test_what_one_account_can_not_take_keeps_no_other(books: Engine) -> None:
    """It waits with all that follows it, and is delivered when the account is there."""
    store = memory()
    await put_account(store, "B")
    first = pay(books, 50 * EUR, "b1")
    take_back(books, first)
    pay(books, 119 * EUR, "b2", account_id="B")
    done = await deliver(books, store, clock)
    assert (done.delivered, dict(done.amounts)) == (1, {"EUR": USED})
    assert done.problems == ["account A is not in this store"]
    assert waiting(books) == 2
    assert (await account_of(store, "B"))[0].available_micros() == USED
    await put_account(store, "A")
    done = await deliver(books, store, clock)
    assert (done.delivered, done.problems, waiting(books)) == (2, [], 0)
    account, restored = await account_of(store, "A")
    assert (account.balance_micros, restored.number, restored.total_micros) == (-USED, 2, 0)


async def test_what_was_delivered_but_not_noted_is_not_taken_again(books: Engine) -> None:
    """As where a process died between the store and SQL."""
    store = memory()
    await put_account(store, "A")
    pay(books, 119 * EUR, "b1")
    await deliver(books, store, clock)
    with writing(books) as connection:
        connection.execute(update(CREDIT_RESTORATION).values(delivered_ms=None))
    assert (await deliver(books, store, clock)).delivered == 1
    assert (await account_of(store, "A"))[0].balance_micros == 0
    with books.connect() as connection:
        assert list(connection.scalars(select(CREDIT_RESTORATION.c.delivered_ms))) == [9]


class SilentStore(MemoryStore):
    """A store that answers no reading any more after so many."""

    def __init__(self) -> None:
        super().__init__(lambda: 1)
        self.left = 1_000

    def load(self, keys: list[bytes], done: Any) -> None:
        """Answer, or fail."""
        self.left -= 1
        if self.left < 0:
            done(None)
        else:
            super().load(keys, done)


async def test_a_store_that_goes_silent_keeps_what_it_took(books: Engine) -> None:
    """What it took is noted, the rest waits."""
    store = SilentStore()
    for account_id in "AB":
        await put_account(store, account_id)
        pay(books, 119 * EUR, "b1", account_id=account_id)
    store.left = 1
    with pytest.raises(StoreError):
        await deliver(books, store, clock)
    assert waiting(books) == 1
    store.left = 1_000
    await deliver(books, store, clock)
    assert [(await account_of(store, one))[0].balance_micros for one in "AB"] == [0, 0]


async def test_charges_and_deliveries_side_by_side(books: Engine) -> None:
    """Deliverers race with each other and with charges: no unit of money appears or vanishes."""
    store = memory()
    await put_account(store, "A")
    for number in range(20):
        pay(books, 5 * EUR, f"b{number}")

    async def spend() -> None:
        for _ in range(30):
            while True:
                state = (await load_states(store, [account_key("A")]))[0]
                assert state is not None
                account = decode_account(state)
                debit_money(account, EUR, overdraft_allowed=True)
                change = ChangeSet()
                change.put(account_key("A"), account.version, encode_account(account, account.version + 1), 0)
                await asyncio.sleep(0)
                await commit_sets(store, [change])
                if change.result == 1:
                    break

    await asyncio.gather(spend(), deliver(books, store, clock), deliver(books, store, clock))
    account, restored = await account_of(store, "A")
    back = USED * 100 // 119
    assert (restored.number, restored.total_micros) == (20, back)
    assert account.balance_micros == back - USED - 30 * EUR


async def test_the_process_beside_a_server_does_what_waits(
    books: Engine, database_url: str, server: ServerProcess
) -> None:
    """It delivers and bars, says why it can not, and does nothing where there is no database."""
    order = {
        "database_url": database_url,
        "store_url": f"unix:{server.socket_path}",
        "data_directory": "unused",
    }
    pay(books, 119 * EUR, "b1")
    with writing(books) as connection:
        row = {"msisdn": "4911111", "at_ms": 1, "account_id": "A"}
        connection.execute(insert(ONLINE_END).values(row))
    away = await asyncio.to_thread(deliver_pass, order | {"store_url": "redis://127.0.0.1:1/0"})
    assert "127.0.0.1" in away
    assert await asyncio.to_thread(deliver_pass, order) == ""
    assert waiting(books) == 0
    store = await open_redis_store(server.address, 5.0)
    assert (await account_of(store, "A"))[0].balance_micros == 0
    view = await account_view(store, "A")
    assert view is not None
    assert (view["restored_micros"], view["credit_limit_micros"], view["available_micros"]) == (USED,) * 3
    await store.close()
    with books.connect() as connection:
        assert all(connection.scalars(select(ONLINE_END.c.done_ms)))
    nowhere = {"database_url": "sqlite:////nowhere/ocs.db", "store_url": "", "data_directory": ""}
    assert deliver_pass(nowhere) == ""


def work(killer: Killer, url: str, server: ServerProcess) -> None:
    """Record payments, take one back, deliver; each step of SQL and of the store may be the last."""
    engine = killer.database(url)
    with writing(engine) as connection:
        for account_id, reference, micros in (("A", "b1", 40), ("A", "b2", 100), ("B", "b1", 119)):
            payment = NewPayment(account_id, "", micros * EUR, "", "2026-11-20", reference)
            record_payments(connection, [payment], 5)
    with writing(engine) as connection:
        number = connection.scalars(select(PAYMENT.c.payment_id).where(PAYMENT.c.reference == "b2")).one()
        reverse_payment(connection, number, "2026-11-21", "returned", 6)

    async def stepping(store: StateStore, sets: list[ChangeSet]) -> list[ChangeSet]:
        killer.step()
        done = await commit_sets(store, sets)
        killer.step()
        return done

    async def delivering() -> None:
        store = await open_redis_store(server.address, 5.0)
        await deliver(engine, store, clock)
        await store.close()

    restore.commit_sets = stepping  # type: ignore[attr-defined]  # as the module calls it
    asyncio.run(delivering())


@pytest.fixture
def server(valkey_server: ServerProcess) -> ServerProcess:
    """A real Valkey with two accounts."""

    async def fill() -> None:
        await empty(valkey_server)
        store = await open_redis_store(valkey_server.address, 5.0)
        for account_id in "AB":
            await put_account(store, account_id)
        await store.close()

    filler = Thread(target=asyncio.run, args=(fill(),))  # the test may have a loop of its own
    filler.start()
    filler.join()
    return valkey_server


def test_killed_at_every_step(books: Engine, database_url: str, server: ServerProcess) -> None:
    """A process dies at its first step, the next at its second, and so on; the store has each payment once."""
    books.dispose()
    at, stride = 1, 1 if database_url.startswith("sqlite") else 5
    while in_killed_process(lambda killer: work(killer, database_url, server), at):
        at += stride
    assert at > 20

    async def check() -> None:
        store = await open_redis_store(server.address, 5.0)
        account, restored = await account_of(store, "A")
        assert account.balance_micros == USED * 40 // 119 - USED
        assert restored.total_micros == account.credited_micros == USED * 40 // 119
        assert (await account_of(store, "B"))[0].balance_micros == 0
        await store.close()

    asyncio.run(check())
    assert waiting(books) == 0
    with books.connect() as connection:
        assert connection.scalars(text("SELECT count(*) FROM payment")).one() == 3
