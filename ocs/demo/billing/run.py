"""From customers to invoices and statements: each step is a command that anybody can type."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from balance.quantity import format_micros
from config.settings_schema import EXAMPLE_OPERATOR
from ocs.customers.directory import read_subscriptions
from ocs.database import open_database
from ocs.demo.billing.partner_file import write_partner_file
from ocs.demo.billing.payments_file import write_payments
from ocs.demo.billing.usage_files import UsageFile, write_usage
from ocs.demo.billing.usage_month import usage_month
from ocs.demo.run import DemoError, say

CUSTOMERS: Final = EXAMPLE_OPERATOR / "customers.csv"
ZONE: Final = ZoneInfo("Europe/London")
MONTH: Final = "2026-10"
MONTH_FROM_MS: Final = int(datetime(2026, 10, 1, tzinfo=ZONE).timestamp()) * 1000
MONTH_TO_MS: Final = int(datetime(2026, 11, 1, tzinfo=ZONE).timestamp()) * 1000
"""A month whose clocks are set back in it."""
ISSUE_DAY: Final = "2026-11-01"
AGEING_DAY: Final = "2026-12-01"
CYCLES: Final = ("monthly", "mid-month")
PARTNERS: Final = ("northtel", "pacific")
RECONCILED: Final = "pacific"
SEED: Final = 2026


class BillingDemo:
    """The demonstration in an empty data directory. ``command`` runs one of ours and returns its exit code.

    All run in this process: starting Python anew for each would take longer than their work.
    """

    def __init__(self, data: Path, command: Callable[[list[str]], int], customers: Path = CUSTOMERS) -> None:
        self._data = data
        self._run_command = command
        self._customers = customers
        self._began = time.monotonic()

    def run(self) -> bool:
        """Give it; true where the books are right at the end. DemoError where a step fails."""
        say(f"A month of a small operator, in {self._data}.")
        self._step("Its contract customers", "customer", "load", str(self._customers))
        for file in self._make_usage():
            self._step(f"{file.records} records", "cdr", "import", str(file.path), "--mapping", file.mapping)
        runs = list(self._bill())
        for run in runs:
            self._step("Their documents", "bill", "render", "--run", str(run))
        self._pay()
        for partner in PARTNERS:
            self._step(
                f"What {partner} and we owe each other",
                *("settle", "run", "--partner", partner, "--period", MONTH, "--date", ISSUE_DAY),
            )
        self._reconcile()
        audited = self._step("Proving it all", "audit", "--offline", may_fail=True)
        say(self._where_next(int(time.monotonic() - self._began)))
        return audited

    def _make_usage(self) -> list[UsageFile]:
        """The files of switches, message centres, gateways and trunks."""
        engine = open_database(f"sqlite:///{self._data / 'ocs.db'}")
        try:
            subscriptions = list(read_subscriptions(engine).subscriptions())
        finally:
            engine.dispose()
        month = usage_month(subscriptions, MONTH_FROM_MS, MONTH_TO_MS, SEED)
        folder = self._data / "usage"
        say(f"\nMade up: what they used in October, as other systems write it, in {folder}")
        return write_usage(folder, month)

    def _bill(self) -> Iterator[int]:
        for cycle in CYCLES:
            made = self._json(
                f"Invoices of the cycle {cycle}", "bill", "run", "--cycle", cycle, "--as-of", ISSUE_DAY
            )
            say(f"  run {made['run']}: {made['invoices']} invoices through {made['through']}")
            if made["run"] is not None:
                yield int(made["run"])

    def _pay(self) -> None:
        """Let most customers pay, and tell what is open a month later."""
        file = self._data / "payments.csv"
        write_payments(file, self._json("Their invoices", "bill", "list", "--most", "1000"))
        self._step("What came in", "payment", "load", str(file))
        open_items = self._json("What is open a month later", "payment", "ageing", "--as-of", AGEING_DAY)
        for total in open_items["totals"]:
            bands = [
                f"{name} {format_micros(micros)}" for name, micros in total["open_micros"].items() if micros
            ]
            credit = format_micros(total["credit_micros"])
            say(f"  {total['currency']}: {', '.join(bands) or 'nothing'}; paid ahead {credit}")

    def _reconcile(self) -> None:
        """Compare a partner's records, of which some differ, with ours."""
        (records,) = (self._data / "settlement" / RECONCILED).glob("*/records.parquet")
        file = self._data / "usage" / f"{RECONCILED}.csv"
        write_partner_file(file, records)
        self._step(
            f"The records of {RECONCILED} against ours",
            *(
                "settle",
                "reconcile",
                str(file),
                "--partner",
                RECONCILED,
                "--period",
                MONTH,
                "--mapping",
                RECONCILED,
            ),
            may_fail=True,
        )

    def _step(self, title: str, *arguments: str, may_fail: bool = False) -> bool:
        """Run a command of ours and show what it says; whether it went well."""
        code, text = self._command(title, arguments)
        say("\n".join(f"  {line}" for line in text.splitlines()))
        if code and not may_fail:
            raise DemoError(f"`ocs {' '.join(arguments)}` failed")
        return code == 0

    def _json(self, title: str, *arguments: str) -> Any:
        code, text = self._command(title, (*arguments, "--json"))
        if code:
            raise DemoError(f"`ocs {' '.join(arguments)}` failed:\n{text.strip()}")
        return json.loads(text)

    def _command(self, title: str, arguments: tuple[str, ...]) -> tuple[int, str]:
        say(f"\n{title}: ocs {' '.join(arguments)}")
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = self._run_command([*arguments, "--data", str(self._data)])
        return code, said.getvalue()

    def _where_next(self, seconds: int) -> str:
        data = self._data
        return f"""
Done in {seconds} s. Where to look next
  invoices       {data}/invoices/       .venv/bin/ocs bill list --data {data}
  statements     {data}/settlement/     .venv/bin/ocs settle list --data {data}
  who owes what                         .venv/bin/ocs payment ageing --as-of {AGEING_DAY} --data {data}
  lines that nobody can charge          {data}/suspense/
  a customer                            .venv/bin/ocs customer show birke --data {data}
  the usage lake                        {data}/lake/, Parquet for any engine
  customers, plans, partners, taxes     config/examples/small_mvno/
"""
