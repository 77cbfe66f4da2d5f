"""Subscribers on plans with bonuses, as files say them, loaded into a memory store."""

from pathlib import Path

from balance.memory import MemoryStore
from config.catalogue_file import load_catalogue
from config.subscribers_file import read_subscribers
from ocs.subscribers.loading import load_subscribers
from rating.catalogue import Catalogue

NOW_MS = 1_795_521_600_000
EUR = 1_000_000
DAY_MS = 86_400_000
_PLANS = """\
services: [voice]
plans:
  loyal:
    name: Loyal
    currency: EUR
    bundles: { extra: { units: 30 min, valid_for: 30 d } }
    bonuses:
      fixed: { when: top_up, at_least: 20.00 EUR, give: 2.00 EUR }
      tenth: { when: top_up, give: 10 %, valid_for: 7 d }
      minutes: { when: top_up, at_least: 50.00 EUR, give: { bundle: extra } }
      friend: { when: referral, give: 5.00 EUR, to: referrer }
      hello: { when: referral, give: { bundle: extra }, to: referred }
      both: { when: referral, give: 1.00 EUR }
    voice: [{ price: 0.10 EUR per 60 s }]
  plain: { name: Plain, currency: EUR, voice: [{ price: free }] }
  dollars: { name: Dollars, currency: USD, voice: [{ price: free }] }
"""
_SUBSCRIBERS = """\
msisdn,imsi,account,plan,balance
440001,,,loyal,10
440002,,,loyal,0
440003,,,plain,0
440004,,family,loyal,0
440005,,family,plain,
440006,,dollars,dollars,0
"""


async def operator(folder: Path) -> tuple[MemoryStore, Catalogue]:
    """A store with subscribers on three plans."""
    (folder / "plans.yaml").write_text(_PLANS)
    (folder / "subscribers.csv").write_text(_SUBSCRIBERS)
    catalogue = load_catalogue(folder / "plans.yaml")
    store = MemoryStore(lambda: NOW_MS)
    rows = read_subscribers(folder / "subscribers.csv", catalogue.plans)
    await load_subscribers(store, rows, catalogue.plans, NOW_MS)
    return store, catalogue
