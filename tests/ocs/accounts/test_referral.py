"""Referrals: both sides receive what their own plans give, once for each subscriber that was brought."""

import asyncio
from pathlib import Path

import pytest

from ocs.accounts.referral import ReferralError, refer
from ocs.audit.run import audit
from tests.ocs.accounts.bonus_plans import EUR, NOW_MS, operator
from tests.ocs.accounts.stored import account_of, subscriber_of


async def test_both_sides_receive_theirs(tmp_path: Path) -> None:
    """The one who refers money, the one who came a bundle, both what is for both; the books balance."""
    store, catalogue = await operator(tmp_path)
    old, new = await subscriber_of(store, "440001"), await subscriber_of(store, "440002")
    done = await refer(store, old, new, catalogue, NOW_MS)
    assert done.bonuses == ("loyal/friend", "loyal/both", "loyal/hello", "loyal/both")
    assert (await account_of(store, "440001")).credited_micros == 6 * EUR
    friend = await account_of(store, "440002")
    assert (friend.credited_micros, [bucket.remaining for bucket in friend.buckets]) == (EUR, [1800, 1800])
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_it_is_given_once(tmp_path: Path) -> None:
    """However often, and from however many places at once, it is told."""
    store, catalogue = await operator(tmp_path)
    old, new = await subscriber_of(store, "440001"), await subscriber_of(store, "440002")
    done = await asyncio.gather(*(refer(store, old, new, catalogue, NOW_MS) for _ in range(8)))
    assert sorted(each.repeated for each in done) == [False] + [True] * 7
    assert len({each.bonuses for each in done}) == 1
    assert (await account_of(store, "440001")).credited_micros == 6 * EUR


async def test_a_plan_that_gives_nothing_is_left_out(tmp_path: Path) -> None:
    """Each side by its own plan."""
    store, catalogue = await operator(tmp_path)
    old, new = await subscriber_of(store, "440001"), await subscriber_of(store, "440003")
    assert (await refer(store, old, new, catalogue, NOW_MS)).bonuses == ("loyal/friend", "loyal/both")
    assert (await account_of(store, "440003")).version == 1


async def test_what_is_no_referral_is_refused(tmp_path: Path) -> None:
    """Oneself, one's own account, somebody of another, back and forth, and for nothing."""
    store, catalogue = await operator(tmp_path)
    one, two, plain = [await subscriber_of(store, f"44000{n}") for n in (1, 2, 3)]
    mother, child = [await subscriber_of(store, f"44000{n}") for n in (4, 5)]
    for referrer, referred, said in (
        (one, one, "one account"),
        (mother, child, "one account"),
        (plain, await subscriber_of(store, "440006"), "neither plan gives anything"),
    ):
        with pytest.raises(ReferralError, match=said):
            await refer(store, referrer, referred, catalogue, NOW_MS)
    await refer(store, one, two, catalogue, NOW_MS)
    with pytest.raises(ReferralError, match="440002 was referred by 440001 already"):
        await refer(store, plain, two, catalogue, NOW_MS)
    with pytest.raises(ReferralError, match="440002 was referred by 440001"):
        await refer(store, two, one, catalogue, NOW_MS)
    assert (await audit(store, tmp_path, catalogue)).clean
