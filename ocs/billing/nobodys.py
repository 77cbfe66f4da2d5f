"""Usage that waits for a bill and belongs to no billing account: nobody will ever be billed for it."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import select

from ocs.billing.usage import BILLED_PAYMENT
from ocs.cdr.lake import Lake
from ocs.customers.tables import BILLING_ACCOUNT

_USAGE: Final = f"""
    SELECT coalesce(l.account, ''), min(coalesce(l.msisdn, '')), coalesce(l.currency, '') AS currency,
        count(*) FILTER (l.line = 0) AS records, CAST(sum(l.amount_micros) AS HUGEINT)
    FROM ({{lake}}) l ANTI JOIN (SELECT unnest(?::VARCHAR[]) AS account_id) k ON k.account_id = l.account
    WHERE l.payment IN {BILLED_PAYMENT}
    GROUP BY l.account, coalesce(l.currency, '') ORDER BY records DESC, l.account, currency
"""  # noqa: S608 - constants


class NobodysUsage(NamedTuple):
    """The usage of an account that is no billing account; ``msisdn`` is one of its numbers."""

    account_id: str
    msisdn: str
    currency: str
    records: int
    amount_micros: int


def nobodys_usage(lake: Lake) -> list[NobodysUsage]:
    """All of it, by account and currency, the most records first. LakeError where a file is missing."""
    with lake.engine.connect() as connection:
        known = list(connection.scalars(select(BILLING_ACCOUNT.c.account_id)))
    files = lake.files()
    rows = lake.connection.cursor().execute(_USAGE.format(lake=lake.sql(files)), [known]).fetchall()
    return [NobodysUsage._make(row) for row in rows]
