"""Runs gateways against a server: closed loop by window or open loop by rate, and what came of it."""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Final

from ocs.simulation.connection import ConnectionRefusedByServerError, GatewayConnection, event_time
from ocs.simulation.gateway import Gateway
from ocs.simulation.peer_messages import PeerMessages
from ocs.simulation.profile import LoadProfile
from ocs.simulation.report import LoadReport
from ocs.simulation.requests import gateway_templates, session_id_head
from ocs.simulation.session import SERIAL_DIGITS, GatewayIdentity
from ocs.simulation.tally import Tally

SECOND_NS: Final = 1_000_000_000
NOTHING_TO_SEND_NS: Final = 200_000
CLOSE_NS: Final = 100_000
TOGETHER_NS: Final = 200_000
"""Where the next request is due sooner than CLOSE_NS, those of so long a time are sent together: a turn of the
loop for each would take the cores that are measured. Latency counts from when each was due."""
TICK_S: Final = 0.02
RECONNECT_PATIENCE_S: Final = 30
MOST_DUE_AT_ONCE: Final = 1000
"""Requests sent in one turn of the loop when the schedule was missed; the answers are read in between."""

Watcher = Callable[[LoadReport], None]


class LoadRun:
    """One run of a profile. ``watch`` is called about twice a second with the state of things."""

    def __init__(self, profile: LoadProfile, watch: Watcher | None = None) -> None:
        self.profile = profile
        self._watch = watch
        self._connections: list[GatewayConnection] = []
        self._started_ns = 0
        self._end_ns = 0
        self._stopped_ns = 0
        self._trouble = ""
        self._seconds = int(profile.schedule().seconds) if profile.steps else profile.seconds
        self._finished = asyncio.Event()

    @property
    def started_ns(self) -> int:
        """When the traffic began, by the monotonic clock; 0 before."""
        return self._started_ns

    async def run(self) -> LoadReport:
        """Connect, send for the profile's seconds, end the sessions, part, and report."""
        started_s = int(time.time())
        for number in range(1, self.profile.gateways + 1):
            self._connections.append(self._connection(number, started_s))
        try:
            await asyncio.gather(*(connection.connect() for connection in self._connections))
        except ConnectionRefusedByServerError as error:
            self._trouble = str(error)
            return self._report()
        self._started_ns = time.monotonic_ns()
        self._end_ns = self._started_ns + self._seconds * SECOND_NS
        tasks = [asyncio.create_task(self._tick())]
        tasks.extend(asyncio.create_task(self._keep(connection)) for connection in self._connections)
        if self.profile.paced:
            tasks.append(asyncio.create_task(self._pace()))
        await self._finished.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(connection.disconnect() for connection in self._connections))
        return self._report()

    def _connection(self, number: int, started_s: int) -> GatewayConnection:
        profile = self.profile
        head = session_id_head(profile, number, started_s)
        octets = len(head) + SERIAL_DIGITS
        templates = gateway_templates(profile, number, octets)
        own = profile.subscribers_of(number)
        identity = GatewayIdentity(head, profile.msisdn_base, profile.imsi_base, own, started_s)
        gateway = Gateway(identity, profile.behaviour_of(number, templates))
        gateway.event_time = event_time()
        messages = PeerMessages(profile.origin_host(number), profile.realm, started_s)
        return GatewayConnection(gateway, messages, profile.host, profile.port_of(number))

    async def _tick(self) -> None:
        """What needs no precision: clocks, time-outs, what was shed, the end."""
        if not self.profile.paced:
            for connection in self._connections:
                connection.gateway.open_window(time.monotonic_ns())
                connection.flush()
        ticks = 0
        while not self._finished.is_set():
            await asyncio.sleep(TICK_S)
            ticks += 1
            now_ns = time.monotonic_ns()
            for connection in self._connections:
                gateway = connection.gateway
                gateway.event_time = event_time()
                gateway.give_up_before(now_ns - self.profile.timeout_s * SECOND_NS, now_ns)
                if gateway.stopping or not gateway.paced:
                    gateway.drain(now_ns)
                connection.flush()
                connection.watch()
            if now_ns >= self._end_ns and not self._stopped_ns:
                self.stop()
            if self._stopped_ns and not any(each.gateway.open_count for each in self._connections):
                self._finished.set()
            if self._watch is not None and ticks % 25 == 0:
                self._watch(self._report())

    def stop(self) -> None:
        """End the run early or in time: sessions are terminated, then the connections."""
        if not self._stopped_ns:
            self._stopped_ns = time.monotonic_ns()
            for connection in self._connections:
                connection.gateway.stop()

    async def _pace(self) -> None:
        """Send each request at its moment or soon after; whatever was late keeps its place in the latency."""
        schedule = self.profile.schedule()
        count = 0
        turn = 0
        while not self._stopped_ns:
            now_ns = time.monotonic_ns()
            before = count
            for _ in range(MOST_DUE_AT_ONCE):
                due_ns = self._started_ns + schedule.due_ns(count)
                if due_ns > now_ns or count >= schedule.count:
                    break
                connection = self._connections[turn]
                turn = (turn + 1) % len(self._connections)
                if connection.open and connection.gateway.send_due(due_ns):
                    count += 1
                elif turn == 0:
                    break
            for connection in self._connections:
                connection.flush()
            due_ns = self._started_ns + schedule.due_ns(count)
            wait_ns = max(due_ns - time.monotonic_ns(), 0)
            if count == before and wait_ns == 0:  # every subscriber's session waits for an answer
                wait_ns = NOTHING_TO_SEND_NS
            elif count > before and 0 < wait_ns < CLOSE_NS:
                wait_ns = TOGETHER_NS
            await asyncio.sleep(wait_ns / SECOND_NS)

    async def _keep(self, connection: GatewayConnection) -> None:
        """Connect again whenever the connection is lost."""
        while True:
            await connection.lost.wait()
            try:
                await connection.reconnect(RECONNECT_PATIENCE_S)
            except ConnectionRefusedByServerError as error:
                self._trouble = str(error)
                self._finished.set()
                return

    def total(self) -> Tally:
        """The counts of all gateways by now."""
        total = Tally()
        for connection in self._connections:
            total.add(connection.gateway.tally)
        return total

    def _report(self) -> LoadReport:
        total = self.total()
        end_ns = self._stopped_ns or time.monotonic_ns()
        elapsed_us = (end_ns - self._started_ns) // 1000 if self._started_ns else 0
        return LoadReport(self.profile, total, elapsed_us, self._trouble)


def loop_for(profile: LoadProfile) -> asyncio.AbstractEventLoop:
    """The loop that suits: uvloop is fastest, select has the open loop's timers finer than a millisecond."""
    if profile.paced:
        return asyncio.SelectorEventLoop(selectors.SelectSelector())
    try:
        import uvloop  # noqa: PLC0415  (not there on every platform)
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def run_load(profile: LoadProfile, watch: Watcher | None = None) -> LoadReport:
    """Run a profile to its end in an event loop of its own."""

    async def whole() -> LoadReport:
        return await LoadRun(profile, watch).run()

    with asyncio.Runner(loop_factory=lambda: loop_for(profile)) as runner:
        return runner.run(whole())
