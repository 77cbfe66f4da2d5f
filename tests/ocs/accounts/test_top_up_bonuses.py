"""Bonuses of top-ups: what the plan says, once for each reference, and the books balance."""

import asyncio
from pathlib import Path

import pytest
from librt.strings import BytesWriter

from balance.changes import ChangeSet
from balance.keys import reference_key
from balance.memory import MemoryStore
from balance.packing import put_number, put_octet
from balance.store import commit_sets
from ocs.accounts.top_up import TopUpError, top_up
from ocs.accounts.view import account_view
from ocs.audit.run import audit
from rating.bundles import MONEY
from tests.ocs.accounts.bonus_plans import DAY_MS, EUR, NOW_MS, operator
from tests.ocs.accounts.stored import account_of


async def _books_balance(store: MemoryStore, records: Path) -> bool:
    return (await audit(store, records, None)).clean


async def test_a_top_up_brings_what_the_plan_says(tmp_path: Path) -> None:
    """An amount from so much on, a part of any with an end, and no bundle yet."""
    store, catalogue = await operator(tmp_path)
    done = await top_up(store, "440001", 20 * EUR, "r1", NOW_MS, catalogue=catalogue)
    account = await account_of(store, "440001")
    assert done.bonuses == ("loyal/fixed", "loyal/tenth")
    assert (account.balance_micros, account.credited_micros) == (32 * EUR, 22 * EUR)
    credit = account.buckets[-1]
    assert (credit.unit_kind, credit.remaining, credit.expires_at_ms) == (MONEY, 2 * EUR, NOW_MS + 7 * DAY_MS)
    assert len(account.buckets) == 2
    view = await account_view(store, "440001")
    assert view is not None
    shown = view["buckets"]
    assert isinstance(shown, list)
    assert (shown[1]["unit_kind"], shown[1]["remaining"]) == ("micros", 2 * EUR)
    assert await _books_balance(store, tmp_path)


async def test_a_large_top_up_brings_a_bundle_too(tmp_path: Path) -> None:
    """Beside the one that the plan gave when the subscriber was loaded."""
    store, catalogue = await operator(tmp_path)
    done = await top_up(store, "440002", 50 * EUR, "r1", NOW_MS, catalogue=catalogue)
    account = await account_of(store, "440002")
    assert done.bonuses == ("loyal/fixed", "loyal/tenth", "loyal/minutes")
    assert [bucket.remaining for bucket in account.buckets] == [1800, 5 * EUR, 1800]


async def test_a_repeat_gives_nothing_and_tells_what_was_given(tmp_path: Path) -> None:
    """The mark remembers the bonuses; another reference brings them again."""
    store, catalogue = await operator(tmp_path)
    first = await top_up(store, "440001", 20 * EUR, "r1", NOW_MS, catalogue=catalogue)
    before = await account_of(store, "440001")
    again = await top_up(store, "440001", 20 * EUR, "r1", NOW_MS + 5, catalogue=catalogue)
    assert again.repeated
    assert again.bonuses == first.bonuses
    assert (await account_of(store, "440001")).version == before.version
    await top_up(store, "440001", 20 * EUR, "r2", NOW_MS, catalogue=catalogue)
    assert (await account_of(store, "440001")).credited_micros == 44 * EUR


async def test_the_same_reference_at_once_gives_once(tmp_path: Path) -> None:
    """Eight tools with one voucher: one of them gives."""
    store, catalogue = await operator(tmp_path)
    several = [top_up(store, "440001", 20 * EUR, "r1", NOW_MS, catalogue=catalogue) for _ in range(8)]
    done = await asyncio.gather(*several)
    assert sorted(each.repeated for each in done) == [False] + [True] * 7
    assert (await account_of(store, "440001")).credited_micros == 22 * EUR


async def test_plans_without_bonuses_give_none(tmp_path: Path) -> None:
    """Nor does a top-up without a catalogue."""
    store, catalogue = await operator(tmp_path)
    assert (await top_up(store, "440003", 50 * EUR, "r1", NOW_MS, catalogue=catalogue)).bonuses == ()
    assert (await top_up(store, "440001", 50 * EUR, "r1", NOW_MS)).bonuses == ()
    assert (await account_of(store, "440001")).credited_micros == 50 * EUR


async def test_of_a_shared_account_it_must_be_said_who_tops_up(tmp_path: Path) -> None:
    """Its members may be on plans that give different things; where no plan gives any it does not matter."""
    store, catalogue = await operator(tmp_path)
    with pytest.raises(TopUpError, match="say --subscriber"):
        await top_up(store, "family", 20 * EUR, "r1", NOW_MS, catalogue=catalogue)
    with pytest.raises(TopUpError, match="account family is not that of subscriber 440001"):
        await top_up(store, "family", 20 * EUR, "r1", NOW_MS, catalogue=catalogue, subscriber_id=b"440001")
    done = await top_up(store, "family", 20 * EUR, "r1", NOW_MS, catalogue=catalogue, subscriber_id=b"440004")
    assert done.bonuses == ("loyal/fixed", "loyal/tenth")
    done = await top_up(store, "family", 20 * EUR, "r2", NOW_MS, catalogue=catalogue, subscriber_id=b"440005")
    assert done.bonuses == ()
    assert (await top_up(store, "dollars", 20 * EUR, "r1", NOW_MS, catalogue=catalogue)).bonuses == ()


async def test_a_mark_from_before_bonuses_still_counts(tmp_path: Path) -> None:
    """What was credited by an earlier version is not credited again, nor its bonus given."""
    store, catalogue = await operator(tmp_path)
    out = BytesWriter()
    put_number(out, 1)
    put_octet(out, 1)
    put_number(out, 20 * EUR)
    put_number(out, NOW_MS)
    change = ChangeSet()
    change.put(reference_key("440001", "old"), 0, out.getvalue(), 0)
    await commit_sets(store, [change])
    done = await top_up(store, "440001", 20 * EUR, "old", NOW_MS, catalogue=catalogue)
    assert (done.repeated, done.bonuses, done.account.credited_micros) == (True, (), 0)
