"""Subscribers on plans with fees and add-ons, as files say them, loaded into a memory store."""

from pathlib import Path

from balance.memory import MemoryStore
from config.catalogue_file import load_catalogue
from config.subscribers_file import read_subscribers
from ocs.subscribers.loading import LoadSummary, load_subscribers
from rating.catalogue import Catalogue

NOW_MS = 1_795_521_600_000
"""2026-11-24 12:00 UTC, a Tuesday."""
DAY_MS = 86_400_000
EUR = 1_000_000
PLANS = """\
service_contexts: { data: [32251@3gpp.org] }
plans:
  monthly:
    name: Monthly
    currency: EUR
    overdraft: forbidden
    tax: telecom
    fees:
      sim: { amount: 5.00 EUR, once: activation, tax: goods }
      base: { amount: 30.00 EUR, every: month, prorate: true }
      change: { amount: 1.00 EUR, once: plan_change }
    bundles: { data: { units: 20 MB, recurs: month } }
    data: [{ rating_group: any, price: 1.00 EUR per 1 MB }]
  plain:
    name: Plain
    currency: EUR
    overdraft: forbidden
    data: [{ rating_group: any, price: 1.00 EUR per 1 MB }]
  billed:
    name: Billed
    currency: EUR
    payment: hybrid
    credit_limit: 20.00 EUR
    fees: { base: { amount: 30.00 EUR, every: month } }
    data: [{ rating_group: any, price: 1.00 EUR per 1 MB }]
addons:
  extra:
    name: Ten more
    currency: EUR
    fee: 4.00 EUR
    fees: { stamp: { amount: 0.50 EUR, once: activation, tax: goods } }
    valid_for: 7 d
    plans: [plain, billed]
    bundles: { data: { units: 10 MB, for: { service: data } } }
  gift: { name: Free, currency: EUR, bundles: { data: { units: 1 MB, for: { service: data } } } }
  weekly:
    name: Every week
    currency: EUR
    fees: { fee: { amount: 1.00 EUR, every: week } }
    bundles: { data: { units: 1 MB, for: { service: data } } }
"""
SUBSCRIBERS = """\
msisdn,imsi,account,plan,balance
440001,,,monthly,100
440002,,,plain,10
440003,,,billed,0
440004,,,monthly,3
440005,,family,monthly,20
440006,,family,monthly,
"""


async def load(store: MemoryStore, folder: Path, rows: str, now_ms: int = NOW_MS) -> LoadSummary:
    """Load rows of subscribers under the catalogue in a folder."""
    (folder / "subscribers.csv").write_text(rows)
    catalogue = load_catalogue(folder / "plans.yaml")
    found = read_subscribers(folder / "subscribers.csv", catalogue.plans)
    return await load_subscribers(store, found, catalogue.plans, now_ms, version=catalogue.version)


async def operator(folder: Path, plans: str = PLANS) -> tuple[MemoryStore, Catalogue]:
    """A store with subscribers on plans with fees."""
    (folder / "plans.yaml").write_text(plans)
    store = MemoryStore(lambda: NOW_MS)
    await load(store, folder, SUBSCRIBERS)
    return store, load_catalogue(folder / "plans.yaml")
