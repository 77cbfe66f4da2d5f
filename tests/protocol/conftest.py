"""The front is tested on both event loops that serve; everything else needs only one."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.protocol.peer_driver import Driver

Loops = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Loops:
    """Name the loops that an asynchronous test runs on."""
    if item.path.name == "test_aio.py":
        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
def driver() -> Driver:
    """A node with default limits."""
    return Driver()
