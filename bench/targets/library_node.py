"""The way of the library: python-diameter's own node answers CCRs with grants and charges nothing.

``python -m bench.targets.library_node --listen 127.0.0.1:0``. python-diameter is a dependency of
development only.
"""

from __future__ import annotations

import argparse
import signal
import socket
import threading

from diameter.message import Avp, Message, constants
from diameter.message.commands import CreditControlRequest
from diameter.node import Node
from diameter.node.application import Application, SimpleThreadingApplication

ORIGIN_HOST = "ocs.example.net"
ORIGIN_REALM = "example.net"
GATEWAYS = 64
GRANT_OCTETS = 10_000_000
TERMINATION = 3


def answer_request(application: Application, request: Message) -> Message:
    """A success that grants to every MSCC."""
    if not isinstance(request, CreditControlRequest):
        raise TypeError("only Credit-Control-Requests are asked for")
    answer = request.to_answer()
    answer.session_id = request.session_id
    answer.result_code = constants.E_RESULT_CODE_DIAMETER_SUCCESS
    answer.origin_host = ORIGIN_HOST.encode()
    answer.origin_realm = ORIGIN_REALM.encode()
    answer.auth_application_id = application.application_id
    answer.cc_request_type = request.cc_request_type
    answer.cc_request_number = request.cc_request_number
    for service in request.multiple_services_credit_control:
        members = [
            Avp.new(constants.AVP_RATING_GROUP, value=service.rating_group),
            Avp.new(constants.AVP_RESULT_CODE, value=constants.E_RESULT_CODE_DIAMETER_SUCCESS),
        ]
        if request.cc_request_type != TERMINATION:
            octets = Avp.new(constants.AVP_CC_TOTAL_OCTETS, value=GRANT_OCTETS)
            members.append(Avp.new(constants.AVP_GRANTED_SERVICE_UNIT, value=[octets]))
        answer.append_avp(Avp.new(constants.AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, value=members))
    return answer


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Serve with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.targets.library_node", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:3868", help="HOST:PORT")
    parser.add_argument("--rating-groups", type=int, default=1, help="not looked at: every MSCC is answered")
    host, _, port_text = parser.parse_args().listen.rpartition(":")
    port = int(port_text) or free_port(host)
    node = Node(ORIGIN_HOST, ORIGIN_REALM, ip_addresses=[host], tcp_port=port, vendor_ids=[10415])
    peers = [
        node.add_peer(f"aaa://pgw{number}.{ORIGIN_REALM}", ORIGIN_REALM) for number in range(1, GATEWAYS + 1)
    ]
    application = SimpleThreadingApplication(
        constants.APP_DIAMETER_CREDIT_CONTROL_APPLICATION,
        is_auth_application=True,
        request_handler=answer_request,
    )
    node.add_application(application, peers, realms=[ORIGIN_REALM])
    node.start()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    print(f"library ready: diameter {host}:{port} interpreted", flush=True)
    stopping.wait()
    node.stop(wait_timeout=1, force=True)


if __name__ == "__main__":
    main()
