"""A billing run: freeze the input, draft every bill, commit them all at once.

A run that was killed goes on with the drafts it has, where its input is still the same; otherwise it begins
again. Nothing has a number, and nobody sees an invoice, before the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import IntegrityError

from config.bill_discounts_file import BillDiscounts
from config.tax_file import TaxTable
from ocs.billing.accounts import BillingError, Customers, load_customers, load_cycle
from ocs.billing.begun import drafted, hold_cycle, new_run, require_unchanged, same_input, unfinished
from ocs.billing.commit import Totals, commit_drafts
from ocs.billing.draft import Draft
from ocs.billing.drafting import BillDrafter, BillingInput, PayerInput, window_of
from ocs.billing.frozen import freeze, records_json
from ocs.billing.history import load_history
from ocs.billing.periods import Cycle, start_ms
from ocs.billing.tables import BILLING_DRAFT, BILLING_RUN, STARTED
from ocs.billing.terms import CatalogueTerms
from ocs.billing.usage import BillableUsage, UsageSum, Window
from ocs.cdr.lake import Lake
from ocs.database import writing
from ocs.database.bulk import insert_rows

AT_ONCE: Final = 500
"""Bills that are drafted in one transaction."""

Balances = Callable[[Connection, list[str], str], Mapping[str, int]]
"""What accounts owe at the end of a day before their bill, in micros by id; below zero where we owe them."""
Progress = Callable[[int, int], None]
"""Hears how many bills of how many are drafted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: its number (0 = nothing was written), its totals, and who was left out, and why."""

    run_id: int
    to_day: str
    totals: Totals
    problems: list[tuple[str, str]]
    resumed: int = 0


@dataclass(slots=True)
class _Work:
    """A run at work: its input, whose bills are drafted already, and who is left out."""

    run_id: int
    given: BillingInput
    customers: Customers
    drafted: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)


class BillingRuns:
    """Runs billing for one operator, ``at_once`` bills in a transaction.

    ``clock`` returns epoch milliseconds: marks of runs, on no invoice.
    """

    def __init__(
        self,
        engine: Engine,
        lake: Lake,
        terms: CatalogueTerms,
        taxes: TaxTable,
        discounts: BillDiscounts,
        balances: Balances,
        clock: Callable[[], int],
        at_once: int = AT_ONCE,
    ) -> None:
        self._engine = engine
        self._lake = lake
        self._terms = terms
        self._taxes = taxes
        self._discounts = discounts
        self._balances = balances
        self._clock = clock
        self._at_once = at_once

    def run(self, cycle_id: str, as_of: date, progress: Progress | None = None) -> Outcome:
        """Bill a cycle through its last period that ended by a day. Killed anywhere, it can be run again.

        BillingError where it can not be done at all; accounts that can not be billed are left out, and named.
        """
        work = self._begin(cycle_id, as_of)
        to_day = work.given.to_day.isoformat()
        resumed = len(work.drafted)
        if not work.customers.payers:
            self._give_up(work.run_id)
            return Outcome(0, to_day, Totals(), [])
        for drafts in self._batches(work, progress):
            self._keep(work, drafts)
        if len(work.problems) == len(work.customers.payers):
            self._give_up(work.run_id)
            return Outcome(0, to_day, Totals(), work.problems)
        with writing(self._engine) as connection:
            hold_cycle(connection, cycle_id)
            require_unchanged(connection, work.run_id, work.given)
            totals = commit_drafts(connection, work.run_id, as_of.isoformat(), self._clock())
        return Outcome(work.run_id, to_day, totals, work.problems, resumed)

    def dry_run(
        self, cycle_id: str, as_of: date, take: Callable[[Draft], None], progress: Progress | None = None
    ) -> Outcome:
        """Draft every bill as ``run`` would, and write nothing; ``take`` gets each."""
        with self._engine.connect() as connection:
            cycle, to_day, customers = self._customers(connection, cycle_id, as_of)
        given = self._given(cycle, to_day, as_of.isoformat(), customers, self._lake.highest_file_id())
        work = _Work(0, given, customers)
        totals = Totals()
        for drafts in self._batches(work, progress):
            for draft in drafts:
                take(draft)
                if draft.invoice is not None:
                    totals.add(draft.invoice)
        return Outcome(0, to_day.isoformat(), totals, work.problems)

    def _customers(self, connection: Connection, cycle_id: str, as_of: date) -> tuple[Cycle, date, Customers]:
        cycle = load_cycle(connection, cycle_id)
        to_day = cycle.boundary_through(as_of)
        return cycle, to_day, load_customers(connection, cycle, to_day)

    def _given(
        self, cycle: Cycle, to_day: date, issue_day: str, customers: Customers, lake_cut: int
    ) -> BillingInput:
        files = self._lake.files(lake_cut)
        frozen = freeze(lake_cut, files, self._terms.version, self._taxes, self._discounts, customers.version)
        return BillingInput(cycle, to_day, issue_day, frozen, self._terms, self._taxes, self._discounts)

    def _begin(self, cycle_id: str, as_of: date) -> _Work:
        """The run to work on: the cycle's unfinished one with its input, or a new one."""
        cut = self._lake.highest_file_id()
        with writing(self._engine) as connection:
            hold_cycle(connection, cycle_id)
            cycle, to_day, customers = self._customers(connection, cycle_id, as_of)
            row = unfinished(connection, cycle_id)
            if row is None:
                given = self._given(cycle, to_day, as_of.isoformat(), customers, cut)
                return _Work(new_run(connection, self._run_row(given)), given, customers)
            if row.as_of_day != as_of.isoformat():
                raise BillingError(
                    f"run {row.run_id} of {cycle_id} as of {row.as_of_day} is not finished: "
                    f"finish it with --as-of {row.as_of_day}, or drop it with `ocs bill drop {row.run_id}`"
                )
            given = self._given(cycle, to_day, as_of.isoformat(), customers, row.lake_cut)
            if same_input(row, given):
                return _Work(row.run_id, given, customers, drafted(connection, row.run_id))
            given = self._given(cycle, to_day, as_of.isoformat(), customers, cut)
            connection.execute(delete(BILLING_DRAFT).where(BILLING_DRAFT.c.run_id == row.run_id))
            again = update(BILLING_RUN).where(BILLING_RUN.c.run_id == row.run_id)
            connection.execute(again.values(self._run_row(given)))
            return _Work(row.run_id, given, customers)

    def _run_row(self, given: BillingInput) -> dict[str, object]:
        frozen = given.frozen
        return {
            "cycle_id": given.cycle.cycle_id,
            "as_of_day": given.issue_day,
            "status": STARTED,
            "to_day": given.to_day.isoformat(),
            "to_ms": start_ms(given.to_day, given.cycle.time_zone),
            "lake_cut": frozen.lake_cut,
            "lake": frozen.lake,
            "records": records_json(frozen),
            "catalogue": frozen.catalogue,
            "tax_table": frozen.tax_table,
            "customers": frozen.customers,
            "started_ms": self._clock(),
        }

    def drop(self, run_id: int) -> None:
        """Forget a run that is not committed. BillingError where there is none of this number."""
        with self._engine.connect() as connection:
            status = connection.scalars(
                select(BILLING_RUN.c.status).where(BILLING_RUN.c.run_id == run_id)
            ).one_or_none()
        if status != STARTED:
            raise BillingError(
                f"run {run_id} is {status or 'not there'}: only an unfinished one can be dropped"
            )
        self._give_up(run_id)

    def _give_up(self, run_id: int) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(BILLING_DRAFT).where(BILLING_DRAFT.c.run_id == run_id))
            run = BILLING_RUN.c
            connection.execute(delete(BILLING_RUN).where(run.run_id == run_id, run.status == STARTED))

    def _keep(self, work: _Work, drafts: list[Draft]) -> None:
        run_id = work.run_id
        rows = ((run_id, draft.payer_id, draft.invoice is not None, draft.to_json()) for draft in drafts)
        try:
            with writing(self._engine) as connection:
                require_unchanged(connection, work.run_id, work.given)
                insert_rows(connection, BILLING_DRAFT, BILLING_DRAFT.columns.keys(), rows)
        except Exception as error:
            if isinstance(error, IntegrityError) or "UNIQUE" in str(error) or "unique" in str(error):
                raise BillingError(f"another process is working on run {run_id}") from error
            raise

    def _batches(self, work: _Work, progress: Progress | None) -> Iterator[list[Draft]]:
        """The drafts that are missing, by payer, some at a time."""
        waiting = [payer_id for payer_id in sorted(work.customers.payers) if payer_id not in work.drafted]
        total = len(work.customers.payers)
        usage = _ByPayer(BillableUsage(self._lake, self._windows(work, waiting)).sums()) if waiting else None
        ids = iter(waiting)
        done = total - len(waiting)
        while usage is not None and (batch := list(islice(ids, self._at_once))):
            drafts = list(self._drafts(work, batch, usage))
            yield drafts
            done += len(batch)
            if progress is not None:
                progress(done, total)

    def _windows(self, work: _Work, payer_ids: list[str]) -> list[Window]:
        found = []
        for payer_id in payer_ids:
            for account in work.customers.payers[payer_id]:
                try:
                    found.append(window_of(account, work.customers.last_of(account), work.given).window)
                except BillingError:
                    continue  # the drafter says so again, where it can be named
        return found

    def _drafts(self, work: _Work, payer_ids: list[str], usage: _ByPayer) -> Iterator[Draft]:
        customers = work.customers
        members = {payer_id: customers.payers[payer_id] for payer_id in payer_ids}
        ids = [account.account_id for accounts in members.values() for account in accounts]
        with self._engine.connect() as connection:
            history = load_history(connection, ids, work.given.to_day)
            balances = self._balances(connection, payer_ids, work.given.issue_day)
        for payer_id, accounts in members.items():
            head = next(account for account in accounts if account.account_id == payer_id)
            own = PayerInput(
                accounts, customers.parties[head.party_id], customers.last, history, balances.get(payer_id, 0)
            )
            sums = usage.of(payer_id)
            try:
                yield BillDrafter(work.given, own).draft(sums)
            except BillingError as error:
                work.problems.append((payer_id, str(error)))


class _ByPayer:
    """Sums in the order of payers, handed out payer by payer in the same order."""

    def __init__(self, sums: Iterator[UsageSum]) -> None:
        self._sums = sums
        self._next = next(sums, None)

    def of(self, payer_id: str) -> list[UsageSum]:
        found = []
        while self._next is not None and self._next.payer_id <= payer_id:
            if self._next.payer_id == payer_id:
                found.append(self._next)
            self._next = next(self._sums, None)
        return found
