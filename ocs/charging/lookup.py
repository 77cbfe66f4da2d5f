"""Looking up in the store what is not remembered; the requests that need it wait here meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from balance.account import decode_account
from balance.changes import NO_TERM
from balance.keys import account_key, imsi_key, session_key, subscriber_key
from balance.packing import PackingError
from balance.store import Holder, StateStore
from balance.subscriber import Subscriber, decode_subscriber
from ocs.charging.pending import Pending
from ocs.charging.remembered import RememberedStates
from ocs.charging.session_octets import decode_session
from protocol.messages import CreditControlRequest

RETRY_S: Final = 0.05


class StateLookup:
    """Loads in batches.

    ``resume`` gets the requests that may go on, ``give_up`` those that waited too long for a store that is
    silent, ``fail`` those whose state can not be read.
    """

    def __init__(
        self,
        store: StateStore,
        holder: Holder,
        states: RememberedStates,
        resume: Callable[[list[Pending]], None],
        give_up: Callable[[Pending], None],
        fail: Callable[[Pending, str], None],
        is_patient: Callable[[Pending], bool],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._store = store
        self._holder = holder
        self._states = states
        self._resume = resume
        self._give_up = give_up
        self._fail = fail
        self._is_patient = is_patient
        self._call_later = call_later
        self._waiting: dict[bytes, list[Pending]] = {}
        self._wanted: list[bytes] = []

    def session(self, pending: Pending) -> None:
        """Let a request wait for its session."""
        self._want(session_key(pending.session_id), pending)

    def account(self, account_id: str, pending: Pending) -> None:
        """Let a request wait for an account."""
        self._want(account_key(account_id), pending)

    def subscriber(self, request: CreditControlRequest, pending: Pending) -> bool:
        """Let a request wait for its subscriber; False where no identity is left to look up."""
        if request.msisdn and not pending.msisdn_checked:
            self._want(subscriber_key(request.msisdn), pending)
            return True
        if request.imsi and not pending.imsi_checked:
            self._want(imsi_key(request.imsi), pending)
            return True
        return False

    def _want(self, key: bytes, pending: Pending) -> None:
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = [pending]
            self._wanted.append(key)
        else:
            waiting.append(pending)

    def send(self) -> None:
        """Ask the store for all that is wanted, in one call."""
        if self._wanted:
            keys = self._wanted
            self._wanted = []
            _Load(self, keys).ask()

    def ask(self, load: _Load) -> None:
        """Hand one load to the store. What it finds is of the present term: what ends it would come later."""
        load.term = self._holder.term
        self._store.load(load.keys, load.done)

    def loaded(self, load: _Load, found: list[bytes | None] | None) -> None:
        """Remember what was found; where the store failed, try again while requests have patience."""
        if found is None:
            self._call_later(RETRY_S, load.retry)
            return
        going_on: list[Pending] = []
        for index in range(len(load.keys)):
            key = load.keys[index]
            waiting = self._waiting.pop(key, None)
            if waiting is None:
                continue
            state = found[index]
            if state is None:
                for pending in waiting:
                    _note_absent(key, pending)
                going_on.extend(waiting)
                continue
            try:
                self._remember(key, state, load.term, waiting, going_on)
            except ValueError as error:
                for pending in waiting:
                    self._fail(pending, f"{key!r}: {error}")
        self.send()
        self._resume(going_on)

    def _remember(
        self, key: bytes, state: bytes, term: i64, waiting: list[Pending], going_on: list[Pending]
    ) -> None:
        if key.startswith(b"i:"):
            for pending in waiting:
                self._want(subscriber_key(state[8:]), pending)
            return
        if key.startswith(b"s:"):
            session = decode_session(state)
            _check_key(key, session_key(session.identity.session_id))
            session.term = term
            self._states.keep_session(session)
        elif key.startswith(b"a:"):
            account = decode_account(state)
            _check_key(key, account_key(account.account_id))
            account.term = term
            self._states.keep_account(account)
        else:
            subscriber = decode_subscriber(state)
            subscriber.term = term
            self._states.keep_subscriber(subscriber)
            for pending in waiting:
                if not _belongs_to(subscriber, key, pending):
                    _note_absent(key, pending)
        going_on.extend(waiting)

    def retry(self, load: _Load) -> None:
        """Ask again for the keys that somebody still waits for."""
        for key in load.keys:
            patient: list[Pending] = []
            for pending in self._waiting.pop(key, []):
                if self._is_patient(pending):
                    patient.append(pending)
                else:
                    self._give_up(pending)
            if patient:
                self._waiting[key] = patient
                self._wanted.append(key)
        self.send()
        self._resume([])


def _check_key(key: bytes, own: bytes) -> None:
    """A state that is stored under another's key would be looked for without end."""
    if key != own:
        raise PackingError(f"holds the state of {own!r}")


def _is_by_number(key: bytes, request: CreditControlRequest) -> bool:
    """Whether a subscriber was looked for by the request's number (else by its IMSI)."""
    return len(request.msisdn) > 0 and key == subscriber_key(request.msisdn)


def _belongs_to(subscriber: Subscriber, key: bytes, pending: Pending) -> bool:
    request = pending.request
    if request is None:
        return False
    if _is_by_number(key, request):
        return subscriber.msisdn == request.msisdn
    return subscriber.imsi == request.imsi


def _note_absent(key: bytes, pending: Pending) -> None:
    """The store does not have what a request waited for (an IMSI may lead to a subscriber who is gone)."""
    if key.startswith(b"s:"):
        pending.session_checked = True
    elif key.startswith(b"a:"):
        pending.account_checked = True
    elif pending.request is not None and _is_by_number(key, pending.request):
        pending.msisdn_checked = True
    else:
        pending.imsi_checked = True


class _Load:
    """One call to the store under way."""

    def __init__(self, lookup: StateLookup, keys: list[bytes]) -> None:
        self.lookup = lookup
        self.keys = keys
        self.term: i64 = NO_TERM

    def ask(self) -> None:
        self.lookup.ask(self)

    def done(self, found: list[bytes | None] | None) -> None:
        self.lookup.loaded(self, found)

    def retry(self) -> None:
        self.lookup.retry(self)
