"""From the JSON of a record to rows of the lake, by DuckDB: its charge lines, then its bucket uses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocs.cdr.lake.appending import ROWS
from ocs.cdr.lake.columns import COLUMN_LIST, sql_text

_CHARGE: Final = (
    "STRUCT(rule VARCHAR, price_micros BIGINT, per_units BIGINT, rounding INTEGER, units BIGINT, "
    "amount_micros BIGINT, catalogue VARCHAR, band VARCHAR, destination VARCHAR, tax VARCHAR)[]"
)
_FIELDS: Final = {
    "sequence": "BIGINT",
    "record_id": "VARCHAR",
    "payment": "VARCHAR",
    "account": "VARCHAR",
    "msisdn": "VARCHAR",
    "plan": "VARCHAR",
    "service": "VARCHAR",
    "direction": "VARCHAR",
    "called": "VARCHAR",
    "calling": "VARCHAR",
    "destination": "VARCHAR",
    "network": "VARCHAR",
    "apn": "VARCHAR",
    "rating_group": "BIGINT",
    "opened_at": "VARCHAR",
    "closed_at": "VARCHAR",
    "unit_kind": "VARCHAR",
    "used_units": "BIGINT",
    "amount_micros": "BIGINT",
    "written_off_micros": "BIGINT",
    "currency": "VARCHAR",
    "tax": "VARCHAR",
    "charges": _CHARGE,
    "buckets": "STRUCT(bucket VARCHAR, units BIGINT)[]",
}
"""The fields of a record (docs/records.md) that the lake keeps; what a record does not have is NULL."""


def insert_records(path: Path, series: str) -> str:
    """The statement that puts the records of a JSON Lines file among the waiting rows.

    A record without any charge line or bucket use has one row, line 0, with its used units and no amount. What
    a bundle of money paid and what was written off are rows below zero: rows add up to what the account was
    charged.
    """
    columns = ", ".join(f"{sql_text(name)}: {sql_text(kind)}" for name, kind in _FIELDS.items())
    nothing = "rule: NULL, catalogue: NULL, band: NULL, destination: NULL, tax: NULL, bucket: NULL"
    no_price = "price_micros: NULL, per_units: NULL, rounding: NULL, amount_micros: 0"
    lines = (
        "list_transform(coalesce(charges, []), lambda c: {rule: c.rule, catalogue: c.catalogue, band: c.band, "
        "destination: c.destination, tax: c.tax, bucket: NULL::VARCHAR, units: c.units, "
        "price_micros: c.price_micros, per_units: c.per_units, rounding: c.rounding, "
        "amount_micros: c.amount_micros})"
    )
    uses = (
        "list_transform(coalesce(buckets, []), lambda b: {rule: NULL, catalogue: NULL, band: NULL, "
        f"destination: NULL, tax: NULL, bucket: b.bucket, units: b.units, {no_price}}})"
    )
    last = (
        "catalogue: charges[-1].catalogue, band: NULL, destination: charges[-1].destination, "
        "tax: charges[-1].tax, bucket: NULL::VARCHAR, units: 0, price_micros: NULL, per_units: NULL, "
        "rounding: NULL"
    )
    adjustments = ", ".join(
        f"{{rule: split_part(charges[-1].rule, '#', 1) || '#{name}', {last}, amount_micros: -({micros})}}"
        for name, micros in (("credit", "credit_micros"), ("written-off", "lost_micros"))
    )
    # the file holds whole lines of the journal, each at most as long as the outbox admits
    return f"""
        INSERT INTO {ROWS} ({COLUMN_LIST})
        WITH record AS (
            SELECT *, coalesce(written_off_micros, 0) AS lost_micros,
                coalesce(list_sum(list_transform(charges, lambda c: c.amount_micros)), 0) AS priced_micros,
                priced_micros - lost_micros - coalesce(amount_micros, priced_micros - lost_micros)
                    AS credit_micros,
                list_concat({lines}, list_filter([{adjustments}], lambda a: a.amount_micros <> 0))
                    AS charge_lines, {uses} AS bucket_lines
            FROM read_json({sql_text(str(path))}, format = 'newline_delimited', columns = {{{columns}}})
        ), line AS (
            SELECT *, CASE WHEN len(charge_lines) + len(bucket_lines) = 0
                THEN [{{{nothing}, units: used_units, {no_price}}}]
                ELSE list_concat(charge_lines, bucket_lines) END AS all_lines
            FROM record
        ), numbered AS (
            SELECT *, unnest(all_lines) AS l, generate_subscripts(all_lines, 1) - 1 AS number FROM line
        )
        SELECT record_id, number, {sql_text(series)}, sequence, NULL, NULL,
            coalesce(payment, 'prepaid'), account, msisdn, plan, service, direction, called, calling,
            coalesce(l.destination, destination), network, nullif(apn, ''), rating_group, NULL, NULL,
            epoch_ms(CAST(opened_at AS TIMESTAMPTZ)), epoch_ms(CAST(closed_at AS TIMESTAMPTZ)),
            unit_kind, used_units, l.rule, l.catalogue, l.band, l.units, l.price_micros, l.per_units,
            l.rounding, l.amount_micros, currency, coalesce(l.tax, tax), l.bucket
        FROM numbered
    """  # noqa: S608 - quoted by sql_text
