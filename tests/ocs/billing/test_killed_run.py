"""A billing run that is killed with SIGKILL, wherever it is, and called again: the same invoices, each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, insert

from ocs.billing.invoice import canonical_json
from ocs.customers.tables import BILLING_ACCOUNT, SUBSCRIPTION
from ocs.database import writing
from tests.ocs.billing.operator import Operator, call, ms, number_of
from tests.ocs.billing.running import finish, kill_when, progress

ACCOUNTS = 400
AS_OF = "2026-11-02"


def prepare(engine: Engine, folder: Path) -> Operator:
    """Many accounts with a fee and a call each."""
    operator = Operator(engine, folder)
    operator.begin()
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
    rows = [
        {**held, "subscription_id": f"S{name}", "account_id": name, "msisdn": number_of(f"S{name}")}
        for name in names
    ]
    with writing(engine) as connection:
        connection.execute(insert(BILLING_ACCOUNT), [{**accounts, "account_id": name} for name in names])
        connection.execute(insert(SUBSCRIPTION), rows)
    operator.use(
        [call(name, f"S{name}", "2026-10-15 12:00", 1000 + at) for at, name in enumerate(names) if at % 10 == 0]
    )
    return operator


def test_a_killed_run_makes_the_same_invoices(tmp_path: Path, engine: Engine, database_url: str) -> None:
    """Killed when it has begun, amid its drafts and at its commit: at the end every octet is as without."""
    operator = prepare(engine, tmp_path)
    drafted = [canonical_json(draft.invoice) for draft in operator.drafts(AS_OF) if draft.invoice]
    assert len(drafted) == ACCOUNTS

    begun = kill_when(tmp_path, database_url, engine, AS_OF, lambda runs, drafts: runs == 1)
    amid = kill_when(tmp_path, database_url, engine, AS_OF, lambda runs, drafts: drafts > begun[1] + 40)
    kill_when(tmp_path, database_url, engine, AS_OF, lambda runs, drafts: drafts >= ACCOUNTS - 8 or runs == 0)
    finish(tmp_path, database_url, AS_OF)
    found = operator.invoices()

    assert begun[0] == amid[0] == 1
    assert ACCOUNTS > amid[1] > begun[1] + 40
    assert [one.number for one in found] == [f"2026-{at:06d}" for at in range(1, ACCOUNTS + 1)]
    assert [canonical_json(replace(one, number="")) for one in found] == drafted
    assert progress(engine) == (0, 0)
