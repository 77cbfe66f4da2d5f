"""A gateway that writes down what it reported and what was acknowledged, whatever happens to its server."""

import asyncio
import random
import struct
from contextlib import suppress

from tests.end_to_end.served import FIRST_MSISDN
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import build_ccr, mscc

TOO_BUSY = 3004
UNKNOWN_SESSION_ID = 5002
RETRY_S = 0.05
USED_OCTETS = 1000
RETRANSMITTED_FLAG = 0x10


class GatewayVanishedError(Exception):
    """This session's gateway forgets it: nothing more is sent for it."""


class RecordedSession:
    """What one charging session reported, and what of it was acknowledged.

    ``repeated``: its last request was sent more than once; ``ended``: its CCR-T was answered.
    """

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.reported = 0
        self.acknowledged = 0
        self.repeated = False
        self.ended = False


class RecordingGateway:
    """One session of each subscriber at a time, on one connection.

    ``ports`` are servers of one store, used in turn. After a lost connection, or 3004, a request is repeated
    until it is answered (T flag set). Of ten sessions that lose their connection one is never heard of again,
    like those of a gateway that was restarted; another may be told 5002, when the outage outlasted its life.
    """

    def __init__(self, number: int, ports: list[int], subscribers: range, seed: int) -> None:
        self.name = f"recorder{number}.example.net"
        self.ports = ports
        self.sessions: list[RecordedSession] = []
        self.answers = 0
        self.unexpected: list[str] = []
        self._subscribers = subscribers
        self._chance = random.Random(f"{seed}:{number}")
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._serial = 0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to connect and to charge."""
        self._tasks = [asyncio.create_task(self._keep_connected())]
        self._tasks += [asyncio.create_task(self._charge(subscriber)) for subscriber in self._subscribers]

    async def vanish(self) -> None:
        """Stop in the middle of everything."""
        for task in self._tasks:
            task.cancel()
        done = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.unexpected += [repr(end) for end in done if isinstance(end, Exception)]
        if self._writer is not None:
            self._writer.transport.abort()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    def move(self) -> None:
        """Lose the connection, so that all goes on at the next server."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _keep_connected(self) -> None:
        turn = 0
        while True:
            port = self.ports[turn % len(self.ports)]
            turn += 1
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
                await self._read(reader, self._writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                self._connected.clear()
                if self._writer is not None:
                    self._writer.transport.abort()
                for waiting in self._waiting.values():
                    if not waiting.done():
                        waiting.set_exception(ConnectionError())
                self._waiting.clear()
            await asyncio.sleep(RETRY_S)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(base.cer(host=self.name.encode()))
        while True:
            head = await reader.readexactly(4)
            message = head + await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
            command = base.command_of(message)
            if command == base.CER:
                if base.result_code(message) == 2001:
                    self._connected.set()
            elif base.is_request(message):
                writer.write(base.answer(message))
            else:
                waiting = self._waiting.pop(struct.unpack_from(">I", message, 12)[0], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)

    async def _charge(self, subscriber: int) -> None:
        while True:
            self._serial += 1
            session = RecordedSession(f"{self.name};{id(self)};{self._serial}")
            self.sessions.append(session)
            with suppress(GatewayVanishedError):
                await self._run(session, subscriber)

    async def _run(self, session: RecordedSession, subscriber: int) -> None:
        for number, kind in enumerate((1, 2, 2, 3)):
            used = None if kind == 1 else self._chance.randrange(1, USED_OCTETS)
            session.reported += used or 0
            answer = await self._ask(session, subscriber, kind, number, used)
            self.answers += 1
            if base.result_code(answer) != 2001:
                if base.result_code(answer) == UNKNOWN_SESSION_ID and session.repeated:
                    return
                self.unexpected.append(f"{session.session_id} {kind} {number}: {base.result_code(answer)}")
                return
            session.acknowledged += used or 0
        session.ended = True

    async def _ask(
        self, session: RecordedSession, subscriber: int, kind: int, number: int, used: int | None
    ) -> bytes:
        """Send until it is answered, however often."""
        end_to_end = self._chance.randrange(1 << 32)
        flags = 0xC0
        while True:
            await self._connected.wait()
            hop_by_hop = self._chance.randrange(1 << 32)
            request = build_ccr(
                session_id=session.session_id,
                origin_host=self.name,
                request_type=kind,
                request_number=number,
                msisdn=str(FIRST_MSISDN + subscriber),
                imsi=None,
                mscc=[mscc(rating_group=1, requested=2 * USED_OCTETS if kind < 3 else None, used=used)],
                flags=flags,
                hop_by_hop=hop_by_hop,
                end_to_end=end_to_end,
            )
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._waiting[hop_by_hop] = answer
            assert self._writer is not None
            self._writer.write(request)
            session.repeated = flags & RETRANSMITTED_FLAG != 0
            flags |= RETRANSMITTED_FLAG
            try:
                octets = await answer
            except ConnectionError:
                if self._chance.random() < 0.1:
                    raise GatewayVanishedError from None
                continue
            if base.result_code(octets) != TOO_BUSY:
                return octets
            await asyncio.sleep(RETRY_S)
