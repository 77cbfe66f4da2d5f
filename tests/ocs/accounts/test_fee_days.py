"""When a day begins fees are taken without anybody's asking: once a day, beside others, whatever is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from balance.redis_store.store import open_redis_store
from config.catalogue_file import load_catalogue
from config.subscribers_file import read_subscribers
from config.time_zones import zone_named
from ocs.accounts.fee_days import FeeDays, day_began_ms, looked_at_ms, take_fees_of_day, zones_of_fees
from ocs.subscribers.loading import load_subscribers
from tests.balance.conftest import empty
from tests.balance.servers import ServerProcess
from tests.ocs.accounts.fee_plans import DAY_MS, NOW_MS, PLANS, operator
from tests.ocs.accounts.stored import account_of

EVENING_MS = NOW_MS + 11 * 3_600_000


async def test_a_day_is_looked_at_once(tmp_path: Path) -> None:
    """The first look takes what is due, and others find that it was done; a new day is another matter."""
    store, catalogue = await operator(tmp_path)
    first = await take_fees_of_day(store, catalogue, NOW_MS + 7 * DAY_MS)
    assert first is not None
    assert first.fees == 1
    assert await take_fees_of_day(store, catalogue, EVENING_MS + 7 * DAY_MS) is None
    assert await looked_at_ms(store) == NOW_MS + 7 * DAY_MS
    assert (await account_of(store, "440001")).balance_micros == 58_000_000
    assert await take_fees_of_day(store, catalogue, EVENING_MS + 7 * DAY_MS + 3_600_000) is not None


async def test_a_day_begins_where_the_plan_is(tmp_path: Path) -> None:
    """Each zone in which a prepaid plan has fees has its own midnight."""
    _, catalogue = await operator(tmp_path)
    assert [zone.name for zone in zones_of_fees(catalogue)] == ["UTC"]
    assert day_began_ms([], NOW_MS) == 0
    zones = [zone_named("Europe/Berlin"), zone_named("America/New_York")]
    began = [datetime.fromtimestamp(day_began_ms(zones, at) // 1000, UTC) for at in (NOW_MS, EVENING_MS)]
    assert [each.strftime("%d %H:%M") for each in began] == ["24 05:00", "24 23:00"]


async def test_the_process_beside_a_server_takes_fees(tmp_path: Path, valkey_server: ServerProcess) -> None:
    """It says why it can not, does it when it can, and then leaves store and price list alone for the day."""
    await empty(valkey_server)
    (tmp_path / "plans.yaml").write_text(PLANS)
    (tmp_path / "subscribers.csv").write_text("msisdn,imsi,account,plan,balance\n440001,,,monthly,100\n")
    catalogue = load_catalogue(tmp_path / "plans.yaml")
    store = await open_redis_store(valkey_server.address, 5.0)
    rows = read_subscribers(tmp_path / "subscribers.csv", catalogue.plans)
    await load_subscribers(store, rows, catalogue.plans, NOW_MS)
    order = {
        "store_url": "redis://127.0.0.1:1/0",
        "data_directory": "unused",
        "catalogue": str(tmp_path / "plans.yaml"),
    }
    assert "127.0.0.1" in await asyncio.to_thread(FeeDays(order).take, NOW_MS)
    order["store_url"] = f"unix:{valkey_server.socket_path}"
    days = FeeDays(order)
    (tmp_path / "plans.yaml").write_text("plans: wrong")
    assert "plans.yaml" in await asyncio.to_thread(days.take, NOW_MS)
    (tmp_path / "plans.yaml").write_text(PLANS)
    december_ms = NOW_MS + 7 * DAY_MS
    assert await asyncio.to_thread(days.take, december_ms) == ""
    assert (await account_of(store, "440001")).balance_micros == 58_000_000
    assert await looked_at_ms(store) == december_ms
    (tmp_path / "plans.yaml").unlink()
    assert await asyncio.to_thread(days.take, december_ms + 1) == ""
    assert await asyncio.to_thread(days.take, december_ms + DAY_MS) != ""
    await store.close()


async def test_a_price_list_without_prepaid_fees_needs_no_store(tmp_path: Path) -> None:
    """Nothing is opened, and nothing is looked at."""
    text = PLANS.partition("  monthly:")[0] + "  plain:" + PLANS.partition("  plain:")[2]
    (tmp_path / "plans.yaml").write_text(text)
    order = {"store_url": "redis://127.0.0.1:1/0", "data_directory": "", "catalogue": str(tmp_path)}
    assert await asyncio.to_thread(FeeDays(order).take, NOW_MS) == ""
