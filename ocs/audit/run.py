"""The audit's passes over sessions, records and accounts, each streamed."""

from collections.abc import Callable
from pathlib import Path

from balance.account import decode_account
from balance.keys import account_key, session_id_of, session_key, subscriber_key
from balance.packing import PackingError
from balance.restored import restored_key
from balance.store import StateStore, load_states
from balance.subscriber import decode_subscriber
from ocs.audit.books import differences_of
from ocs.audit.ledger import RecordLedger
from ocs.audit.recheck import recheck_accounts
from ocs.audit.report import AuditReport, CurrencyTotals
from ocs.audit.sums import AccountSums
from ocs.charging.session import OPEN
from ocs.charging.session_octets import decode_session
from rating.catalogue import Catalogue

_DEADLINE_LOOKS = 3


async def audit(
    store: StateStore,
    records: Path,
    catalogue: Catalogue | None,
    progress: Callable[[str, int], None] | None = None,
) -> AuditReport:
    """Prove the books of a store and its record directory.

    ``catalogue`` tells which plans forbid an overdraft; without one that is not checked. ``progress`` hears
    what is read and how many so far. StoreError where the store fails.
    """
    work = _Audit(store, records, catalogue, progress)
    await work.sessions()
    await work.ledger.advance(store)
    await work.accounts()
    await recheck_accounts(store, work.ledger, work.suspects, work.report)
    await work.overdrafts()
    await work.ledger.check_files(store)
    return work.finish()


class _Audit:
    """One audit's memory: sums by account, and who has to be looked at again."""

    def __init__(
        self,
        store: StateStore,
        records: Path,
        catalogue: Catalogue | None,
        progress: Callable[[str, int], None] | None,
    ) -> None:
        self.store = store
        self.catalogue = catalogue
        self.ledger = RecordLedger(records)
        self.report = AuditReport()
        self.suspects: list[str] = []
        self._progress = progress
        self._open: dict[str, AccountSums] = {}
        self._overdrawn: dict[str, int] = {}

    async def sessions(self) -> None:
        """Add up the open sessions, and see that each will be looked at when its client falls silent."""
        seen: set[bytes] = set()
        async for chunk in self.store.scan(session_key(b"")):
            found = []
            for key, state in chunk:
                try:
                    session = decode_session(state)
                except PackingError as error:
                    self.report.differ(f"session {key!r} can not be read: {error}")
                    continue
                if session.state != OPEN or key in seen:
                    continue
                seen.add(key)
                found.append(key)
                sums = self._open.setdefault(session.identity.account_id, AccountSums())
                sums.add_session(session)
            await self._check_deadlines(found)
            self._tell("sessions", len(seen))
        self.report.sessions = len(seen)

    async def _check_deadlines(self, keys: list[bytes]) -> None:
        """An open session without a deadline would hold its reservation for ever."""
        for _ in range(_DEADLINE_LOOKS):
            if not keys:
                return
            deadlines = await self.store.deadlines_of(keys)
            keys = [key for key, deadline in zip(keys, deadlines, strict=True) if deadline == 0]
            states = await load_states(self.store, keys)
            keys = [
                key
                for key, state in zip(keys, states, strict=True)
                if state is not None and decode_session(state).state == OPEN
            ]
        for key in keys:
            session_id = session_id_of(key).decode(errors="replace")
            self.report.differ(f"session {session_id}: open, but without a deadline")

    async def accounts(self) -> None:
        """Compare every account with its sums; whoever differs is suspect."""
        known = self.ledger.accounts
        seen: set[bytes] = set()
        nothing = AccountSums()
        async for chunk in self.store.scan(account_key("")):
            for key, state in chunk:
                if key in seen:
                    continue
                seen.add(key)
                try:
                    account = decode_account(state)
                except PackingError as error:
                    self.report.differ(f"account {key!r} can not be read: {error}")
                    continue
                self.report.currencies.setdefault(account.currency, CurrencyTotals()).add(account)
                sums = known.get(account.account_id, nothing)
                held = self._open.pop(account.account_id, None)
                if differences_of(account, sums if held is None else sums.plus(held)):
                    self.suspects.append(account.account_id)
                if account.balance_micros < -account.credit_limit_micros:
                    self._overdrawn[account.account_id] = account.credit_limit_micros
            self._tell("accounts", len(seen))
        self.report.accounts = len(seen)
        for account_id in known.keys() | self._open.keys():
            if account_key(account_id) not in seen:
                self.suspects.append(account_id)
        self.report.rechecked = len(self.suspects)

    async def overdrafts(self) -> None:
        """No account is below its credit limit where all plans that spend from it forbid that.

        A payment that was taken back may bring one there: accounts that got online credit back are left out.
        """
        catalogue = self.catalogue
        if catalogue is None or not self._overdrawn:
            return
        allowed: dict[str, bool] = {}
        async for chunk in self.store.scan(subscriber_key(b"")):
            for key, state in chunk:
                try:
                    subscriber = decode_subscriber(state)
                except PackingError as error:
                    self.report.differ(f"subscriber {key!r} can not be read: {error}")
                    continue
                if subscriber.account_id in self._overdrawn:
                    plan = catalogue.plans.get(subscriber.plan_id)
                    may = plan is None or plan.overdraft_allowed
                    allowed[subscriber.account_id] = allowed.get(subscriber.account_id, False) or may
        for account_id, may in sorted(allowed.items()):
            if may or (await load_states(self.store, [restored_key(account_id)]))[0] is not None:
                continue
            limit = "its credit limit" if self._overdrawn[account_id] else "zero"
            self.report.differ(f"account {account_id}: below {limit}, which all of its plans forbid")

    def finish(self) -> AuditReport:
        """The report, with what concerns the records as a whole."""
        for sentence in self.ledger.problems:
            self.report.differ(sentence)
        duplicates = self.ledger.duplicates()
        if duplicates:
            self.report.differ(f"{duplicates} records have a record_id that another record has")
        self.report.records = self.ledger.records
        return self.report

    def _tell(self, what: str, count: int) -> None:
        if self._progress is not None:
            self._progress(what, count)
