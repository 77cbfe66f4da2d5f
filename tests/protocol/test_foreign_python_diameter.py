"""python-diameter's own node connects, watches, charges a session and parts."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from diameter.message import Avp, constants
from diameter.message.commands import CreditControlRequest
from diameter.node import Node
from diameter.node.application import SimpleThreadingApplication

from tests.protocol.socket_driver import GRANTED_OCTETS, GrantingHandler, listening, local_node

pytestmark = pytest.mark.foreign

NODE = local_node()


@contextmanager
def gateway(port: int) -> Iterator[SimpleThreadingApplication]:
    """A started node that has exchanged capabilities with us; it says DPR at the end."""
    node = Node("pgw1.example.net", "example.net")
    node.wakeup_interval = 1
    node.idle_timeout = 1
    peer = node.add_peer(f"aaa://ocs.example.net:{port}", ip_addresses=["127.0.0.1"], is_persistent=True)
    application = SimpleThreadingApplication(
        constants.APP_DIAMETER_CREDIT_CONTROL_APPLICATION, is_auth_application=True
    )
    node.add_application(application, [peer])
    node.start()
    try:
        application.wait_for_ready(10)
        yield application
    finally:
        node.stop(wait_timeout=10)


def grouped(code: int, *members: Avp) -> Avp:
    """A Grouped AVP."""
    return Avp.new(code, value=list(members))


def request(
    application: SimpleThreadingApplication, session: str, kind: int, number: int
) -> CreditControlRequest:
    """A CCR with one MSCC."""
    ccr = CreditControlRequest()
    ccr.session_id = session
    ccr.origin_host, ccr.origin_realm = b"pgw1.example.net", b"example.net"
    ccr.destination_realm = b"example.net"
    ccr.auth_application_id = application.application_id
    ccr.service_context_id = "32251@3gpp.org"
    ccr.cc_request_type, ccr.cc_request_number = kind, number
    octets = Avp.new(constants.AVP_CC_TOTAL_OCTETS, value=5000)
    used = grouped(constants.AVP_USED_SERVICE_UNIT, octets)
    wanted = grouped(constants.AVP_REQUESTED_SERVICE_UNIT, octets)
    units = {1: [wanted], 2: [wanted, used], 3: [used]}[kind]
    rating_group = Avp.new(constants.AVP_RATING_GROUP, value=10)
    ccr.append_avp(grouped(constants.AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, *units, rating_group))
    subscriber = Avp.new(constants.AVP_SUBSCRIPTION_ID_DATA, value="491700000001")
    kind_of_id = Avp.new(
        constants.AVP_SUBSCRIPTION_ID_TYPE, value=constants.E_SUBSCRIPTION_ID_TYPE_END_USER_E164
    )
    ccr.append_avp(grouped(constants.AVP_SUBSCRIPTION_ID, kind_of_id, subscriber))
    return ccr


def charge(port: int) -> list[Any]:
    """Run one session and give the answers."""
    with gateway(port) as application:
        session = application.node.session_generator.next_id()
        requests = [request(application, session, kind, number) for number, kind in enumerate((1, 2, 3))]
        return [application.send_request(ccr, timeout=5) for ccr in requests]


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
        assert [seen.services[0].used_octets for seen in granting.seen] == [-1, 5000, 5000]
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
