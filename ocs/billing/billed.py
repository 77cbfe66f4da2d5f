"""How far customers are billed, for those who change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select

from ocs.billing.tables import BILLED_ACCOUNT, BILLING_RUN

_AT_ONCE = 500


class SqlBills:
    """The bills of a database."""

    def billed_cycles(self, connection: Connection) -> Collection[str]:
        """The cycles that have billing runs, begun or committed."""
        return set(connection.scalars(select(BILLING_RUN.c.cycle_id).distinct()))

    def billed_until(
        self, connection: Connection, account_ids: Collection[str]
    ) -> Mapping[str, tuple[str, int]]:
        """Of some accounts those that were billed: the first day that was not, and its first moment."""
        billed = BILLED_ACCOUNT.c
        found: dict[str, tuple[str, int]] = {}
        wanted = sorted(account_ids)
        for start in range(0, len(wanted), _AT_ONCE):
            query = (
                select(billed.account_id, func.max(billed.to_day), func.max(billed.to_ms))
                .where(billed.account_id.in_(wanted[start : start + _AT_ONCE]))
                .group_by(billed.account_id)
            )
            found.update({row[0]: (row[1], row[2]) for row in connection.execute(query)})
        return found
