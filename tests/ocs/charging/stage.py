"""A charging service on a store that the test holds back, in simulated time."""

from __future__ import annotations

from collections.abc import Callable

from balance.account import Account, decode_account, encode_account
from balance.changes import CONFLICT, UNKNOWN, ChangeBatch, ChangeSet
from balance.keys import account_key
from balance.memory import MemoryStore
from balance.operations import credit_money
from ocs.charging.limits import ServiceLimits
from ocs.charging.remembered import RememberedStates
from ocs.charging.service import ChargingService
from ocs.charging.surroundings import Surroundings
from ocs.metrics import ServerMetrics
from protocol.handler import AnswerSink
from protocol.messages import CreditControlRequest
from rating.catalogue import Catalogue
from tests.ocs.charging.building import IDENTITY, POLICY, catalogue, sets_of
from tests.scenarios.answer_line import answer_text
from tests.simulation.world import World

ADMITTED = ServiceLimits(100, 50, 2, 1_000_000)


class HeldStore(MemoryStore):
    """A memory store whose commits wait for ``release`` while ``holds``, and which fails on demand."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.holds = False
        self.loads_fail = False
        self.commits_are_lost = False
        self.refuses: Exception | None = None
        self.commits: list[list[ChangeSet]] = []
        self.results: list[int] = []
        self._held: list[Callable[[], None]] = []

    def load(self, keys: list[bytes], done: Callable[[list[bytes | None] | None], None]) -> None:
        """Load, or fail."""
        if self.loads_fail:
            done(None)
        else:
            super().load(keys, done)

    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Commit at once, later, never, or raise."""
        if self.refuses is not None:
            raise self.refuses
        self.commits.append(sets_of(batch))
        if self.commits_are_lost:
            batch.settle(UNKNOWN)
            done(batch)
        elif self.holds:
            self._held.append(lambda: self._commit(batch, done))
        else:
            self._commit(batch, done)

    def _commit(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        super().commit_batch(batch, self._note)
        done(batch)

    def _note(self, batch: ChangeBatch) -> None:
        self.results += batch.results

    def release(self) -> None:
        """Let what was held go on."""
        held, self._held = self._held, []
        for commit in held:
            commit()

    @property
    def conflicts(self) -> int:
        """How many change sets lost to another writer."""
        return self.results.count(CONFLICT)


class Gateway(AnswerSink):
    """A connection that keeps what it is answered, in words and as octets."""

    def __init__(self) -> None:
        self.octets: list[bytes] = []
        self.writes = 0

    def answers(self, octets: list[bytes]) -> None:
        """Keep the answers."""
        self.octets += octets
        self.writes += 1

    @property
    def heard(self) -> list[str]:
        """The answers in words."""
        return [answer_text(each) for each in self.octets]


class Stage:
    """One or more services on one held store."""

    def __init__(
        self,
        *,
        limits: ServiceLimits = ADMITTED,
        remembered: int = 1000,
        prices: Catalogue | None = None,
    ) -> None:
        self.world = World()
        self.store = HeldStore(self.world.now_ms)
        self.gateway = Gateway()
        self.failures: list[str] = []
        self.prices = prices or catalogue()
        self.service = self.another(limits, remembered)

    def another(self, limits: ServiceLimits = ADMITTED, remembered: int = 1000) -> ChargingService:
        """A service of another server on the same store."""
        world = self.world
        return ChargingService(
            self.store,
            IDENTITY,
            self.prices,
            POLICY,
            limits,
            RememberedStates(remembered, remembered),
            ServerMetrics(),
            Surroundings(
                world.now_ms,
                lambda: world.now_us,
                lambda action: world.after(0, action),
                lambda delay_s, action: world.after(int(delay_s * 1_000_000), action),
                lambda reason, _session_id: self.failures.append(reason),
            ),
        )

    def send(self, *requests: CreditControlRequest) -> list[str]:
        """Submit requests as one read, and let everything happen; what has been heard by then."""
        self.service.submit(list(requests), self.gateway)
        return self.settle()

    def settle(self) -> list[str]:
        """Let everything happen that is planned; what is newly heard."""
        before = len(self.gateway.octets)
        while self.world.step():
            pass
        return self.gateway.heard[before:]

    def account(self, account_id: str = "A") -> Account:
        """The stored account."""
        return decode_account(self.store.present([account_key(account_id)])[0][1])

    def credit(self, micros: int) -> None:
        """Another writer credits account A."""
        account = self.account()
        credit_money(account, micros)
        change = ChangeSet()
        change.put(account_key("A"), account.version, encode_account(account, account.version + 1), 0)
        self.store.commit([change], lambda _sets: None)
