"""Random octets and mutated requests over many connections, while a gateway is served as if nothing were."""

import asyncio
import random
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from tests.end_to_end.gateways import gateway
from tests.end_to_end.served import FIRST_MSISDN, Served, books, load_payers, serving
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import build_ccr, mscc
from tests.protocol.vectors import all_messages

FLUSH = bytes(70_000)
"""More zeros than a message may have octets: wherever a stream stands, they end it as unframeable."""
AT_ONCE = 8
PAYERS = 20


def seeds() -> list[bytes]:
    """Sound messages to start from: those of the vectors, and sessions of subscribers that exist."""
    found = [vector.octets for vector in all_messages() if base.command_of(vector.octets) != base.DPR]
    for number in range(PAYERS):
        for kind in (1, 2, 3):
            units = mscc(rating_group=number % 3, requested=5000 if kind < 3 else None, used=700)
            found.append(
                build_ccr(
                    session_id=f"garbage;{number}",
                    msisdn=str(FIRST_MSISDN + number),
                    request_type=kind,
                    request_number=kind,
                    mscc=[units],
                )
            )
    return found


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """A message with some octets changed, cut, put in or repeated; mostly still as long as it says."""
    changed = bytearray(octets)
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(changed))
        how = chance.randrange(5)
        if how == 0:
            changed[at] = chance.randrange(256)
        elif how == 1:
            changed[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            del changed[at : at + chance.randrange(1, 9)]
        elif how == 3:
            changed[at:at] = chance.randbytes(chance.randrange(1, 9))
        else:
            changed[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\0\0\1\0"))
        changed = changed or bytearray(4)
    if len(changed) > 20 and chance.random() < 0.998:
        changed += bytes(-len(changed) % 4)
        changed[:4] = struct.pack(">I", 1 << 24 | len(changed))
        changed[12:20] = chance.randbytes(8)
    return bytes(changed)


async def garble(port: int, chance: random.Random, messages: int) -> None:
    """Send so many messages of garbage, on a new connection whenever the server has ended the last one."""
    known = seeds()
    sent = 0
    while sent < messages:
        sent += await one_stream(port, chance, known, messages - sent)


async def one_stream(port: int, chance: random.Random, known: list[bytes], messages: int) -> int:
    """Send garbage until the server ends the connection, as it must in the end; how many messages."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.create_task(read_all(reader))
    sent = 1
    with suppress(ConnectionError):
        if chance.random() < 0.95:
            writer.write(base.cer(host=b"garbage%d.example.net" % chance.randrange(1 << 30)))
        while sent < messages and not reading.done() and not writer.is_closing():
            if chance.random() < 0.002:
                writer.write(chance.randbytes(chance.randrange(1, 200)))
            writer.write(mutated(chance.choice(known), chance))
            sent += 1
            if sent % 8 == 0:
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(FLUSH)
    await asyncio.wait_for(reading, 20)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return sent


async def read_all(reader: asyncio.StreamReader) -> None:
    """Read to the end of the stream."""
    with suppress(ConnectionError):
        while await reader.read(1 << 16):
            pass


async def charge_meanwhile(port: int, stopping: asyncio.Event) -> int:
    """A sound gateway charges sessions until told to stop, every answer right; how many octets."""
    charged = 0
    serial = 0
    async with gateway(port, host=b"sound.example.net") as client:
        while not stopping.is_set():
            serial += 1
            for kind in (1, 2, 3):
                used = 900 if kind > 1 else None
                units = mscc(rating_group=1, requested=5000 if kind < 3 else None, used=used)
                request = build_ccr(
                    session_id=f"sound;{serial}",
                    origin_host="sound.example.net",
                    msisdn=str(FIRST_MSISDN + PAYERS),
                    request_type=kind,
                    request_number=kind,
                    mscc=[units],
                    end_to_end=serial * 4 + kind,
                )
                answer = await client.ask(request)
                assert base.result_code(answer) == 2001, answer.hex()
                charged += used or 0
                await asyncio.sleep(0.005)
    return charged


def resident_octets(served: Served) -> int:
    """The server's resident memory."""
    status = Path(f"/proc/{served.process_id}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def garbage(tmp_path: Path, streams: int, messages: int, growth_octets: int, seed: int) -> None:
    """Send that much, then look at the server's life, memory and books."""
    with serving(tmp_path / "data", "[charging]\nsession_without_grant_s = 5\n") as served:
        load_payers(served, PAYERS + 1, "1000000.00")
        before = resident_octets(served)
        stopping = asyncio.Event()
        sound = asyncio.create_task(charge_meanwhile(served.port, stopping))
        for first in range(0, streams, AT_ONCE):
            some = range(first, min(first + AT_ONCE, streams))
            parts = (garble(served.port, random.Random(f"{seed}:{n}"), messages) for n in some)
            await asyncio.gather(*parts)
            assert not sound.done()
        stopping.set()
        charged = await sound
        assert resident_octets(served) - before < growth_octets
        totals = books(served)
        assert totals["EUR"]["debited_micros"] >= charged > 0
        log = served.log
    assert "Traceback" not in log
    assert "fault of this server" not in log


async def test_garbage_harms_nobody_else(tmp_path: Path) -> None:
    """Some thousand mutated messages: others are served, books agree, nothing broke."""
    await garbage(tmp_path, 24, 150, 80_000_000, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_garbage_by_the_million(tmp_path: Path) -> None:
    """Two million mutated messages, of which half reach an open connection, in bounded memory."""
    await garbage(tmp_path, 4000, 500, 300_000_000, seed=2)
