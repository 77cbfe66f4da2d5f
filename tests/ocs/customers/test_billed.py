"""What bills stand on does not change under them: when a cycle begins, whose a subscription was."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, insert

from ocs.billing.tables import BILLED_ACCOUNT, BILLING_RUN
from ocs.customers.loading.load import Count
from ocs.database import writing
from tests.ocs.customers.loaded import ANNA, CYCLES, HEADER, load, rows
from tests.ocs.customers.test_loading import ms
from tests.ocs.customers.test_mistakes import BEN, told

DAY = "2026-11-01"


def bill(engine: Engine) -> None:
    """A billing run of the cycle, with a bill of Anna's until November."""
    with writing(engine) as connection:
        connection.execute(
            insert(BILLING_RUN).values(
                run_id=1, cycle_id="monthly", as_of_day=DAY, status="committed", to_day=DAY,
                to_ms=ms(2026, 11, 1), lake_cut=0, lake="", records="[]", catalogue="", tax_table="",
                customers="", started_ms=1, committed_ms=2,
            )
        )  # fmt: skip
        connection.execute(
            insert(BILLED_ACCOUNT).values(
                run_id=1, account_id="anna", from_day="2026-01-01", to_day=DAY, after_cut=0, after_ms=0,
                lake_cut=0, to_ms=ms(2026, 11, 1), invoice_number=None,
            )
        )  # fmt: skip


def test_a_cycle_with_bills_begins_when_it_did(engine: Engine, tmp_path: Path) -> None:
    """Neither the day nor the zone changes; saying the same again is no change."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA)
    bill(engine)
    assert load(engine, tmp_path, CYCLES).changed_cycles == []
    row = (
        "account,cycle,cycle_day,cycle_time_zone,currency,jurisdiction,opened\nanna,monthly,{},DE,2026-01-01\n"
    )
    stays = "cycle monthly has billing runs: it stays on day 1 (Europe/Berlin)"
    assert told(engine, tmp_path, row.format("15,Europe/Berlin,EUR")) == [f"a.csv:2:14 {stays}"]
    assert told(engine, tmp_path, row.format("1,Europe/London,EUR")) == [f"a.csv:2:16 {stays}"]
    assert told(engine, tmp_path, CYCLES.replace("day: 1", "day: 2")) == [f"a.yaml:1:27 {stays}"]


def test_a_cycle_without_bills_may_change_and_is_told(engine: Engine, tmp_path: Path) -> None:
    """With what it was, and how many accounts it is about."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA + BEN)
    summary = load(engine, tmp_path, CYCLES.replace("day: 1", "day: 15"))
    assert summary.cycles == Count(changed=1)
    assert summary.changed_cycles == [
        "cycle monthly begins on day 15 (Europe/Berlin), no more on day 1 (Europe/Berlin); accounts with it: 2"
    ]


def test_what_is_billed_does_not_go_to_another_account(engine: Engine, tmp_path: Path) -> None:
    """Neither all of it nor from a day within; from the first day that is not billed on it may."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA + BEN)
    bill(engine)
    taken = "account,msisdn,plan,from\nben,491511,small,{}\n"
    for day in ("2026-01-01", "2026-10-31"):
        wanted = "a.csv:2:1 subscription 491511 is of account anna then, which is billed until 2026-11-01"
        assert told(engine, tmp_path, taken.format(day)) == [wanted]
    assert load(engine, tmp_path, taken.format(DAY)).subscriptions == Count(changed=1)
    anna = [row[2:] for row in rows(engine) if row[0] == "491511"]
    assert anna == [(ms(2026, 1, 1), ms(2026, 11, 1)), (ms(2026, 11, 1), None)]


def test_a_wrong_account_is_put_right_before_the_bill(engine: Engine, tmp_path: Path) -> None:
    """By stating the same start again."""
    load(engine, tmp_path, CYCLES, HEADER + ANNA + BEN)
    right = "account,msisdn,plan,from\nben,491511,small,2026-01-01\n"
    assert load(engine, tmp_path, right).subscriptions == Count(changed=1)
