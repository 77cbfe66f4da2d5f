"""Every scenario file at every height."""

from functools import cache
from pathlib import Path

import pytest

from balance.memory import MemoryStore
from balance.redis_store.connection import connect
from balance.redis_store.store import open_redis_store
from config.catalogue_file import load_catalogue
from rating.catalogue import Catalogue
from tests.balance.servers import ServerProcess
from tests.scenarios.heights import Clock, CoreHeight, Height, ServiceHeight, TcpHeight
from tests.scenarios.play import Player
from tests.scenarios.script import Scenario, read_scenarios

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent / "config" / "examples" / "small_mvno"
SCENARIOS = [(path, scenario) for path in sorted(HERE.glob("*.scn")) for scenario in read_scenarios(path)]
NAMES = [f"{path.stem}: {scenario.title}" for path, scenario in SCENARIOS]


@cache
def catalogue_of(name: str) -> Catalogue:
    """The example operator's catalogue, or one of those beside this file."""
    return load_catalogue(EXAMPLE if name == "small_mvno" else HERE / "catalogues" / f"{name}.yaml")


async def flush(server: ServerProcess) -> None:
    """Forget all that the server holds."""
    connection = await connect(server.address, server.address.endpoints[0])
    await connection.call(b"FLUSHALL")
    connection.abort("done")
    await connection.lost.wait()


async def height_of(name: str, request: pytest.FixtureRequest) -> Height:
    """A height, not yet open."""
    clock = Clock()
    catalogue = catalogue_of("small_mvno")
    if name == "core":
        return CoreHeight(catalogue, clock)
    if name == "valkey":
        server: ServerProcess = request.getfixturevalue("scenario_valkey")
        await flush(server)
        return ServiceHeight(catalogue, clock, await open_redis_store(server.address, 5.0))
    store = MemoryStore(clock.read)
    return TcpHeight(catalogue, clock, store) if name == "tcp" else ServiceHeight(catalogue, clock, store)


@pytest.mark.parametrize("height", ["core", "memory", "valkey", "tcp"])
@pytest.mark.parametrize("scenario", [scenario for _, scenario in SCENARIOS], ids=NAMES)
async def test_scenario(scenario: Scenario, height: str, request: pytest.FixtureRequest) -> None:
    """What the scenario says happens at this height."""
    stage = await height_of(height, request)
    await stage.open()
    try:
        await Player(stage, catalogue_of).play(scenario)
    finally:
        await stage.close()
