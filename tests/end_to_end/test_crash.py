"""Kill -9 of the server, of its store and of both under load: what was acknowledged is there, exactly once."""

import asyncio
import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.recording_gateway import RecordedSession, RecordingGateway
from tests.end_to_end.served import ROOT, Served, books, load_payers, serving

GATEWAYS, SUBSCRIBERS_EACH = 2, 20
EXPIRY_S = 60
LIFE_S = 10
"""Of a silent session: longer than a server takes to start again on a busy machine."""

VICTIMS = ("server", "store", "server and store")


def short_lived(folder: Path) -> str:
    """Settings by which silent sessions end in seconds, with a catalogue to match."""
    example = (ROOT / "config/examples/small_mvno/catalogue.yaml").read_text()
    assert "validity_time: 1 h " in example
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(example.replace("validity_time: 1 h ", f"validity_time: {LIFE_S} s "))
    return (
        f'[catalogue]\npath = "{catalogue}"\n[records]\nrotate_records = 200\n'
        f"[charging]\nsupervision_factor = 1\nsession_without_grant_s = {LIFE_S}\n"
    )


async def answered(gateways: list[RecordingGateway], more: int) -> None:
    """Wait until so many more answers have come."""
    before = [gateway.answers for gateway in gateways]
    end_s = time.monotonic() + 60
    while sum(gateway.answers for gateway in gateways) < sum(before) + more:
        assert time.monotonic() < end_s, "the server stopped answering"
        await asyncio.sleep(0.01)


async def until_nothing_is_held(served: Served) -> None:
    """Wait until the sessions of vanished gateways have expired."""
    end_s = time.monotonic() + EXPIRY_S
    while (totals := await asyncio.to_thread(books, served))["sessions"]:
        assert time.monotonic() < end_s, totals
        await asyncio.sleep(2)
    assert totals["EUR"]["reserved_micros"] == 0


def recorded_octets(records: Path) -> Counter[str]:
    """Octets by session, of all record files."""
    found: Counter[str] = Counter()
    for file in records.glob("cdr-*"):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            assert record["used_octets"] == record["amount_micros"]
            found[record["session_id"]] += record["used_octets"]
    return found


def assert_exactly_once(sessions: list[RecordedSession], records: Path, debited_micros: int) -> None:
    """Acknowledged <= debited <= reported, of each session; what ended well was charged as reported."""
    recorded = recorded_octets(records)
    for session in sessions:
        octets = recorded.pop(session.session_id, 0)
        assert session.acknowledged <= octets <= session.reported, session.session_id
        if session.ended:
            assert octets == session.reported
        debited_micros -= octets
    assert (recorded, debited_micros) == (Counter(), 0)
    assert sum(session.ended for session in sessions) > len(sessions) // 2


async def crash(tmp_path: Path, rounds: int, seed: int) -> None:
    """So many crashes under load, then the books."""
    chance = random.Random(seed)
    with serving(tmp_path / "data", short_lived(tmp_path)) as served:
        load_payers(served, GATEWAYS * SUBSCRIBERS_EACH, "100000.00")
        gateways = [
            RecordingGateway(n, [served.port], range(n * SUBSCRIBERS_EACH, (n + 1) * SUBSCRIBERS_EACH), seed)
            for n in range(GATEWAYS)
        ]
        for each in gateways:
            each.start()
        for number in range(rounds):
            await answered(gateways, chance.randrange(200, 600))
            victim = VICTIMS[number % len(VICTIMS)]
            if "store" in victim:
                served.kill_store()
            if "server" in victim:
                served.kill()
                await asyncio.to_thread(served.start)
        await answered(gateways, 300)
        for each in gateways:
            await each.vanish()
        assert [each.unexpected for each in gateways] == [[]] * GATEWAYS
        await until_nothing_is_held(served)
        totals = books(served)
    sessions = [session for each in gateways for session in each.sessions]
    assert_exactly_once(sessions, tmp_path / "data" / "cdr", totals["EUR"]["debited_micros"])


async def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    """Server, store and both die once each; every session's record is what its gateway knows."""
    await crash(tmp_path, 3, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_nothing_is_lost_in_a_hundred_crashes(tmp_path: Path) -> None:
    """The same, a hundred times over."""
    await crash(tmp_path, 100, seed=2)
