"""The audit: clean books pass, every kind of damage is named, and a server at work causes no false alarm."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from balance.account import Account, Bucket, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, session_key, subscriber_key
from balance.memory import MemoryStore
from balance.quantity import OCTETS
from balance.restored import RestoredCredit, encode_restored, restored_key
from balance.store import commit_sets
from balance.subscriber import ACTIVE, Subscriber, encode_subscriber
from ocs.audit.report import DIFFERENCES_SHOWN, AuditReport
from ocs.audit.run import audit
from ocs.cdr.writer import CdrWriter, WriterSettings
from ocs.charging.rated_service import Service
from ocs.charging.session import ChargingSession, SessionIdentity
from ocs.charging.session_octets import encode_session
from rating.catalogue import Catalogue, Plan

NOW_MS = 1_700_000_000_000
CATALOGUE = Catalogue(
    "v",
    {name: Plan(name, "", "EUR", name == "payg", {}, {}, []) for name in ("payg", "junior")},
    {},
    frozenset(),
)


def record(number: int, account: str, amount: int, units: int = 0) -> bytes:
    """An event as the charging core writes it, as far as the books are concerned."""
    buckets = [{"bucket": "gb", "units": units}] if units else []
    fields = {"record_id": f"s#{number}", "account": account, "currency": "EUR", "amount_micros": amount}
    return json.dumps({**fields, "buckets": buckets}, separators=(",", ":")).encode()


def account_of(
    account_id: str, *, debited: int = 0, reserved: int = 0, used: int = 0, held: int = 0
) -> Account:
    """An account of 1,000 micros and a bucket of 100 units of which something is gone."""
    account = Account(account_id, "EUR", 1000)
    account.debited_micros = debited
    account.balance_micros = 1000 - debited
    account.reserved_micros = reserved
    account.buckets = (Bucket("gb", OCTETS, 100, 100 - used, held, 0),)
    return account


def session_of(account_id: str, *, amount: int = 0, reserved: int = 0, used: int = 0, held: int = 0) -> bytes:
    """The octets of an open session that has charged and holds something."""
    identity = SessionIdentity(
        b"s;" + account_id.encode(), account_id, b"1", b"", "payg", "data", b"32251@3gpp.org"
    )
    session = ChargingSession(identity, NOW_MS)
    service = Service(1, -1, NOW_MS)
    service.amount_micros = amount
    held_now = service.reserve_anew()
    held_now.money_micros = reserved
    if held:
        held_now.hold("gb", held)
    if used:
        service.take_from_bucket("gb", used)
    session.add_service(service)
    return encode_session(session, 1)


def new_store() -> MemoryStore:
    """An empty store."""
    return MemoryStore(lambda: NOW_MS)


async def put(
    store: MemoryStore,
    account: Account | None,
    session: bytes | None = None,
    *events: bytes,
    deadline: int = NOW_MS,
) -> None:
    """Commit an account, an open session of its, and events."""
    change = ChangeSet()
    if account is not None:
        change.put(
            account_key(account.account_id), account.version, encode_account(account, account.version + 1), 0
        )
        if session is not None:
            session_id = b"s;" + account.account_id.encode()
            change.put(session_key(session_id), 0, session, 0)
            change.opened.append((account.account_id.encode(), session_id))
            if deadline:
                change.deadlines.append((session_key(session_id), deadline))
    change.events.extend(events)
    if not change.keys:
        change.put(b"x:%d" % len(events), 0, b"\0" * 7 + b"\1", 0)
    await commit_sets(store, [change])
    assert change.result == COMMITTED


async def audited(store: MemoryStore, directory: Path) -> AuditReport:
    """The report of an audit."""
    return await audit(store, directory, CATALOGUE)


async def test_books_that_balance_are_clean(tmp_path: Path) -> None:
    """Money and units in records, in open sessions and in accounts agree; the figures are the sums."""
    store = new_store()
    await put(
        store,
        account_of("a", debited=30, reserved=5, used=7, held=3),
        session_of("a", amount=10, reserved=5, used=4, held=3),
        record(1, "a", 20, 3),
    )
    await put(store, account_of("b"))
    report = await audited(store, tmp_path)
    assert report.differences == []
    figures = report.to_json()
    assert (figures["accounts"], figures["sessions"], figures["records"]) == (2, 1, 1)
    assert figures["EUR"] == {
        "opening_micros": 2000,
        "credited_micros": 0,
        "debited_micros": 30,
        "balance_micros": 1970,
        "reserved_micros": 5,
    }
    assert "The books balance." in report.to_text()


async def test_records_in_files_and_in_the_outbox_count_once(tmp_path: Path) -> None:
    """Some records are written to files, others wait; each is counted once."""
    store = new_store()
    await put(store, account_of("a", debited=60), None, *(record(number, "a", 10) for number in range(1, 4)))
    writer = CdrWriter(store, tmp_path, lambda: NOW_MS, WriterSettings(chunk_records=2, rotate_records=2))
    await writer.write_some()
    change = ChangeSet()
    change.put(b"x:", 0, b"\0" * 7 + b"\1", 0)
    change.events = [record(number, "a", 10) for number in range(4, 7)]
    await commit_sets(store, [change])
    report = await audited(store, tmp_path)
    assert (report.differences, report.records) == ([], 6)
    await writer.stop()


async def test_records_that_are_gone_are_named(tmp_path: Path) -> None:
    """A record file that was deleted shows as missing numbers and as money that no record explains."""
    store = new_store()
    await put(store, account_of("a", debited=40), None, *(record(number, "a", 10) for number in range(1, 5)))
    writer = CdrWriter(store, tmp_path, lambda: NOW_MS, WriterSettings(chunk_records=2, rotate_records=2))
    for _ in range(4):
        await writer.write_some()
    await writer.stop()
    (tmp_path / "cdr-p0-000000000001-000000000002.jsonl").unlink()
    said = "\n".join((await audited(store, tmp_path)).differences)
    assert "records 1 to 2 are missing" in said
    assert "debited_micros is 40, records and open sessions say 20" in said


async def test_a_lost_directory_is_named(tmp_path: Path) -> None:
    """Without any file, what left the outbox is neither here nor there."""
    store = new_store()
    await put(store, account_of("a", debited=10), None, record(1, "a", 10))
    await store.outbox_trim(1, 1)
    said = "\n".join((await audited(store, tmp_path)).differences)
    assert "records 1 to 1 are neither in the outbox nor in" in said


@pytest.mark.parametrize(
    ("account", "session", "said"),
    [
        (account_of("a", debited=1), None, "debited_micros is 1, records and open sessions say 0"),
        (
            account_of("a", reserved=9),
            session_of("a", reserved=8),
            "reserved_micros is 9, open sessions hold 8",
        ),
        (account_of("a", reserved=9), None, "reserved_micros is 9, open sessions hold 0"),
        (account_of("a", used=2), None, "bucket gb: 2 units are gone, records and open sessions say 0"),
        (
            account_of("a", held=2),
            session_of("a", held=1),
            "bucket gb: 2 units are reserved, open sessions hold 1",
        ),
    ],
)
async def test_damage_is_named(tmp_path: Path, account: Account, session: bytes | None, said: str) -> None:
    """Each way in which an account can disagree with its sessions and records has its sentence."""
    store = new_store()
    await put(store, account, session)
    report = await audited(store, tmp_path)
    assert report.differences == [f"account a: {said}"]
    assert not report.clean


async def test_an_account_that_contradicts_itself_is_named(tmp_path: Path) -> None:
    """A balance that is not opening + credited - debited."""
    store = new_store()
    account = account_of("a")
    account.balance_micros += 1
    await put(store, account)
    assert (
        "opening + credited - debited = 1000, balance = 1001" in (await audited(store, tmp_path)).differences[0]
    )


async def test_records_and_sessions_of_nobody_are_named(tmp_path: Path) -> None:
    """A record whose account does not exist."""
    store = new_store()
    await put(store, None, None, record(1, "ghost", 5))
    assert (await audited(store, tmp_path)).differences == [
        "account ghost: sessions or records name it, but it does not exist"
    ]


async def test_twin_records_are_named(tmp_path: Path) -> None:
    """Two records with one id, and events that are no records."""
    store = new_store()
    await put(
        store, account_of("a", debited=20), None, record(1, "a", 10), record(1, "a", 10), b'{"record_id":1}'
    )
    said = "\n".join((await audited(store, tmp_path)).differences)
    assert "1 records have a record_id that another record has" in said
    assert "record 3 can not be read" in said


async def test_a_session_without_a_deadline_is_named(tmp_path: Path) -> None:
    """Its reservation would never come back."""
    store = new_store()
    await put(store, account_of("a", reserved=5), session_of("a", reserved=5), deadline=0)
    assert (await audited(store, tmp_path)).differences == ["session s;a: open, but without a deadline"]


async def test_an_overdraft_is_named_where_every_plan_forbids_it(tmp_path: Path) -> None:
    """Below zero is wrong on a junior account, and right where one of the plans allows it."""
    store = new_store()
    for account_id, plans in (("a", ["junior"]), ("b", ["junior", "payg"])):
        await put(store, account_of(account_id, debited=1500), None)
        for plan in plans:
            change = ChangeSet()
            msisdn = f"{account_id}-{plan}".encode()
            subscriber = Subscriber(msisdn, b"", account_id, plan, ACTIVE)
            change.put(subscriber_key(msisdn), 0, encode_subscriber(subscriber, 1), 0)
            change.events.append(record(len(account_id + plan), account_id, 1500 // len(plans)))
            await commit_sets(store, [change])
    said = (await audited(store, tmp_path)).differences
    assert "account a: below zero, which all of its plans forbid" in said
    assert not any(sentence.startswith("account b: below") for sentence in said)


@pytest.mark.parametrize(
    ("limit", "restored", "said"),
    [
        (500, False, []),
        (499, False, ["account a: below its credit limit, which all of its plans forbid"]),
        (499, True, []),
    ],
    ids=["to-the-limit", "below-it", "a-payment-was-taken-back"],
)
async def test_a_credit_limit_is_what_an_account_may_use(
    tmp_path: Path, limit: int, restored: bool, said: list[str]
) -> None:
    """Down to its credit limit an account is in order on a plan without overdraft, below it is not."""
    store = new_store()
    account = account_of("a", debited=1500)
    account.credit_limit_micros = limit
    await put(store, account, None)
    change = ChangeSet()
    subscriber = Subscriber(b"a", b"", "a", "junior", ACTIVE)
    change.put(subscriber_key(b"a"), 0, encode_subscriber(subscriber, 1), 0)
    change.events.append(record(1, "a", 1500))
    if restored:
        change.put(restored_key("a"), 0, encode_restored(RestoredCredit(number=2), 1), 0)
    await commit_sets(store, [change])
    assert (await audited(store, tmp_path)).differences == said


async def test_octets_that_are_no_state_are_named(tmp_path: Path) -> None:
    """A state of another format does not end the audit."""
    store = new_store()
    change = ChangeSet()
    change.put(account_key("a"), 0, b"\0" * 7 + b"\1\x63", 0)
    change.put(session_key(b"s"), 0, b"\0" * 7 + b"\1\x63", 0)
    await commit_sets(store, [change])
    report = await audited(store, tmp_path)
    assert len(report.differences) == 2
    assert all("can not be read" in sentence for sentence in report.differences)


async def test_octets_that_are_no_state_are_named_when_they_are_looked_at_again(tmp_path: Path) -> None:
    """Neither a suspect account's session nor a subscriber of an overdrawn one ends the audit."""
    store = new_store()
    change = ChangeSet()
    account = Account("a", "EUR", 100)
    account.balance_micros = -1
    change.put(account_key("a"), 0, encode_account(account, 1), 0)
    change.put(session_key(b"s"), 0, b"\0" * 7 + b"\1\x63", 0)
    change.put(subscriber_key(b"1"), 0, b"\0" * 7 + b"\1\x63", 0)
    change.opened.append((b"a", b"s"))
    await commit_sets(store, [change])
    said = (await audited(store, tmp_path)).differences
    assert len(said) == 3
    assert all("can not be read" in sentence for sentence in said)


async def test_many_differences_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    """The list stays readable."""
    store = new_store()
    for number in range(50):
        await put(store, account_of(f"a{number}", debited=1))
    report = await audited(store, tmp_path)
    assert (report.difference_count, len(report.differences)) == (50, DIFFERENCES_SHOWN)


class BusyStore(MemoryStore):
    """A store that charges the account ``a`` while somebody scans or reads, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(lambda: NOW_MS)
        self.times = times
        self.debited = 0

    def charge(self) -> None:
        """One more micro is debited, with its record."""
        if self.times:
            self.times -= 1
            self.debited += 1
            account = account_of("a", debited=self.debited)
            change = ChangeSet()
            change.put(account_key("a"), self.debited, encode_account(account, self.debited + 1), 0)
            change.events.append(record(self.debited, "a", 1))
            self.commit([change], lambda _: None)
            assert change.result == COMMITTED

    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """Charge, after the events were read."""
        events = await super().outbox_read(sequence, limit)
        self.charge()
        return events

    async def scan(self, prefix: bytes) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """Charge before each chunk."""
        async for chunk in super().scan(prefix):
            self.charge()
            yield chunk


async def test_a_server_at_work_is_no_difference(tmp_path: Path) -> None:
    """An account that changes while it is audited is read again until it keeps still."""
    store = BusyStore(10)
    await put(store, account_of("a"))
    report = await audited(store, tmp_path)
    assert report.differences == []
    assert (report.rechecked, report.unsettled) == (1, 0)
    assert store.times == 0


async def test_an_account_that_never_keeps_still_is_said_to_be_unproven(tmp_path: Path) -> None:
    """No false alarm and no false proof."""
    store = BusyStore(1_000_000)
    await put(store, account_of("a"))
    report = await audited(store, tmp_path)
    assert (report.differences, report.unsettled) == ([], 1)
    assert "not proven" in report.to_text()
