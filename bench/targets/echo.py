"""The floor: uvloop and ready octets. ``python -m bench.targets.echo --listen 127.0.0.1:0``."""

from __future__ import annotations

import argparse
import asyncio
import signal
from typing import cast

import uvloop

from ocs import hotpath
from ocs.simulation.echo import CreditControlEcho, capabilities_answer

ORIGIN_HOST = b"ocs.example.net"
ORIGIN_REALM = b"example.net"


class EchoConnection(asyncio.Protocol):
    """One gateway's socket."""

    def __init__(self, rating_groups: int) -> None:
        self._echo = CreditControlEcho(ORIGIN_HOST, ORIGIN_REALM, rating_groups)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not derive from it

    def data_received(self, data: bytes) -> None:
        """Answer all that came in one write."""
        answers = self._echo.receive(data)
        transport = self._transport
        if transport is None:
            return
        if answers:
            transport.write(answers)
        if self._echo.others:
            for message in self._echo.others:
                transport.write(capabilities_answer(message, ORIGIN_HOST, ORIGIN_REALM))
            self._echo.others.clear()


async def serve(host: str, port: int, rating_groups: int) -> None:
    """Answer until SIGTERM."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    server = await loop.create_server(lambda: EchoConnection(rating_groups), host, port)
    name = "compiled" if hotpath.compiled() else "interpreted"
    bound = server.sockets[0].getsockname()
    print(f"echo ready: diameter {bound[0]}:{bound[1]} {name}", flush=True)
    await stopping.wait()
    server.close()


def main() -> None:
    """Serve with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.targets.echo", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:3868", help="HOST:PORT")
    parser.add_argument("--rating-groups", type=int, default=1, help="MSCCs in each answer")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    uvloop.run(serve(host, int(port), options.rating_groups))


if __name__ == "__main__":
    main()
