"""Restored online credit in the audit: store, SQL and lake agree, and each disagreement is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from balance.account import Account, encode_account
from balance.changes import ChangeSet
from balance.keys import account_key
from balance.memory import MemoryStore
from balance.operations import debit_money
from balance.restored import RestoredCredit, encode_restored, restored_key
from balance.store import commit_sets
from ocs.accounts.delivery import deliver
from ocs.audit.offline.report import OfflineReport
from ocs.audit.offline.run import audit_offline
from ocs.audit.restored import RestoredReport, audit_restored
from ocs.billing.credit import CreditRequest, credit
from ocs.cdr.lake import Lake
from ocs.database import migrate, open_database, writing
from ocs.payments.recording import NewPayment, record_payments
from tests.ocs.billing.operator import Operator, call

USED = 7_654_321


class Loop:
    """An operator whose account A1 was charged online and by imports, billed, and has paid a part."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.operator = Operator(engine, folder)
        self.store = MemoryStore(lambda: 1)
        self.engine = engine

    async def play(self) -> None:
        """Charge, bill, pay ten euros of more, give a part back by credit note, deliver."""
        account = Account("A1", "EUR", 0)
        debit_money(account, USED, overdraft_allowed=True)
        change = ChangeSet()
        change.put(account_key("A1"), 0, encode_account(account, 1), 0)
        await commit_sets(self.store, [change])
        operator = self.operator
        operator.begin()
        operator.account("A1")
        operator.account("A3", parent_account_id="A1", payer="parent")
        operator.subscribe("A1", "S1", "talk", "2026-10-01")
        online = [
            call("A1", "S1", "2026-10-05", USED - 100, service="data"),
            call("A1", "S1", "2026-10-06", 150, service="data"),
            call("A1", "S1", "2026-10-06", -50, line=1, service="data"),
            call("A1", "S1", "2026-10-06", 99, payment="prepaid"),
        ]
        operator.use(online, series="online-p0")
        operator.use([call("A1", "S1", "2026-10-07", 3_000_000)])
        operator.bill("2026-11-01")
        with writing(self.engine) as connection:
            payment = NewPayment("A1", "", 10_000_000, "", "2026-11-05", "b1")
            record_payments(connection, [payment], 1)
        credit(self.engine, CreditRequest("2026-000001", 1, 500_000, "goodwill", "2026-11-05"))
        await deliver(self.engine, self.store, lambda: 2)

    async def both(self) -> RestoredReport:
        """The audit of store and SQL."""
        return await audit_restored(self.store, self.engine)

    def offline(self) -> OfflineReport:
        """The audit of SQL and lake."""
        return audit_offline(self.engine, Lake(self.operator.lake_folder, self.engine))

    def change(self, statement: str) -> None:
        """Tamper with a table."""
        with writing(self.engine) as connection:
            assert connection.exec_driver_sql(statement).rowcount > 0

    async def put(self, number: int, micros: int) -> None:
        """Tamper with the store."""
        change = ChangeSet()
        octets = encode_restored(RestoredCredit(number, micros), 3)
        change.put(restored_key("A1"), 2, octets, 0)
        assert (await commit_sets(self.store, [change]))[0].result == 1


async def loop_of(engine: Engine, folder: Path) -> Loop:
    """A loop that was played."""
    loop = Loop(engine, folder)
    await loop.play()
    return loop


async def test_a_loop_in_order_is_clean(engine: Engine, tmp_path: Path) -> None:
    """Online charges alone come back, in the paid part of the invoice."""
    loop = await loop_of(engine, tmp_path)
    (invoice,) = loop.operator.invoices()
    settled = 10_000_000 + 600_000  # half a euro and its tax
    report = await loop.both()
    assert report.differences == []
    assert (report.accounts, report.waiting) == (1, 0)
    assert report.restored == {"EUR": USED * settled // invoice.total_micros}
    assert loop.offline().differences == []
    assert report.to_text().endswith("What was given back is what was paid for.")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE invoice_online SET amount_micros = amount_micros + 1",
            "A1 was charged 7654322 micros EUR online",
        ),
        ("DELETE FROM invoice_online", "which was charged nothing online for it"),
        ("UPDATE credit_restoration SET amount_micros = amount_micros - 1 WHERE number = 2", "are paid for"),
        ("UPDATE credit_restoration SET number = 3 WHERE number = 2", "not numbered 1, 2, 3"),
        ("UPDATE payment SET amount_micros = 9000000", "are paid for: `ocs payment deliver` puts it right"),
    ],
)
async def test_what_is_changed_in_sql_is_found(
    sqlite_engine: Engine, tmp_path: Path, statement: str, message: str
) -> None:
    """One number changed anywhere."""
    loop = await loop_of(sqlite_engine, tmp_path)
    loop.change(statement)
    assert any(message in sentence for sentence in loop.offline().differences), loop.offline().differences


async def test_what_store_and_sql_do_not_agree_on_is_found(sqlite_engine: Engine, tmp_path: Path) -> None:
    """A sum, a number that was never posted, one that was lost, more than was ever charged; and what waits."""
    loop = await loop_of(sqlite_engine, tmp_path)
    loop.change("UPDATE credit_restoration SET amount_micros = amount_micros - 1 WHERE number = 2")
    assert "were given back, " in (await loop.both()).differences[0]
    loop.change("DELETE FROM credit_restoration WHERE number = 2")
    assert (await loop.both()).differences == ["account A1: the store took restoration 2, 1 were posted"]

    other = await loop_of(sqlite_engine_at(tmp_path / "lost"), tmp_path / "lost")
    other.change("UPDATE credit_restoration SET delivered_ms = NULL WHERE number = 2")
    assert ((await other.both()).clean, (await other.both()).waiting) == (True, 0)
    await other.put(1, USED + 1)
    found = (await other.both()).differences
    assert found[0] == f"account A1: {USED + 1} micros were given back of the {USED} it was charged"
    assert (await other.both()).waiting == 1
    other.change("UPDATE credit_restoration SET delivered_ms = 2")
    assert "restoration 2 was delivered, the store has it not" in (await other.both()).differences[1]
    other.engine.dispose()


def sqlite_engine_at(folder: Path) -> Engine:
    """Another database."""
    folder.mkdir()
    engine = open_database(f"sqlite:///{folder / 'ocs.db'}")
    migrate(engine)
    return engine
