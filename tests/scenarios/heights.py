"""The four heights at which a scenario is played: the pure core, the service on two stores, and over TCP."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from balance.account import decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, imsi_key, session_key, subscriber_key
from balance.packing import version_of
from balance.store import StateStore, commit_sets, load_states
from balance.subscriber import Subscriber, decode_subscriber
from ocs.accounts.top_up import top_up
from ocs.charging.decision import decide, expire
from ocs.charging.limits import ServiceLimits
from ocs.charging.outcome import Decision
from ocs.charging.policy import ChargingPolicy
from ocs.charging.remembered import RememberedStates
from ocs.charging.service import ChargingService
from ocs.charging.session import OPEN
from ocs.charging.session_octets import decode_session, encode_session
from ocs.charging.surroundings import Surroundings
from ocs.metrics import ServerMetrics
from protocol.aio import DiameterListener
from protocol.allowed_peers import AllowedPeers
from protocol.decode import decode_request
from protocol.encode import Identity, encode_answer
from protocol.handler import AnswerSink
from protocol.local_node import LocalNode
from protocol.messages import INITIAL_REQUEST, CreditControlRequest
from rating.catalogue import Catalogue
from tests.protocol.base_builder import cer
from tests.scenarios.answer_line import hop_by_hop_of

IDENTITY: Final = Identity(b"ocs.example.net", b"example.net", 1)
POLICY: Final = ChargingPolicy(0, 1, 2, 7200, 300, 300)
START_MS: Final = 1_800_000_000_000
_PATIENCE_S: Final = 10.0


class Clock:
    """The scenario's time in epoch milliseconds."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def read(self) -> int:
        """The time now."""
        return self.now_ms


class Height(ABC):
    """Where requests go in and answers come back, with the states and records behind them."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self.catalogue = catalogue
        self.clock = clock

    @abstractmethod
    async def open(self) -> None:
        """Get ready."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything."""

    @abstractmethod
    async def seed(self, states: dict[bytes, bytes]) -> None:
        """Store states that are there from the beginning."""

    @abstractmethod
    async def exchange(self, messages: list[bytes]) -> list[bytes]:
        """Send CCRs together; their answers in the order of the requests."""

    @abstractmethod
    async def top_up(self, account_id: str, micros: int) -> None:
        """Credit an account."""

    @abstractmethod
    async def expire(self) -> None:
        """Give up the sessions that are due."""

    @abstractmethod
    async def state(self, key: bytes) -> bytes | None:
        """A stored state."""

    @abstractmethod
    async def events(self) -> list[bytes]:
        """All records so far."""

    @abstractmethod
    async def open_sessions(self, account_id: str) -> list[bytes]:
        """The Session-Ids of an account's open sessions."""

    def use(self, catalogue: Catalogue) -> None:
        """Swap the catalogue."""
        catalogue.follow(self.catalogue)
        self.catalogue = catalogue


class CoreHeight(Height):
    """The decision alone, on states that it gets and gives as octets; its inputs must stay as they are."""

    async def open(self) -> None:
        """Begin with nothing stored."""
        self._states: dict[bytes, bytes] = {}
        self._events: list[bytes] = []

    async def close(self) -> None:
        """Nothing to let go of."""

    async def seed(self, states: dict[bytes, bytes]) -> None:
        """Store states."""
        self._states.update(states)

    async def exchange(self, messages: list[bytes]) -> list[bytes]:
        """Decide one after the other."""
        return [self._exchange(decode_request(message)) for message in messages]

    def _exchange(self, request: CreditControlRequest) -> bytes:
        assert request.issue is None, request.issue.error_message
        stored = self._states.get(session_key(request.session_id))
        session = decode_session(stored) if stored is not None else None
        subscriber = self._subscriber(request) if request.request_type == INITIAL_REQUEST else None
        account_id = subscriber.account_id if subscriber is not None else ""
        if session is not None and session.state == OPEN:
            account_id = session.identity.account_id
        kept = self._states.get(account_key(account_id))
        account = decode_account(kept) if kept is not None else None
        decision = decide(request, session, subscriber, account, self.catalogue, POLICY, self.clock.now_ms)
        assert session is None or encode_session(session, session.version) == stored
        assert account is None or encode_account(account, account.version) == kept
        self._apply(decision)
        return encode_answer(IDENTITY, request, decision.answer)

    def _subscriber(self, request: CreditControlRequest) -> Subscriber | None:
        found = self._states.get(subscriber_key(request.msisdn)) if request.msisdn else None
        mapping = self._states.get(imsi_key(request.imsi)) if request.imsi else None
        if found is None and mapping is not None:
            found = self._states.get(subscriber_key(mapping[8:]))
        return decode_subscriber(found) if found is not None else None

    def _apply(self, decision: Decision) -> None:
        if decision.account is not None:
            key = account_key(decision.account.account_id)
            version = version_of(self._states.get(key)) + 1
            self._states[key] = encode_account(decision.account, version)
        if decision.session is not None:
            key = session_key(decision.session.identity.session_id)
            version = version_of(self._states.get(key)) + 1
            self._states[key] = encode_session(decision.session, version)
        self._events += decision.records

    async def top_up(self, account_id: str, micros: int) -> None:
        """Credit an account in place."""
        account = decode_account(self._states[account_key(account_id)])
        account.balance_micros += micros
        account.credited_micros += micros
        self._states[account_key(account_id)] = encode_account(account, account.version + 1)

    async def expire(self) -> None:
        """Give up what is due."""
        for key, state in list(self._states.items()):
            if not key.startswith(b"s:"):
                continue
            session = decode_session(state)
            if session.state == OPEN and session.deadline_ms <= self.clock.now_ms:
                kept = self._states.get(account_key(session.identity.account_id))
                account = decode_account(kept) if kept is not None else None
                self._apply(expire(session, account, self.catalogue, POLICY, self.clock.now_ms))

    async def state(self, key: bytes) -> bytes | None:
        """A state."""
        return self._states.get(key)

    async def events(self) -> list[bytes]:
        """All records."""
        return self._events

    async def open_sessions(self, account_id: str) -> list[bytes]:
        """The open sessions among the states."""
        sessions = [decode_session(state) for key, state in self._states.items() if key.startswith(b"s:")]
        return sorted(
            session.identity.session_id
            for session in sessions
            if session.state == OPEN and session.identity.account_id == account_id
        )


class Collector(AnswerSink):
    """A connection that keeps its answers."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def answers(self, octets: list[bytes]) -> None:
        """Keep them."""
        self.received += octets


class ServiceHeight(Height):
    """The charging service on a store."""

    def __init__(self, catalogue: Catalogue, clock: Clock, store: StateStore) -> None:
        super().__init__(catalogue, clock)
        self.store = store
        self.failures: list[str] = []

    async def open(self) -> None:
        """Put a service on the store."""
        loop = asyncio.get_running_loop()
        self.service = ChargingService(
            self.store,
            IDENTITY,
            self.catalogue,
            POLICY,
            ServiceLimits(2048, 512, 2, 5_000_000),
            RememberedStates(1000, 1000),
            ServerMetrics(),
            Surroundings(
                self.clock.read,
                lambda: time.monotonic_ns() // 1000,
                loop.call_soon,
                loop.call_later,
                lambda reason, session_id: self.failures.append(f"{session_id!r}: {reason}"),
            ),
        )

    async def close(self) -> None:
        """Nothing may have failed."""
        await self.store.close()
        assert not self.failures

    async def seed(self, states: dict[bytes, bytes]) -> None:
        """Commit states."""
        change = ChangeSet()
        for key, state in states.items():
            change.put(key, 0, state, 0)
        await commit_sets(self.store, [change])
        assert change.result == COMMITTED

    async def exchange(self, messages: list[bytes]) -> list[bytes]:
        """Submit requests as one read would bring them."""
        sink = Collector()
        self.service.submit([decode_request(message) for message in messages], sink)
        await self._until(lambda: len(sink.received) == len(messages))
        answers = {hop_by_hop_of(answer): answer for answer in sink.received}
        return [answers[hop_by_hop_of(message)] for message in messages]

    async def _until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while not is_true():  # noqa: ASYNC110 - the service calls nobody when it is done
                await asyncio.sleep(0.0005)

    async def top_up(self, account_id: str, micros: int) -> None:
        """Credit an account beside the running service."""
        await top_up(self.store, account_id, micros, f"at {time.monotonic_ns()}", self.clock.now_ms)

    async def expire(self) -> None:
        """Do what the expiry task does once a second, until nothing is due."""
        due = await self.store.due_sessions(self.clock.now_ms, 200)
        while due:
            self.service.submit_expiry([key[2:] for key in due])
            await self._until(lambda: self.service.in_flight == 0)
            due = await self.store.due_sessions(self.clock.now_ms, 200)

    async def state(self, key: bytes) -> bytes | None:
        """Load a state."""
        return (await load_states(self.store, [key]))[0]

    async def events(self) -> list[bytes]:
        """Read the outbox."""
        return await self.store.outbox_read(await self.store.outbox_first(), 1000)

    async def open_sessions(self, account_id: str) -> list[bytes]:
        """Ask the index."""
        return await self.store.open_sessions(account_id.encode())

    def use(self, catalogue: Catalogue) -> None:
        """Swap the service's catalogue."""
        super().use(catalogue)
        self.service.catalogue = catalogue


class TcpHeight(ServiceHeight):
    """A gateway's socket, the peer state machine and the codec in front of the service."""

    async def open(self) -> None:
        """Listen on loopback and exchange capabilities."""
        await super().open()
        self._listener = DiameterListener(LocalNode(IDENTITY, AllowedPeers()), self.service)
        host, port = await self._listener.start("127.0.0.1", 0)
        self._reader, self._writer = await asyncio.open_connection(host, port)
        self._writer.write(cer())
        assert (await self._message())[20:32].hex() == "0000010c4000000c000007d1"

    async def close(self) -> None:
        """End the connection, then the listener."""
        self._writer.close()
        await self._writer.wait_closed()
        await self._listener.stop(0.5)
        await super().close()

    async def exchange(self, messages: list[bytes]) -> list[bytes]:
        """Write requests in one segment and read as many answers."""
        self._writer.write(b"".join(messages))
        received = [await self._message() for _ in messages]
        answers = {hop_by_hop_of(answer): answer for answer in received}
        return [answers[hop_by_hop_of(message)] for message in messages]

    async def _message(self) -> bytes:
        async with asyncio.timeout(_PATIENCE_S):
            header = await self._reader.readexactly(20)
            return header + await self._reader.readexactly(int.from_bytes(header[1:4], "big") - 20)
