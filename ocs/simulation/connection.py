"""A gateway's socket: CER, its traffic, DWR when it is quiet, DPR at the end, and back after a loss."""

import asyncio
import socket
import time
from typing import Final, cast

from ocs.simulation.gateway import Gateway
from ocs.simulation.peer_messages import PeerMessages, command_of, is_request, result_code_of
from protocol import codes
from protocol.framing import MessageFramer
from protocol.result_codes import SUCCESS

MAX_ANSWER_OCTETS: Final = 65_536
NTP_EPOCH_S: Final = 2_208_988_800
WATCHDOG_S: Final = 30
RECONNECT_FIRST_S: Final = 0.1
RECONNECT_MOST_S: Final = 2.0
ANSWER_S: Final = 5.0


class ConnectionRefusedByServerError(Exception):
    """The server can not be reached, or it said no to our CER; the message says which."""


class GatewayConnection(asyncio.Protocol):
    """The connection of one gateway; ``connect`` may be called again after a loss."""

    def __init__(self, gateway: Gateway, messages: PeerMessages, host: str, port: int) -> None:
        self.gateway = gateway
        self.lost = asyncio.Event()
        self.open = False
        self._messages = messages
        self._host = host
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._framer = MessageFramer(MAX_ANSWER_OCTETS)
        self._capabilities: asyncio.Future[int] | None = None
        self._disconnected: asyncio.Future[None] | None = None
        self._heard_s = 0.0

    async def connect(self) -> None:
        """Connect and exchange capabilities; ConnectionRefusedByServerError where that fails."""
        loop = asyncio.get_running_loop()
        self.lost.clear()
        self._framer = MessageFramer(MAX_ANSWER_OCTETS)
        self._capabilities = loop.create_future()
        where = f"{self._host}:{self._port}"
        try:
            await loop.create_connection(lambda: self, self._host, self._port)
            result_code = await asyncio.wait_for(self._capabilities, ANSWER_S)
        except TimeoutError:
            raise ConnectionRefusedByServerError(f"{where}: no answer to the CER") from None
        except OSError as error:
            raise ConnectionRefusedByServerError(f"{where}: {error.strerror or error}") from None
        if result_code != SUCCESS:
            raise ConnectionRefusedByServerError(f"{where}: the CER was answered with {result_code}")
        self.open = True

    async def reconnect(self, patience_s: int) -> None:
        """Connect again, for so long, and repeat what was not answered."""
        give_up = time.monotonic() + patience_s
        pause_s = RECONNECT_FIRST_S
        while True:
            try:
                await self.connect()
            except ConnectionRefusedByServerError:
                if time.monotonic() + pause_s > give_up:
                    raise
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, RECONNECT_MOST_S)
            else:
                self.gateway.resend_outstanding()
                self.flush()
                return

    async def disconnect(self) -> None:
        """Say goodbye with a DPR and close when it is answered."""
        if self._transport is None:
            return
        self.open = False
        self._disconnected = asyncio.get_running_loop().create_future()
        self._transport.write(self._messages.disconnect_request())
        await asyncio.wait([self._disconnected], timeout=ANSWER_S)
        if self._transport is not None:
            self._transport.close()

    def flush(self) -> None:
        """Send what the gateway has written."""
        if self.open and self._transport is not None:
            octets = self.gateway.take_output()
            if octets:
                self._transport.write(octets)

    def watch(self) -> None:
        """Send a DWR when nothing was heard for a while."""
        now_s = time.monotonic()
        if self.open and self._transport is not None and now_s - self._heard_s > WATCHDOG_S:
            self._heard_s = now_s
            self._transport.write(self._messages.watchdog_request())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the CER."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not derive from it
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport.write(
            self._messages.capabilities_request(self._transport.get_extra_info("sockname")[0])
        )

    def data_received(self, data: bytes) -> None:
        """Hand answers to the gateway and send what it has to say to them, in one write."""
        now_ns = time.monotonic_ns()
        self._heard_s = now_ns / 1e9
        gateway = self.gateway
        self._framer.feed(data)
        while self._framer.next():
            message = self._framer.message()
            if command_of(message) == codes.CREDIT_CONTROL and not is_request(message):
                gateway.receive_answer(message, now_ns)
            else:
                self._base_message(message)
        if self._framer.lost:
            gateway.tally.fault("octets that are no message", self._framer.lost_header)
            if self._transport is not None:
                self._transport.abort()
            return
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        del exc
        self._transport = None
        self.open = False
        if self._capabilities is not None and not self._capabilities.done():
            self._capabilities.set_exception(OSError(0, "the connection was closed after the CER"))
        if self._disconnected is not None and not self._disconnected.done():
            self._disconnected.set_result(None)
        self.lost.set()

    def _base_message(self, message: bytes) -> None:
        command = command_of(message)
        if is_request(message):
            if self._transport is not None and command in {codes.DEVICE_WATCHDOG, codes.DISCONNECT_PEER}:
                self._transport.write(self._messages.answer_to(message))
        elif command == codes.CAPABILITIES_EXCHANGE:
            if self._capabilities is not None and not self._capabilities.done():
                self._capabilities.set_result(result_code_of(message))
        elif (
            command == codes.DISCONNECT_PEER
            and self._disconnected is not None
            and not self._disconnected.done()
        ):
            self._disconnected.set_result(None)


def event_time() -> int:
    """The wall clock as Event-Timestamp carries it (RFC 6733, 4.3.1)."""
    return (int(time.time()) + NTP_EPOCH_S) & 0xFFFFFFFF
