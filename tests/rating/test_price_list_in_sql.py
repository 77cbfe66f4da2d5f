"""From the YAML text to the price: SQL that knows nothing of the engine finds the same micros."""

from __future__ import annotations

from pathlib import Path
from random import Random

import duckdb
import pytest

from config.catalogue_file import load_catalogue
from rating.charge import NO_DECK_ROW
from rating.conditions import Attributes
from rating.engine import price
from rating.periods import MONTH, period_number
from rating.usage import Context, Standing, Usage
from tests.rating.price_list import Call, PriceList, write_table

COLUMNS = {
    "calls": "number INT, at_ms BIGINT, seconds BIGINT, called TEXT, plan TEXT, reached BIGINT",
    "pieces": "begins BIGINT, ends BIGINT, band TEXT, month BIGINT",
    "plans": (
        "plan TEXT, minimum BIGINT, step BIGINT, per BIGINT, fee BIGINT, cap BIGINT, percent BIGINT,"
        " rounding TEXT, abroad_minimum BIGINT, abroad_step BIGINT"
    ),
    "tiers": "plan TEXT, tier INT, band TEXT, begins BIGINT, ends BIGINT, price BIGINT",
    "deck": "prefix TEXT, price BIGINT, begins BIGINT, ends BIGINT, minimum BIGINT, step BIGINT, fee BIGINT",
    "rates": "rate BIGINT, begins BIGINT, ends BIGINT",
}
CALLS = 4000


def costs_in_sql(prices: PriceList, calls: list[Call], folder: Path) -> dict[int, int]:
    """What the database finds; a call without a row of the deck is not there."""
    database = duckdb.connect()
    for name, rows in {**prices.tables(), "calls": [tuple(call) for call in calls]}.items():
        write_table(folder / name, rows)
        database.execute(f"create table {name} ({COLUMNS[name]})")
        database.execute(f"copy {name} from '{folder / name}' (format csv, header false)")
    database.execute((Path(__file__).parent / "price_list.sql").read_text())
    return dict(database.execute("select number, cost from costs").fetchall())


@pytest.mark.parametrize("seed", [1, 2])
def test_sql_finds_the_same_micros(tmp_path: Path, seed: int) -> None:
    """Bands, changes of clocks, holidays, increments, fees, tiers, discounts, caps, prefixes, dated rates."""
    prices = PriceList(Random(seed))
    prices.write_catalogue(tmp_path)
    catalogue = load_catalogue(tmp_path)
    calls = prices.calls(CALLS)
    expected = costs_in_sql(prices, calls, tmp_path)
    assert len(expected) > CALLS * 0.9
    for call in calls:
        month = {period_number(MONTH, catalogue.zone, call.at_ms): call.reached}
        charge = price(
            Usage(
                "voice",
                call.at_ms,
                call.at_ms + call.seconds * 1000,
                seconds=call.seconds,
                attributes=Attributes(called=call.called.encode()),
            ),
            Context(catalogue, call.plan, standing=Standing(counters={f"{call.plan}/month": month})),
        )
        if charge.refusal:
            assert (charge.refusal, call.number in expected) == (NO_DECK_ROW, False)
        else:
            assert charge.due_micros == expected[call.number], call
