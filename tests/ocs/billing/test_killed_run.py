"""A billing run that is killed with SIGKILL, wherever it is, and called again: the same invoices, each once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select

from ocs.billing.tables import BILLING_DRAFT, BILLING_RUN, INVOICE
from ocs.customers.tables import BILLING_ACCOUNT, SUBSCRIPTION
from ocs.database import writing
from tests.ocs.billing.operator import Operator, call, ms, number_of

ACCOUNTS = 400
AT_ONCE = 4
"""Bills that are drafted in one transaction."""
CATALOGUE = """
service_contexts: { voice: [32260@3gpp.org] }
plans:
  basic:
    name: Basic
    currency: EUR
    payment: postpaid
    credit_limit: 50.00 EUR
    fees: { monthly: { amount: 10.00 EUR, every: month, prorate: true, tax: telecom } }
    voice:
      - { price: 0.10 EUR per 60 s, tax: telecom }
"""


def prepare(engine: Engine, folder: Path) -> Operator:
    """Many accounts with a fee and a call each."""
    operator = Operator(engine, folder)
    operator.begin()
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    names = [f"A{number:04d}" for number in range(ACCOUNTS)]
    accounts = {
        "party_id": "P", "payer": "account", "currency": "EUR", "cycle_id": "monthly", "tax_status": "standard",
        "tax_jurisdiction": "DE", "language": "en", "payment_terms_days": 14, "opened_day": "2026-10-01",
    }  # fmt: skip
    held = {
        "from_ms": ms("2026-10-11"),
        "imsi": "",
        "plan_id": "basic",
        "subscriber_group": "",
        "time_zone": "",
    }
    with writing(engine) as connection:
        connection.execute(insert(BILLING_ACCOUNT), [{**accounts, "account_id": name} for name in names])
        connection.execute(
            insert(SUBSCRIPTION),
            [
                {**held, "subscription_id": f"S{name}", "account_id": name, "msisdn": number_of(f"S{name}")}
                for name in names
            ],
        )
    operator.use([call(name, f"S{name}", "2026-10-15 12:00", 1000 + at) for at, name in enumerate(names)])
    return operator


def start(folder: Path, url: str, *options: str) -> subprocess.Popen[str]:
    """``ocs bill run`` in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "ocs",
        "bill",
        "run",
        "--cycle",
        "monthly",
        "--as-of",
        "2026-11-02",
        "--json",
    ]
    places = ["--data", str(folder), "--database", url, "--catalogue", str(folder / "catalogue.yaml")]
    command += [*places, "--tax", str(folder / "tax.csv"), "--at-once", str(AT_ONCE), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(folder: Path, url: str, *options: str) -> dict[str, object]:
    """Let a run go to its end; its report."""
    process = start(folder, url, *options)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    found: dict[str, object] = json.loads(output)
    return found


def kill_when(folder: Path, url: str, engine: Engine, reached: Callable[[int, int], bool]) -> tuple[int, int]:
    """Kill a run when runs and drafts in the database are so many; what was there afterwards."""
    process = start(folder, url)
    deadline = time.monotonic() + 60
    while process.poll() is None and not reached(*progress(engine)):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()
    return progress(engine)


def progress(engine: Engine) -> tuple[int, int]:
    """Runs that are begun, and drafts."""
    with engine.connect() as connection:
        runs = connection.scalars(select(func.count()).where(BILLING_RUN.c.status == "started")).one()
        return runs, connection.scalars(select(func.count()).select_from(BILLING_DRAFT)).one()


def contents(engine: Engine) -> list[str]:
    """All invoices by number."""
    with engine.connect() as connection:
        return list(connection.scalars(select(INVOICE.c.content).order_by(INVOICE.c.number)))


@pytest.mark.timeout(200)
def test_a_killed_run_makes_the_same_invoices(tmp_path: Path, engine: Engine, database_url: str) -> None:
    """Killed when it has begun, amid its drafts and at its commit: at the end every octet is as without."""
    folder = tmp_path / "operator"
    folder.mkdir()
    prepare(engine, folder)
    dry = finish(folder, database_url, "--dry-run", "--output", str(tmp_path / "dry.jsonl"))
    drafted = (tmp_path / "dry.jsonl").read_text().splitlines()
    assert dry["invoices"] == len(drafted) == ACCOUNTS

    begun = kill_when(folder, database_url, engine, lambda runs, drafts: runs == 1)
    amid = kill_when(folder, database_url, engine, lambda runs, drafts: drafts > begun[1])
    at_commit = kill_when(folder, database_url, engine, lambda runs, drafts: drafts == ACCOUNTS or runs == 0)
    report = finish(folder, database_url)

    assert begun[0] == 1
    assert amid[1] > 0
    if at_commit[0]:  # it had not yet committed when it was killed
        assert report["resumed"] == at_commit[1]
        assert report["invoices"] == ACCOUNTS
    found = contents(engine)
    assert [json.loads(one)["number"] for one in found] == [f"2026-{at:06d}" for at in range(1, ACCOUNTS + 1)]
    numberless = [one.replace(f'"number":"2026-{at:06d}"', '"number":""', 1) for at, one in enumerate(found, 1)]
    assert numberless == drafted
    assert progress(engine) == (0, 0)
