"""python-diameter's own node as a gateway that charges a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from diameter.message import Avp, constants
from diameter.message.commands import CreditControlRequest
from diameter.node import Node
from diameter.node.application import SimpleThreadingApplication

MSISDN = "491700000001"
USED_OCTETS = 5000
"""What each CCR-U and CCR-T reports, and each CCR-I and CCR-U asks for."""


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
    octets = Avp.new(constants.AVP_CC_TOTAL_OCTETS, value=USED_OCTETS)
    used = grouped(constants.AVP_USED_SERVICE_UNIT, octets)
    wanted = grouped(constants.AVP_REQUESTED_SERVICE_UNIT, octets)
    units = {1: [wanted], 2: [wanted, used], 3: [used]}[kind]
    rating_group = Avp.new(constants.AVP_RATING_GROUP, value=10)
    ccr.append_avp(grouped(constants.AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, *units, rating_group))
    subscriber = Avp.new(constants.AVP_SUBSCRIPTION_ID_DATA, value=MSISDN)
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
