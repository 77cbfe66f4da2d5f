"""NorthTel's example agreement computed another way: second by second, in Decimal, with no code of ours."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from tests.ocs.settlement.trunk_lake import PARTNERS, STOCKHOLM

HOLIDAYS = {"2026-01-01", "2026-12-24", "2026-12-25", "2026-12-26", "2026-12-31", "2027-01-01"}
TERMINATION = {"peak": Decimal("0.0120"), "off-peak": Decimal("0.0080")}
TIERS = [(2000 * 60, Decimal(1)), (10_000 * 60, Decimal("0.9")), (10**12, Decimal("0.75"))]

Sums = dict[tuple[str, str, str, int], tuple[int, Decimal]]
"""Units and amount by direction, destination, band ("connection" for the fee) and tier."""


def recomputed(records: Iterable[dict[str, Any]], counted: Counter[str] | None = None) -> Sums:
    """The sums of records in the order of their starts; ``counted`` are the seconds of termination by month."""
    deck = deck_rows()
    seconds = Counter[str]() if counted is None else counted
    sums: dict[tuple[str, str, str, int], list[Any]] = {}
    for record in sorted(records, key=lambda record: (record["started_ms"], record["record_id"])):
        parts = _incoming(record, seconds) if record["direction"] == "incoming" else _outgoing(record, deck)
        for key, units, amount in parts:
            total = sums.setdefault((record["direction"], *key), [0, Decimal(0)])
            total[0] += units
            total[1] += amount
    return {key: (units, amount) for key, (units, amount) in sums.items()}


def _incoming(record: dict[str, Any], counted: Counter[str]) -> list[Any]:
    found: Counter[tuple[str, int]] = Counter()
    for second in range(record["used_units"]):
        band, month = band_and_month(record["started_ms"] + 1000 * second)
        tier = next(number for number, (up_to, _) in enumerate(TIERS, 1) if counted[month] < up_to)
        counted[month] += 1
        found[band, tier] += 1
    return [
        (
            ("Small MVNO mobile", band, tier),
            units,
            _rounded(TERMINATION[band] * TIERS[tier - 1][1] * units / 60),
        )
        for (band, tier), units in found.items()
    ]


def _outgoing(record: dict[str, Any], deck: list[dict[str, str]]) -> list[Any]:
    if record["used_units"] == 0:
        return []
    day = datetime.fromtimestamp(record["started_ms"] / 1000, STOCKHOLM).date().isoformat()
    fitting = [
        row
        for row in deck
        if record["called"].startswith(row["prefix"])
        and (row["valid_from"] or "0") <= day < (row["valid_until"] or "9")
    ]
    row = max(fitting, key=lambda row: len(row["prefix"]))
    minimum, increment = (int(text) for text in row["increment"].split("/"))
    units = max(record["used_units"], minimum)
    units = minimum + -(-(units - minimum) // increment) * increment
    found = Counter(band_and_month(record["started_ms"] + 1000 * second)[0] for second in range(units))
    parts = [
        ((row["destination"], band, 0), count, _rounded(Decimal(row[f"price.{band}"]) * count / 60))
        for band, count in found.items()
    ]
    if Decimal(row["connection_fee"]):
        parts.append(((row["destination"], "connection", 0), 1, Decimal(row["connection_fee"])))
    return parts


def deck_rows() -> list[dict[str, str]]:
    """The rows of NorthTel's deck."""
    with (PARTNERS / "decks" / "northtel-a-z.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def band_and_month(epoch_ms: int) -> tuple[str, str]:
    """The band and the month in Stockholm at an instant."""
    return _in_minute(epoch_ms // 60_000)


@cache
def _in_minute(epoch_minute: int) -> tuple[str, str]:
    """Bands and months begin with a minute."""
    local = datetime.fromtimestamp(60 * epoch_minute, UTC).astimezone(STOCKHOLM)
    day: date = local.date()
    peak = day.weekday() < 5 and 8 <= local.hour < 20 and day.isoformat() not in HOLIDAYS
    return "peak" if peak else "off-peak", day.isoformat()[:7]


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.000001"), ROUND_HALF_UP)
