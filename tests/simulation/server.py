"""A server in the simulation: a charging service that may be killed between any two steps."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from balance.keys import session_id_of
from ocs.charging.limits import ServiceLimits
from ocs.charging.policy import ChargingPolicy
from ocs.charging.remembered import RememberedStates
from ocs.charging.service import ChargingService
from ocs.charging.surroundings import Surroundings
from ocs.metrics import ServerMetrics
from protocol.encode import Identity
from protocol.handler import AnswerSink
from protocol.messages import CreditControlRequest
from rating.catalogue import Catalogue
from tests.simulation.faulty_store import FaultyStore
from tests.simulation.world import World, at_once

IDENTITY = Identity(b"ocs.example.net", b"example.net", 1)
POLICY = ChargingPolicy(0, 1, 2, 300, 60, 600)


class _Connection(AnswerSink):
    """What a server writes goes to the network, while the server lives."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self._deliver = deliver
        self.is_alive = True

    def answers(self, octets: list[bytes]) -> None:
        """Answers leave."""
        if self.is_alive:
            for message in octets:
                self._deliver(message)


class Server:
    """One charging service, until it crashes: then nothing it planned happens and nobody hears it."""

    def __init__(
        self,
        store: FaultyStore,
        world: World,
        random: Random,
        catalogue: Catalogue,
        deliver: Callable[[bytes], None],
    ) -> None:
        self.connection = _Connection(deliver)
        self.failures: list[str] = []
        self._store = store
        self._world = world

        def later(delay_s: float, action: Callable[[], None]) -> None:
            world.after(int(delay_s * 1_000_000), lambda: self._alive(action))

        self.service = ChargingService(
            store,
            IDENTITY,
            catalogue,
            POLICY,
            ServiceLimits(
                random.choice([4, 50]),
                random.choice([1, 3, 50]),
                random.choice([1, 2]),
                random.choice([100_000, 1_000_000]),
            ),
            RememberedStates(random.choice([1, 4, 100]), random.choice([1, 4, 100])),
            ServerMetrics(),
            Surroundings(
                world.now_ms,
                lambda: world.now_us,
                lambda action: later(0, action),
                later,
                lambda reason, _session_id: self.failures.append(reason),
            ),
        )
        self._sweep()

    def _alive(self, action: Callable[[], None]) -> None:
        if self.connection.is_alive:
            action()

    def submit(self, request: CreditControlRequest) -> None:
        """A request arrives, if there is still somebody."""
        self._alive(lambda: self.service.submit([request], self.connection))

    def _sweep(self) -> None:
        """What the expiry task does once a second."""
        if not self.connection.is_alive:
            return
        due = at_once(self._store.due_sessions(self._world.now_ms(), 20))
        if due:
            self.service.submit_expiry([session_id_of(key) for key in due])
        self._world.after(5_000_000, self._sweep)
