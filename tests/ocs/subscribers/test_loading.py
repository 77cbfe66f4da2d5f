"""Loading subscribers: created once, followed later, and never at the cost of a balance."""

from collections.abc import Callable

import pytest

from balance.account import Account, decode_account, encode_account
from balance.changes import UNKNOWN, ChangeSet
from balance.keys import account_key
from balance.memory import MemoryStore
from balance.quantity import OCTETS
from balance.store import commit_sets, load_states
from balance.subscriber import ACTIVE, BARRED
from config.subscribers_file import SubscriberRow
from ocs.subscribers.loading import LoadSummary, load_subscribers
from ocs.subscribers.view import find_subscriber
from rating.catalogue import BundleDefinition, Plan

NOW_MS = 1_700_000_000_000
PLANS = {
    "payg": Plan("payg", "", "EUR", True, {}, {}, []),
    "bundle": Plan("bundle", "", "EUR", True, {}, {}, [BundleDefinition("gb", OCTETS, 1000, None, 60)]),
    "dollar": Plan("dollar", "", "USD", True, {}, {}, []),
}


def row(
    msisdn: bytes,
    imsi: bytes = b"",
    *,
    account: str = "",
    plan: str = "payg",
    opening: int = 0,
    status: int = ACTIVE,
) -> SubscriberRow:
    """A row of a file."""
    own = account or msisdn.decode()
    return SubscriberRow(1, msisdn, msisdn, imsi, own, plan, PLANS[plan].currency, opening, status)


def new_store() -> MemoryStore:
    """An empty store whose time stands still."""
    return MemoryStore(lambda: NOW_MS)


async def load(store: MemoryStore, *rows: SubscriberRow) -> LoadSummary:
    """Load rows."""
    return await load_subscribers(store, rows, PLANS, NOW_MS)


async def account_of(store: MemoryStore, account_id: str) -> Account:
    """An account as stored."""
    state = (await load_states(store, [account_key(account_id)]))[0]
    assert state is not None
    return decode_account(state)


async def test_a_subscriber_is_created_with_account_and_bundle() -> None:
    """Subscriber, IMSI, account with its opening balance, and the plan's bundle are there."""
    store = new_store()
    summary = await load(store, row(b"111", b"999", plan="bundle", opening=5))
    assert (summary.created, summary.rows) == (1, 1)
    account = await account_of(store, "111")
    assert (account.opening_micros, account.balance_micros) == (5, 5)
    assert [(b.bucket_id, b.initial, b.remaining) for b in account.buckets] == [("gb", 1000, 1000)]
    assert account.buckets[0].expires_at_ms == NOW_MS + 60_000
    found = await find_subscriber(store, "imsi:999")
    assert found is not None
    assert (found.msisdn, found.plan_id) == (b"111", "bundle")


async def test_loading_again_changes_nothing() -> None:
    """The second load writes no state."""
    store = new_store()
    rows = [row(b"%d" % number, b"9%d" % number, opening=1) for number in range(1200)]
    assert (await load(store, *rows)).created == 1200
    summary = await load(store, *rows)
    assert (summary.unchanged, summary.rows) == (1200, 1200)


async def test_an_account_keeps_its_balance() -> None:
    """A file with another balance, plan and status changes the subscriber, not the money."""
    store = new_store()
    await load(store, row(b"111", opening=5))
    spent = await account_of(store, "111")
    spent.balance_micros, spent.debited_micros = 2, 3
    change = ChangeSet()
    change.put(account_key("111"), 1, encode_account(spent, 2), 0)
    await commit_sets(store, [change])
    summary = await load(store, row(b"111", opening=100, plan="bundle", status=BARRED))
    assert summary.updated == 1
    account = await account_of(store, "111")
    assert (account.opening_micros, account.balance_micros) == (5, 2)
    assert [bucket.bucket_id for bucket in account.buckets] == ["gb"]
    found = await find_subscriber(store, "111")
    assert found is not None
    assert (found.plan_id, found.status) == ("bundle", BARRED)


async def test_a_bundle_is_given_once() -> None:
    """Leaving a plan and coming back does not fill the bucket again."""
    store = new_store()
    await load(store, row(b"111", plan="bundle"))
    account = await account_of(store, "111")
    account.buckets[0].remaining = 1
    change = ChangeSet()
    change.put(account_key("111"), 1, encode_account(account, 2), 0)
    await commit_sets(store, [change])
    await load(store, row(b"111", plan="payg"))
    await load(store, row(b"111", plan="bundle"))
    assert (await account_of(store, "111")).buckets[0].remaining == 1


async def test_several_subscribers_share_an_account() -> None:
    """Rows that name one account make one account, also when they stand in one batch."""
    store = new_store()
    summary = await load(store, *(row(b"%d" % number, account="family", opening=7) for number in range(20)))
    assert summary.created == 20
    assert (await account_of(store, "family")).balance_micros == 7


async def test_an_imsi_moves_to_another_subscriber() -> None:
    """A SIM that was given away belongs to the new subscriber only."""
    store = new_store()
    await load(store, row(b"111", b"999"))
    await load(store, row(b"222", b"999"))
    found = await find_subscriber(store, "imsi:999")
    assert found is not None
    assert found.msisdn == b"222"
    former = await find_subscriber(store, "111")
    assert former is not None
    assert former.imsi == b""


async def test_a_new_sim_frees_the_old_imsi() -> None:
    """After a change of SIM the old IMSI leads nowhere."""
    store = new_store()
    await load(store, row(b"111", b"999"))
    assert (await load(store, row(b"111", b"888"))).updated == 1
    assert await find_subscriber(store, "imsi:999") is None
    found = await find_subscriber(store, "imsi:888")
    assert found is not None
    assert found.msisdn == b"111"


async def test_two_subscribers_swap_their_sims() -> None:
    """A swap within one file ends as the file says."""
    store = new_store()
    await load(store, row(b"111", b"999"), row(b"222", b"888"))
    await load(store, row(b"111", b"888"), row(b"222", b"999"))
    for imsi, msisdn in (("888", b"111"), ("999", b"222")):
        found = await find_subscriber(store, f"imsi:{imsi}")
        assert found is not None
        assert (found.msisdn, found.imsi) == (msisdn, imsi.encode())


async def test_a_plan_of_another_currency_is_refused() -> None:
    """An account has one currency; the row is refused with its line, the others are loaded."""
    store = new_store()
    await load(store, row(b"111"))
    summary = await load(store, row(b"111", plan="dollar"), row(b"222"))
    assert (summary.refused, summary.created) == (1, 1)
    assert summary.reasons == ["line 1: account 111 is in EUR, plan dollar in USD"]


@pytest.mark.parametrize("applied", [True, False])
async def test_a_lost_answer_of_the_store_is_made_good(applied: bool) -> None:
    """A batch whose commit is unknown is looked at again, row by row."""

    class Unsure(MemoryStore):
        lost = False

        def commit(self, sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
            if self.lost:
                super().commit(sets, done)
                return
            self.lost = True
            if applied:
                super().commit(sets, lambda _: None)
            for change in sets:
                change.result = UNKNOWN
            done(sets)

    store = Unsure(lambda: NOW_MS)
    summary = await load(store, row(b"111", opening=3), row(b"222", opening=4))
    assert summary.created == 2
    assert (await account_of(store, "222")).balance_micros == 4


async def test_progress_is_told() -> None:
    """The progress ends at the number of rows."""
    told: list[int] = []
    rows = [row(b"%d" % number) for number in range(1001)]
    await load_subscribers(new_store(), rows, PLANS, NOW_MS, told.append)
    assert told[-1] == 1001
    assert told == sorted(told)
