"""python-diameter's own node connects, watches, charges a session and parts."""

import asyncio
import threading
import time

import pytest

from tests.foreign.python_diameter import USED_OCTETS, charge, gateway
from tests.protocol.socket_driver import GRANTED_OCTETS, GrantingHandler, listening, local_node

pytestmark = pytest.mark.foreign

NODE = local_node()


async def test_a_session_with_python_diameter() -> None:
    """CER, CCR-I, CCR-U, CCR-T, DPR, all understood by its typed classes."""
    granting = GrantingHandler(NODE.identity)
    async with listening(NODE, granting) as (listener, port):
        answers = await asyncio.to_thread(charge, port)

        assert [answer.result_code for answer in answers] == [2001, 2001, 2001]
        assert [(answer.cc_request_type, answer.cc_request_number) for answer in answers] == [
            (1, 0),
            (2, 1),
            (3, 2),
        ]
        services = [answer.multiple_services_credit_control for answer in answers]
        assert [len(service) for service in services] == [1, 1, 0]
        assert services[0][0].granted_service_unit.cc_total_octets == GRANTED_OCTETS
        assert services[0][0].rating_group == 10
        assert services[0][0].validity_time == 3600
        assert [seen.services[0].used_octets for seen in granting.seen] == [-1, USED_OCTETS, USED_OCTETS]
        traffic = listener.traffic()
        assert (traffic.cer_received, traffic.dpr_received, traffic.refused) == (1, 1, {})


def stay_silent(port: int, answered: threading.Event) -> bool:
    """Keep a silent node open until its DWR was answered; tell whether it took the answer for one."""
    with gateway(port) as application:
        (connection,) = application.node.connections.values()
        answered.wait(20)
        for _ in range(100):
            if not connection.is_waiting_for_dwa:
                return True
            time.sleep(0.02)
    return False


async def test_a_silent_node_watches_us() -> None:
    """Its DWR is answered, its connection stays open."""
    answered = threading.Event()
    async with listening(NODE, GrantingHandler(NODE.identity)) as (listener, port):
        node = asyncio.create_task(asyncio.to_thread(stay_silent, port, answered))
        while listener.traffic().dwa_sent == 0:  # noqa: ASYNC110  (a counter has no event)
            await asyncio.sleep(0.05)
        assert listener.peers()[0].state == "open"
        answered.set()
        assert await node
        assert listener.traffic().refused == {}
