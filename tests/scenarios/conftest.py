"""One private Valkey for all scenarios of a run, emptied before each."""

from collections.abc import Iterator

import pytest

from tests.balance.servers import DURABLE, ServerProcess, binary_of


@pytest.fixture(scope="session")
def scenario_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A durable Valkey on a unix socket."""
    server = ServerProcess(binary_of("valkey"), tmp_path_factory.mktemp("sv"), *DURABLE)
    server.start()
    yield server
    server.stop()
