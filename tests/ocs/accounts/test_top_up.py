"""Topping up: exact, once for each reference, beside other writers, safe when the store's answer is lost."""

from collections.abc import Callable

import pytest

from balance.account import Account, decode_account, encode_account
from balance.changes import CONFLICT, UNKNOWN, ChangeSet
from balance.keys import account_key
from balance.memory import MemoryStore
from balance.store import StoreError, commit_sets, load_states
from ocs.accounts.top_up import TopUpError, top_up
from ocs.accounts.view import account_view

NOW_MS = 1_700_000_000_000
EUR = 1_000_000


class UnsureStore(MemoryStore):
    """A memory store that applies a commit or not, and says that it does not know."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW_MS)
        self.losses: list[str] = []

    def commit(self, sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
        """Lose the request or the answer as planned."""
        loss = self.losses.pop(0) if self.losses else ""
        if loss == "request":
            for change in sets:
                change.result = UNKNOWN
            done(sets)
        elif loss == "answer":
            super().commit(sets, lambda _: None)
            for change in sets:
                change.result = UNKNOWN
            done(sets)
        else:
            super().commit(sets, done)


async def store_with_account(opening: int = 10 * EUR) -> UnsureStore:
    """A store with the account ``a``."""
    store = UnsureStore()
    change = ChangeSet()
    change.put(account_key("a"), 0, encode_account(Account("a", "EUR", opening), 1), 0)
    await commit_sets(store, [change])
    return store


async def account_of(store: MemoryStore) -> Account:
    """The account ``a`` as stored."""
    state = (await load_states(store, [account_key("a")]))[0]
    assert state is not None
    return decode_account(state)


async def test_a_credit_moves_balance_and_credits() -> None:
    """Opening + credited - debited stays the balance."""
    store = await store_with_account()
    done = await top_up(store, "a", 5 * EUR, "r1", NOW_MS)
    account = await account_of(store)
    assert not done.repeated
    assert (account.balance_micros, account.credited_micros, account.version) == (15 * EUR, 5 * EUR, 2)
    assert account.faults() == []


async def test_the_same_reference_credits_once() -> None:
    """A repeat changes nothing and says so; another reference credits again."""
    store = await store_with_account()
    await top_up(store, "a", EUR, "r1", NOW_MS)
    assert (await top_up(store, "a", EUR, "r1", NOW_MS)).repeated
    assert (await account_of(store)).credited_micros == EUR
    await top_up(store, "a", EUR, "r2", NOW_MS)
    assert (await account_of(store)).credited_micros == 2 * EUR


async def test_a_reference_stands_for_one_amount() -> None:
    """A reference that was used for another amount is a mistake of the caller."""
    store = await store_with_account()
    await top_up(store, "a", EUR, "r1", NOW_MS)
    with pytest.raises(TopUpError, match=r"already used for 1\.00"):
        await top_up(store, "a", 2 * EUR, "r1", NOW_MS)


@pytest.mark.parametrize("losses", [["answer"], ["request"], ["request", "answer"], ["request"] * 5])
async def test_a_lost_answer_never_doubles_a_credit(losses: list[str]) -> None:
    """Whether the lost commit was applied or not, the account is credited exactly once."""
    store = await store_with_account()
    store.losses = losses
    done = await top_up(store, "a", EUR, "r1", NOW_MS)
    assert done.account.balance_micros == 11 * EUR
    assert (await account_of(store)).credited_micros == EUR


async def test_a_charge_in_between_is_kept() -> None:
    """A conflict makes the top-up read again."""

    class Busy(UnsureStore):
        charges = 3

        def commit(self, sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
            if self.charges and len(sets[0].keys) == 2:
                self.charges -= 1
                for change in sets:
                    change.result = CONFLICT
                done(sets)
            else:
                super().commit(sets, done)

    store = Busy()
    change = ChangeSet()
    change.put(account_key("a"), 0, encode_account(Account("a", "EUR", 0), 1), 0)
    await commit_sets(store, [change])
    await top_up(store, "a", EUR, "r1", NOW_MS)
    assert store.charges == 0
    assert (await account_of(store)).balance_micros == EUR


async def test_what_can_not_be_credited_is_refused() -> None:
    """Nothing, less than nothing, too much, and accounts that are not there."""
    store = await store_with_account()
    for micros in (0, -1):
        with pytest.raises(TopUpError, match="more than zero"):
            await top_up(store, "a", micros, "r", NOW_MS)
    with pytest.raises(TopUpError, match="would pass"):
        await top_up(store, "a", 1 << 53, "r", NOW_MS)
    with pytest.raises(TopUpError, match="no account b"):
        await top_up(store, "b", EUR, "r", NOW_MS)


async def test_a_silent_store_is_an_error() -> None:
    """A store that does not answer is told as such."""

    class Silent(UnsureStore):
        def load(self, keys: list[bytes], done: Callable[[list[bytes | None] | None], None]) -> None:
            done(None)

    with pytest.raises(StoreError):
        await top_up(Silent(), "a", EUR, "r", NOW_MS)


async def test_the_view_of_an_account_tells_its_money() -> None:
    """The view has the amounts in micros and as text; an unknown account has none."""
    store = await store_with_account()
    view = await account_view(store, "a")
    assert view is not None
    assert (view["balance_micros"], view["balance"], view["currency"]) == (10 * EUR, "10.00", "EUR")
    assert (view["reserved_micros"], view["buckets"], view["sessions"]) == (0, [], [])
    assert await account_view(store, "b") is None
