"""Settling a month: freeze the input, price, commit under a number, write documents; once, killed anywhere.

A run that was killed before its commit is done again with the same frozen input; one that was committed is
computed again from it, compared with what was committed, and its documents are written again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from config.issues import TextError
from config.settlement_terms import PartnerAgreements
from ocs.cdr.lake import Lake
from ocs.settlement import SettlementError
from ocs.settlement.basis import Basis, Computed
from ocs.settlement.composition import Heading, agreed_amount, agreed_line, compose
from ocs.settlement.computation import Progress, compute, unrated_examples
from ocs.settlement.folders import RECORDS, SettlementFolder
from ocs.settlement.ledger import (
    Counters,
    Run,
    commit_statement,
    drop_run,
    find_run,
    last_statement,
    opening_counters,
    start_run,
)
from ocs.settlement.period import Period, day_of, parse_period
from ocs.settlement.statement import Statement, StatementLine, canonical_json
from ocs.settlement.stored import Stored, find_stored, stored_of_run
from ocs.settlement.tables import CORRECTION, CREDIT, STATEMENT

Documents = Callable[[Statement, Path], list[Path]]
"""Writes the documents of a statement into a folder; the files that were written."""
_MOST_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Settled:
    """A document that is committed, and the folder with its files; ``repeated``: it was there before."""

    statement: Statement
    folder: Path
    repeated: bool


class Settlement:
    """Makes statements, corrections and credits from the lake, in a database and a folder."""

    def __init__(self, engine: Engine, lake: Lake, folder: SettlementFolder, documents: Documents) -> None:
        self._engine = engine
        self._lake = lake
        self._folder = folder
        self._documents = documents

    def run(
        self,
        agreements: PartnerAgreements,
        month: str,
        now_ms: int,
        *,
        issue_day: str | None = None,
        leave_unrated: bool = False,
        progress: Progress | None = None,
    ) -> Settled:
        """The statement of a partner's month. SettlementError where it can not be made: nothing is kept then.

        Usage without a price is refused, or stands on the statement at nothing (``leave_unrated``).
        """
        period = _period(agreements, month)
        partner = agreements.partner
        with self._engine.connect() as connection:
            known = find_run(connection, partner, period.name)
        if known is None and now_ms < period.to_ms:
            raise SettlementError(f"{month} is not over in {period.time_zone}: see it before with --dry-run")
        self._folder.keep_agreements(agreements)
        with self._folder.working(partner) as work:
            day = issue_day or day_of(now_ms, agreements.time_zone).isoformat()
            cut = self._lake.highest_file_id()
            run = start_run(self._engine, partner, period, agreements.version, cut, day)
            if run.committed:
                with self._engine.connect() as connection:
                    stored = stored_of_run(connection, run.run_id)[0]
                return self._again(stored, work, progress)
            try:
                computed, opening = self._compute(agreements, run.basis(period), work, None, progress)
                self._check_unrated(computed, leave_unrated=leave_unrated)
                heading = Heading(STATEMENT, "", "", run.issue_day, {})
                statement = compose(agreements, run.basis(period), computed, heading)
            except Exception:
                drop_run(self._engine, run)
                raise
            stored = commit_statement(self._engine, run, period, statement, opening, computed.counters)
            return self._publish(stored, work, repeated=False)

    def preview(
        self,
        agreements: PartnerAgreements,
        month: str,
        work: Path,
        issue_day: str,
        progress: Progress | None = None,
    ) -> Statement:
        """What the statement would be if it were made now; nothing is kept. ``work`` takes its records."""
        period = _period(agreements, month)
        with self._engine.connect() as connection:
            run = find_run(connection, agreements.partner, period.name)
            before = last_statement(connection, agreements.partner)
        if run is not None:
            basis = run.basis(period)
        else:
            if before is not None and before.period >= period.name:
                raise SettlementError(f"{agreements.partner} is settled up to {before.period}")
            after = (0, 0) if before is None else (before.lake_cut, before.to_ms)
            basis = Basis(agreements.partner, period, *after, self._lake.highest_file_id())
        computed, _ = self._compute(agreements, basis, work, None, progress)
        return compose(agreements, basis, computed, Heading(STATEMENT, "", "", issue_day, {}))

    def again(self, number: str, progress: Progress | None = None) -> Settled:
        """Compute a committed document again from its frozen input and write its files; the same octets."""
        stored = self._find(number)
        with self._folder.working(stored.partner) as work:
            return self._again(stored, work, progress)

    def correct(
        self,
        agreements: PartnerAgreements,
        number: str,
        reason: str,
        issue_day: str,
        *,
        leave_unrated: bool = False,
        progress: Progress | None = None,
    ) -> Settled:
        """The same records by the agreement as it is now, and what that is more or less than was stated.

        SettlementError where nothing is.
        """
        original = self._original(number)
        statement = original.statement
        run, period = self._run_of(original)
        self._folder.keep_agreements(agreements)
        with self._folder.working(original.partner) as work:
            computed, opening = self._compute(agreements, run.basis(period), work, None, progress)
            self._check_unrated(computed, leave_unrated=leave_unrated)
            heading = Heading(CORRECTION, statement.number, reason, issue_day, self._stated(original))
            found = compose(agreements, run.basis(period), computed, heading)
            if all(total.due_micros == 0 for total in found.totals):
                raise SettlementError(f"{number} would come to the same: there is nothing to correct")
            stored = commit_statement(
                self._engine, run, period, found, opening, computed.counters, original.statement_id
            )
            return self._publish(stored, work, repeated=False)

    def credit(
        self,
        agreements: PartnerAgreements,
        number: str,
        direction: str,
        amount_micros: int,
        reason: str,
        issue_day: str,
    ) -> Settled:
        """An agreed amount on top of a statement, in the currency of a direction; below zero = less is due."""
        original = self._original(number)
        statement = original.statement
        currencies = [total.currency for total in statement.totals if total.direction == direction]
        if len(currencies) != 1:
            raise SettlementError(
                f"{number} has no {direction} traffic" if not currencies else "several currencies"
            )
        if amount_micros == 0:
            raise SettlementError("an amount of nothing changes nothing")
        run, period = self._run_of(original)
        line = agreed_line(direction, period.name, amount_micros, currencies[0], reason)
        self._refuse_the_same(original, line, issue_day)
        self._folder.keep_agreements(agreements)
        with self._folder.working(original.partner) as work:
            heading = Heading(CREDIT, statement.number, reason, issue_day, {})
            found = agreed_amount(agreements, run.basis(period), line, heading)
            stored = commit_statement(self._engine, run, period, found, {}, {}, original.statement_id)
            return self._publish(stored, work, repeated=False)

    def _compute(
        self,
        agreements: PartnerAgreements,
        basis: Basis,
        work: Path,
        below_id: int | None,
        progress: Progress | None,
    ) -> tuple[Computed, Counters]:
        with self._engine.connect() as connection:
            opening = opening_counters(connection, basis.partner, basis.period.to_ms, below_id)
        return compute(self._lake, basis, agreements, opening, work.joinpath(RECORDS), progress), opening

    def _check_unrated(self, computed: Computed, *, leave_unrated: bool) -> None:
        if not computed.unrated or leave_unrated:
            return
        lines = [
            f"  {unrated.records} {unrated.direction} {unrated.service} records: {unrated.reason}"
            for unrated in computed.unrated
        ]
        lines += [
            f"  such as {record_id}: trunk {trunk or '-'}, called {called or '-'}: {reason}"
            for record_id, trunk, called, reason in unrated_examples(self._lake.connection, _MOST_EXAMPLES)
        ]
        listed = "\n".join(lines)
        raise SettlementError(
            f"there is usage without a price:\n{listed}\nadd prices to the agreement, or use --leave-unrated"
        )

    def _again(self, stored: Stored, work: Path, progress: Progress | None) -> Settled:
        statement = stored.statement
        if statement.kind != CREDIT:
            agreements = self._folder.kept_agreements(stored.partner, statement.agreement)
            run, period = self._run_of(stored)
            computed, _ = self._compute(agreements, run.basis(period), work, stored.statement_id, progress)
            before = {(total.direction, total.currency): total.before_micros for total in statement.totals}
            heading = Heading(statement.kind, statement.corrects, statement.reason, statement.issue_day, before)
            made = replace(compose(agreements, run.basis(period), computed, heading), number=statement.number)
            if canonical_json(made).decode() != stored.content:
                raise SettlementError(
                    f"{statement.number} computed again is another: the lake or this program changed"
                )
        return self._publish(stored, work, repeated=True)

    def _publish(self, stored: Stored, work: Path, *, repeated: bool) -> Settled:
        statement = stored.statement
        folder = self._folder.document(stored.partner, statement.number)
        files = self._documents(statement, work)
        records = work.joinpath(RECORDS)
        if records.exists():
            files.append(records)
        for path in files:
            self._folder.publish(path, folder)
        return Settled(statement, folder, repeated)

    def _find(self, number: str) -> Stored:
        with self._engine.connect() as connection:
            stored = find_stored(connection, number)
        if stored is None:
            raise SettlementError(f"there is no document {number}")
        return stored

    def _original(self, number: str) -> Stored:
        stored = self._find(number)
        if stored.corrects is not None:
            raise SettlementError(f"{number} is a correction itself: correct {stored.statement.corrects}")
        return stored

    def _run_of(self, stored: Stored) -> tuple[Run, Period]:
        statement = stored.statement
        period = parse_period(statement.period, statement.time_zone)
        with self._engine.connect() as connection:
            run = find_run(connection, stored.partner, statement.period)
        assert run is not None  # noqa: S101 - a foreign key
        return run, period

    def _refuse_the_same(self, original: Stored, line: StatementLine, issue_day: str) -> None:
        """A command that was called twice states an amount once: the same one, reason and day are a mistake."""
        with self._engine.connect() as connection:
            documents = stored_of_run(connection, original.run_id)
        for stored in documents:
            statement = stored.statement
            if statement.issue_day == issue_day and line in statement.lines:
                raise SettlementError(
                    f"{statement.number} of {issue_day} stated the same for the same reason: say another one"
                )

    def _stated(self, original: Stored) -> dict[tuple[str, str], int]:
        """What the statement and its corrections came to, by direction and currency."""
        found: dict[tuple[str, str], int] = {}
        with self._engine.connect() as connection:
            documents = stored_of_run(connection, original.run_id)
        for stored in documents:
            statement = stored.statement
            if statement.kind != CREDIT:
                for total in statement.totals:
                    key = (total.direction, total.currency)
                    found[key] = found.get(key, 0) + total.due_micros
        return found


def _period(agreements: PartnerAgreements, month: str) -> Period:
    try:
        return parse_period(month, agreements.time_zone)
    except TextError as error:
        raise SettlementError(f"{error}: {error.hint}") from None
