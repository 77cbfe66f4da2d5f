"""What earlier bills say about the fees of accounts: periods that were billed, segments that were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, Select, func, select

from ocs.billing.fees import LOOK_BACK, BilledPeriod, FeeHistory, Seen
from ocs.billing.tables import BILLED_FEE, BILLED_SUBSCRIPTION
from ocs.billing.terms import parse_terms


def load_history(
    connection: Connection, account_ids: Sequence[str], to_day: date, before_run: int | None = None
) -> dict[str, FeeHistory]:
    """The history of some accounts, as far back as periods are corrected, as the runs before one left it."""
    found: dict[str, FeeHistory] = {}
    oldest = (to_day - LOOK_BACK).isoformat()
    fee = BILLED_FEE.c
    fees = (
        select(BILLED_FEE)
        .where(fee.account_id.in_(account_ids), fee.period_to_day >= oldest)
        .order_by(fee.subscription_id, fee.from_ms, fee.origin, fee.fee_id, fee.period_from_day, fee.run_id)
    )
    if before_run is not None:
        fees = fees.where(fee.run_id < before_run)
    for row in connection.execute(fees):
        key = (row.subscription_id, row.from_ms, row.origin, row.fee_id)
        history = found.setdefault(row.account_id, FeeHistory())
        periods = history.billed.setdefault(key, {})
        begin = date.fromisoformat(row.period_from_day)
        before = periods.get(begin)
        periods[begin] = BilledPeriod(
            (begin, date.fromisoformat(row.period_to_day)),
            (date.fromisoformat(row.covered_from_day), date.fromisoformat(row.covered_to_day)),
            parse_terms(row.fee) if before is None else before.terms,
            row.amount_micros + (0 if before is None else before.amount_micros),
        )
    for row in connection.execute(_newest_looks(account_ids, before_run)):
        history = found.setdefault(row.account_id, FeeHistory())
        history.seen[(row.subscription_id, row.from_ms, row.origin)] = Seen(
            date.fromisoformat(row.through_day), bool(row.ended)
        )
    return found


def _newest_looks(account_ids: Sequence[str], before_run: int | None) -> Select[tuple[object, ...]]:
    """Of each segment the row of the last run that looked at it."""
    look = BILLED_SUBSCRIPTION.c
    rank = func.row_number().over(
        partition_by=(look.account_id, look.subscription_id, look.from_ms, look.origin),
        order_by=look.run_id.desc(),
    )
    looks = select(BILLED_SUBSCRIPTION, rank.label("rank")).where(look.account_id.in_(account_ids))
    ranked = (looks if before_run is None else looks.where(look.run_id < before_run)).subquery()
    return select(ranked).where(ranked.c.rank == 1)
