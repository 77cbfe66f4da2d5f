"""Add-ons that are bought from a balance: money, bucket and record in one commit, once for each reference."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balance.changes import UNKNOWN, ChangeSet
from balance.keys import account_key, subscriber_key
from balance.memory import MemoryStore
from balance.store import commit_sets
from balance.subscriber import BARRED, encode_subscriber
from ocs.accounts.buying import Purchase, PurchaseError, buy
from ocs.accounts.top_up import TopUpError, top_up
from ocs.audit.run import audit
from ocs.charging.decision import decide
from rating.catalogue import Catalogue
from tests.ocs.accounts.fee_plans import DAY_MS, EUR, NOW_MS, operator
from tests.ocs.accounts.stored import account_of, subscriber_of
from tests.ocs.charging.building import POLICY, initial, mscc, termination


async def bought(
    store: MemoryStore, catalogue: Catalogue, who: str = "440002", addon: str = "extra", reference: str = "r1"
) -> Purchase:
    """A purchase."""
    return await buy(store, await subscriber_of(store, who), addon, catalogue, reference, NOW_MS)


async def records_of(store: MemoryStore, account_id: str) -> list[dict[str, Any]]:
    """The records of an account in the outbox."""
    records = [json.loads(event) for event in await store.outbox_read(1, 1000)]
    return [record for record in records if record["account"] == account_id]


async def test_money_goes_and_units_come(tmp_path: Path) -> None:
    """Each fee has its record and its tax; the bucket ends when it was said to; the books balance."""
    store, catalogue = await operator(tmp_path)
    done = await bought(store, catalogue)
    account = await account_of(store, "440002")
    assert (done.paid_micros, done.repeated) == (4_500_000, False)
    assert (account.balance_micros, account.debited_micros) == (5_500_000, 4_500_000)
    (bucket,) = account.buckets
    assert bucket.bucket_id.startswith("extra/data+bought+")
    assert (bucket.remaining, bucket.expires_at_ms) == (10_000_000, NOW_MS + 7 * DAY_MS)
    records = await records_of(store, "440002")
    told = [
        (one["service"], one["cause"], one["payment"], one["charges"][0]["rule"], one["charges"][0].get("tax"))
        for one in records
    ]
    assert told == [
        ("fees", "bought", "prepaid", "extra/fee", None),
        ("fees", "bought", "prepaid", "extra/stamp", "goods"),
    ]
    assert [one["amount_micros"] for one in records] == [4 * EUR, EUR // 2]
    assert records[-1]["balance_micros"] == 5_500_000
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_what_was_bought_pays_for_use(tmp_path: Path) -> None:
    """Before money, also under a rule that has but one price."""
    store, catalogue = await operator(tmp_path)
    await bought(store, catalogue)
    subscriber, account = await subscriber_of(store, "440002"), await account_of(store, "440002")
    request = initial(mscc(want=12_000_000), msisdn=b"440002")
    opened = decide(request, None, subscriber, account, catalogue, POLICY, NOW_MS)
    request = termination(1, mscc(used=12_000_000))
    closed = decide(request, opened.session, None, opened.account, catalogue, POLICY, NOW_MS)
    assert closed.account is not None
    assert (closed.account.balance_micros, closed.account.buckets[0].remaining) == (3_500_000, 0)


async def test_a_reference_buys_once(tmp_path: Path) -> None:
    """Also eight tools at once; another reference buys again, into a bucket that lasts as long."""
    store, catalogue = await operator(tmp_path)
    done = await asyncio.gather(*(bought(store, catalogue) for _ in range(8)))
    assert sorted(each.repeated for each in done) == [False] + [True] * 7
    assert {each.paid_micros for each in done} == {4_500_000}
    await bought(store, catalogue, reference="r2")
    account = await account_of(store, "440002")
    assert (account.balance_micros, account.buckets[0].initial) == (EUR, 20_000_000)
    assert len(await records_of(store, "440002")) == 4
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_a_reference_stands_for_one_thing(tmp_path: Path) -> None:
    """For another add-on, or a top-up, it is a mistake of the caller."""
    store, catalogue = await operator(tmp_path)
    await bought(store, catalogue)
    with pytest.raises(PurchaseError, match="r1 was already used for add-on extra"):
        await bought(store, catalogue, addon="gift")
    with pytest.raises(TopUpError, match="r1 was already used for add-on extra"):
        await top_up(store, "440002", EUR, "r1", NOW_MS)
    await top_up(store, "440002", EUR, "voucher", NOW_MS)
    with pytest.raises(PurchaseError, match="voucher was already used for a top-up"):
        await bought(store, catalogue, reference="voucher")


async def test_what_can_not_be_bought_says_why(tmp_path: Path) -> None:
    """And takes nothing."""
    store, catalogue = await operator(tmp_path)
    await bought(store, catalogue)
    await bought(store, catalogue, reference="r2")
    before = await account_of(store, "440002")
    refusals = {
        ("440002", "extra"): r"add-on extra costs 4\.50 EUR, 1\.00 is available",
        ("440002", "extr"): r"there is no add-on 'extr': .*extra",
        ("440001", "extra"): "add-on extra is for billed, plain; 440001 is on monthly",
        ("440002", "weekly"): "weekly can not be bought from a balance: weekly/fee recurs",
    }
    for (who, addon), reason in refusals.items():
        with pytest.raises(PurchaseError, match=reason):
            await bought(store, catalogue, who, addon, "r3")
    assert (await account_of(store, "440002")).version == before.version


async def test_who_is_barred_buys_nothing(tmp_path: Path) -> None:
    """It is looked at what the store says now."""
    store, catalogue = await operator(tmp_path)
    buyer = await subscriber_of(store, "440002")
    barred = await subscriber_of(store, "440002")
    barred.status = BARRED
    change = ChangeSet()
    change.put(subscriber_key(b"440002"), barred.version, encode_subscriber(barred, barred.version + 1), 0)
    await commit_sets(store, [change])
    with pytest.raises(PurchaseError, match="subscriber 440002 is barred"):
        await buy(store, buyer, "extra", catalogue, "r1", NOW_MS)


async def test_a_free_add_on_costs_nothing_and_is_given_once(tmp_path: Path) -> None:
    """There is no record, as no money moved; its units have no end."""
    store, catalogue = await operator(tmp_path)
    assert (await bought(store, catalogue, addon="gift")).paid_micros == 0
    assert (await bought(store, catalogue, addon="gift")).repeated
    (bucket,) = (await account_of(store, "440002")).buckets
    assert (bucket.bucket_id, bucket.remaining, bucket.expires_at_ms) == ("gift/data+bought", 1_000_000, 0)
    assert await records_of(store, "440002") == []


async def test_a_plan_that_is_billed_buys_on_credit(tmp_path: Path) -> None:
    """The record waits for the bill as usage does."""
    store, catalogue = await operator(tmp_path)
    await bought(store, catalogue, "440003")
    assert (await account_of(store, "440003")).balance_micros == -4_500_000
    assert [one["payment"] for one in await records_of(store, "440003")] == ["postpaid", "postpaid"]
    assert (await audit(store, tmp_path, catalogue)).clean


@pytest.mark.parametrize("losses", [["answer"], ["request"], ["request", "answer"], ["request"] * 5])
async def test_a_lost_answer_of_the_store_never_buys_twice(tmp_path: Path, losses: list[str]) -> None:
    """Whether the lost commit was applied or not."""
    store, catalogue = await operator(tmp_path)
    commit = store.commit

    def unsure(sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
        loss = losses.pop(0) if losses and account_key("440002") in sets[0].keys else ""
        if loss == "request":
            commit([], lambda _: None)
        else:
            commit(sets, lambda _: None)
        for change in sets:
            change.result = UNKNOWN if loss else change.result
        done(sets)

    store.commit = unsure  # type: ignore[method-assign]
    done = await bought(store, catalogue)
    assert done.account.balance_micros == 5_500_000
    assert len(await records_of(store, "440002")) == 2
    assert (await audit(store, tmp_path, catalogue)).clean
