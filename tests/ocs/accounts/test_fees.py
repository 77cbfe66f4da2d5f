"""Taking what is due of all subscribers: each fee once, beside other writers, killed or not."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from balance.changes import UNKNOWN, ChangeSet
from balance.memory import MemoryStore
from ocs.accounts.fees import take_all_fees
from ocs.accounts.top_up import top_up
from ocs.accounts.view import account_view
from ocs.audit.run import audit
from ocs.charging.decision import decide
from tests.ocs.accounts.fee_plans import DAY_MS, EUR, NOW_MS, PLANS, load, operator
from tests.ocs.accounts.stored import account_of, subscriber_of
from tests.ocs.charging.building import POLICY, initial, mscc

DECEMBER_MS = NOW_MS + 7 * DAY_MS


async def fees_of(store: MemoryStore, account_id: str) -> list[tuple[str, str, str, int]]:
    """Of each fee that was taken from an account: whose, which, its days and its amount."""
    records = [json.loads(event) for event in await store.outbox_read(1, 1000)]
    return [
        (one["msisdn"], line["rule"], line.get("band", ""), line["amount_micros"])
        for one in records
        if one["service"] == "fees" and one["account"] == account_id
        for line in one["charges"]
    ]


async def test_loading_takes_the_first_fees(tmp_path: Path) -> None:
    """Activation, and seven of November's thirty days; who can not pay gets the recurring bundle later."""
    store, catalogue = await operator(tmp_path)
    assert await fees_of(store, "440001") == [
        ("440001", "monthly/sim", "", 5 * EUR),
        ("440001", "monthly/base", "2026-11-24/2026-11-30", 7 * EUR),
    ]
    account = await account_of(store, "440001")
    assert (account.balance_micros, [bucket.remaining for bucket in account.buckets]) == (
        88 * EUR,
        [20_000_000],
    )
    poor = await account_of(store, "440004")
    assert (poor.balance_micros, poor.buckets) == (3 * EUR, ())
    assert await fees_of(store, "440003") == []
    assert len(await fees_of(store, "family")) == 3
    assert (await account_of(store, "family")).balance_micros == 3 * EUR
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_loading_again_takes_nothing(tmp_path: Path) -> None:
    """Nor does another look at what is due."""
    store, catalogue = await operator(tmp_path)
    rows = (tmp_path / "subscribers.csv").read_text()
    assert (await load(store, tmp_path, rows, NOW_MS + 1)).unchanged == 6
    done = await take_all_fees(store, catalogue, NOW_MS + 2)
    assert (done.fees, done.accounts, done.unpaid, dict(done.amounts)) == (0, 3, 2, {})


async def test_a_month_later_everybody_pays_once(tmp_path: Path) -> None:
    """Whoever waited pays from that day on, and what is due once."""
    store, catalogue = await operator(tmp_path)
    await top_up(store, "440004", 100 * EUR, "r", NOW_MS)
    done = await take_all_fees(store, catalogue, DECEMBER_MS)
    assert (done.accounts, done.fees, done.unpaid, dict(done.amounts)) == (3, 3, 2, {"EUR": 65 * EUR})
    assert await fees_of(store, "440004") == [
        ("440004", "monthly/sim", "", 5 * EUR),
        ("440004", "monthly/base", "2026-12-01/2026-12-31", 30 * EUR),
    ]
    assert [bucket.remaining for bucket in (await account_of(store, "440004")).buckets] == [20_000_000]
    assert (await take_all_fees(store, catalogue, DECEMBER_MS + DAY_MS)).fees == 0
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_two_takers_at_once_take_once(tmp_path: Path) -> None:
    """The one that loses looks again, and finds nothing due."""
    store, catalogue = await operator(tmp_path)
    both = await asyncio.gather(*(take_all_fees(store, catalogue, DECEMBER_MS) for _ in range(3)))
    assert sum(one.fees for one in both) == 1
    assert (await audit(store, tmp_path, catalogue)).clean


@pytest.mark.parametrize("losses", [["answer"], ["request"], ["request", "answer", "answer"]])
async def test_a_lost_answer_of_the_store_takes_nothing_twice(tmp_path: Path, losses: list[str]) -> None:
    """What was applied is not due any more, what was not still is."""
    store, catalogue = await operator(tmp_path)
    commit = store.commit

    def unsure(sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
        loss = losses.pop(0) if losses else ""
        if loss != "request":
            commit(sets, lambda _: None)
        for change in sets:
            change.result = UNKNOWN if loss else change.result
        done(sets)

    store.commit = unsure  # type: ignore[method-assign]
    await take_all_fees(store, catalogue, DECEMBER_MS)
    assert (await account_of(store, "440001")).balance_micros == 58 * EUR
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_a_session_and_the_command_take_one_fee(tmp_path: Path) -> None:
    """Decided on the same account, one of both is decided again."""
    store, catalogue = await operator(tmp_path)
    await take_all_fees(store, catalogue, DECEMBER_MS)
    account, subscriber = await account_of(store, "440001"), await subscriber_of(store, "440001")
    request = initial(mscc(want=1_000_000), msisdn=b"440001")
    decision = decide(request, None, subscriber, account, catalogue, POLICY, DECEMBER_MS + 1)
    assert decision.records == ()
    assert decision.account is not None
    assert decision.account.balance_micros == 58 * EUR


PLAN_CHANGES = "msisdn,imsi,account,plan,balance\n440001,,,{},\n"


async def _change_plan(store: MemoryStore, folder: Path, plan: str, now_ms: int) -> None:
    await load(store, folder, PLAN_CHANGES.format(plan), now_ms)


async def test_another_plan_has_fees_of_its_own(tmp_path: Path) -> None:
    """What was due of the one that was left lapses; days that were paid stay paid for who comes back."""
    store, catalogue = await operator(tmp_path)
    await _change_plan(store, tmp_path, "plain", NOW_MS + DAY_MS)
    assert len(await fees_of(store, "440001")) == 2
    await _change_plan(store, tmp_path, "monthly", NOW_MS + 3 * DAY_MS)
    assert (await fees_of(store, "440001"))[2:] == [("440001", "monthly/change", "", EUR)]
    await _change_plan(store, tmp_path, "plain", NOW_MS + 4 * DAY_MS)
    assert (await take_all_fees(store, catalogue, DECEMBER_MS)).fees == 0
    await _change_plan(store, tmp_path, "monthly", DECEMBER_MS + 10 * DAY_MS)
    assert (await fees_of(store, "440001"))[3:] == [
        ("440001", "monthly/base", "2026-12-11/2026-12-31", 30 * EUR - 9_677_419),
        ("440001", "monthly/change", "", EUR),
    ]
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_who_was_barred_owes_nothing_for_that_time(tmp_path: Path) -> None:
    """From the day on which the bar is lifted the fee is due again."""
    owed = PLANS.replace("prorate: true }", "prorate: true, unpaid: owe }")
    store, catalogue = await operator(tmp_path, owed)
    rows = "msisdn,imsi,account,plan,balance,status\n440001,,,monthly,,{}\n"
    await load(store, tmp_path, rows.format("barred"), NOW_MS + DAY_MS)
    assert (await take_all_fees(store, catalogue, DECEMBER_MS)).fees == 0
    await load(store, tmp_path, rows.format("active"), DECEMBER_MS + 10 * DAY_MS)
    assert (await take_all_fees(store, catalogue, DECEMBER_MS + 10 * DAY_MS)).fees == 1
    assert (await fees_of(store, "440001"))[2:] == [
        ("440001", "monthly/base", "2026-12-11/2026-12-31", 30 * EUR - 9_677_419)
    ]


async def test_a_number_on_another_account_pays_from_that(tmp_path: Path) -> None:
    """And nothing is owed on the first one for the time that it was away."""
    store, catalogue = await operator(tmp_path)
    head = "msisdn,imsi,account,plan,balance\n"
    await load(store, tmp_path, head + "440001,,other,monthly,50\n", NOW_MS + DAY_MS)
    assert await fees_of(store, "other") == [("440001", "monthly/base", "2026-11-25/2026-11-30", 6 * EUR)]
    before = await account_of(store, "440001")
    await take_all_fees(store, catalogue, DECEMBER_MS)
    assert (await account_of(store, "440001")).version == before.version
    await load(store, tmp_path, head + "440001,,440001,monthly,50\n", DECEMBER_MS + 10 * DAY_MS)
    await take_all_fees(store, catalogue, DECEMBER_MS + 10 * DAY_MS)
    assert (await fees_of(store, "440001"))[2:] == [
        ("440001", "monthly/base", "2026-12-11/2026-12-31", 30 * EUR - 9_677_419)
    ]
    assert (await audit(store, tmp_path, catalogue)).clean


async def test_an_account_shows_what_is_paid_and_due(tmp_path: Path) -> None:
    """Of each subscriber; a plan that was left has no fee that is due."""
    store, _ = await operator(tmp_path)
    assert await _shown(store, "440004") == [
        ("monthly/sim", "440004", None, "2026-11-24T12:00:00.000Z"),
        ("monthly/base", "440004", "2026-11-24", "2026-11-24T00:00:00.000Z"),
    ]
    await _change_plan(store, tmp_path, "plain", NOW_MS + DAY_MS)
    assert await _shown(store, "440001") == [("monthly/base", "440001", "2026-12-01", None)]


async def _shown(store: MemoryStore, account_id: str) -> list[tuple[str, str, str | None, str | None]]:
    view = await account_view(store, account_id)
    assert view is not None
    fees = view["fees"]
    assert isinstance(fees, list)
    return [(fee["fee"], fee["subscriber"], fee["unpaid_from"], fee["due_at"]) for fee in fees]


async def test_a_plan_without_fees_is_left_alone(tmp_path: Path) -> None:
    """So is one that is billed."""
    store, catalogue = await operator(tmp_path)
    before = [(await account_of(store, each)).version for each in ("440002", "440003")]
    await take_all_fees(store, catalogue, DECEMBER_MS)
    assert [(await account_of(store, each)).version for each in ("440002", "440003")] == before
