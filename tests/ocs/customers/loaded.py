"""Loading texts as files, against a small catalogue."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, select

from config.catalogue_file import load_catalogue
from ocs.billing.billed import SqlBills
from ocs.customers.loading.load import LoadSummary, load_customers
from ocs.customers.tables import SUBSCRIPTION
from rating.catalogue import Catalogue

CATALOGUE = """
service_contexts: { data: [32251@3gpp.org] }
plans:
  small: { name: Small, currency: EUR, data: [{ rating_group: any, price: 1.00 EUR per 1 MB }] }
  large: { name: Large, currency: EUR, data: [{ rating_group: any, price: 0.50 EUR per 1 MB }] }
  pounds: { name: Pounds, currency: GBP, data: [{ rating_group: any, price: 1.00 GBP per 1 MB }] }
"""
CYCLES = "cycles: { monthly: { day: 1, time_zone: Europe/Berlin } }\n"
YAML_BEGINS = ("cycles:", "parties:", "accounts:", "subscriptions:")
HEADER = "account,name,country,currency,cycle,jurisdiction,opened,msisdn,imsi,plan,from,until\n"
ANNA = "anna,Anna,DE,EUR,monthly,DE,2026-01-01,491511,,small,2026-01-01,\n"


@cache
def offers(folder: Path) -> Catalogue:
    """The catalogue."""
    path = folder / "catalogue.yaml"
    path.write_text(CATALOGUE)
    return load_catalogue(path)


def load(engine: Engine, folder: Path, *texts: str) -> LoadSummary:
    """Load texts as files a, b, ...: YAML where one begins as such, else CSV."""
    paths = []
    for letter, text in zip("abcdef", texts, strict=False):
        ending = "yaml" if text.lstrip().startswith(YAML_BEGINS) else "csv"
        path = folder / f"{letter}.{ending}"
        path.write_text(textwrap.dedent(text))
        paths.append(path)
    return load_customers(engine, paths, offers(folder), SqlBills())


def rows(engine: Engine) -> list[tuple[str, str, int, int | None]]:
    """Number, plan and times of all subscriptions."""
    table = SUBSCRIPTION.c
    query = select(table.msisdn, table.plan_id, table.from_ms, table.to_ms).order_by(
        table.msisdn, table.from_ms
    )
    with engine.connect() as connection:
        return [(row.msisdn, row.plan_id, row.from_ms, row.to_ms) for row in connection.execute(query)]
