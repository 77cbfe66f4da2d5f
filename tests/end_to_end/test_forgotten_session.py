"""A request for a session that a server has closed and forgotten, while it commits without comparing."""

import re
import urllib.request
from pathlib import Path

from tests.end_to_end.gateways import gateway
from tests.end_to_end.served import FIRST_MSISDN, Served, account, books, load_payers, serving
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import build_ccr, mscc
from tests.protocol.socket_driver import Client

SESSIONS = 40
"""Two commits each: more than a server makes before it goes without comparing."""
USED = 1000


def counter(served: Served, name: str) -> int:
    """A counter of the server's metrics."""
    host, port = served.metrics
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=10) as answer:
        found = re.search(rf"^{name}_total (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


async def serve_session(client: Client, number: int) -> None:
    """Open a session, and close it with some usage."""
    for kind, part in ((1, mscc(rating_group=1, requested=True)), (3, mscc(rating_group=1, used=USED))):
        answer = await client.ask(ccr(number, kind, part, end_to_end=10 * number + kind))
        assert base.result_code(answer) == 2001


def ccr(number: int, kind: int, part: bytes, end_to_end: int) -> bytes:
    """A request of a session."""
    return build_ccr(
        session_id=f"gw;1;{number}",
        request_type=kind,
        request_number=0 if kind == 1 else 1,
        msisdn=str(FIRST_MSISDN),
        imsi=None,
        mscc=[part],
        end_to_end=end_to_end,
    )


async def test_a_closed_session_is_not_opened_anew(tmp_path: Path) -> None:
    """Its CCR-I once more gets the stored answer; the store tells the server that the session exists."""
    with serving(tmp_path / "a") as served:
        load_payers(served, 1, "1.000000")
        async with gateway(served.port) as client:
            for number in range(SESSIONS):
                await serve_session(client, number)
            assert counter(served, "ocs_store_transactions") > 0
            before = counter(served, "ocs_store_disturbed")

            again = await client.ask(ccr(0, 1, mscc(rating_group=1, requested=True), end_to_end=9999))

            assert base.result_code(again) == 2001
            assert counter(served, "ocs_store_disturbed") == before + 1
            assert counter(served, "ocs_replays") == 1
            transactions = counter(served, "ocs_store_transactions")
            for number in range(SESSIONS, SESSIONS + 2):
                await serve_session(client, number)
            assert counter(served, "ocs_store_transactions") > transactions
        state = account(served, str(FIRST_MSISDN))
        assert state["reserved_micros"] == 0
        totals = books(served)
        assert totals["EUR"]["debited_micros"] == state["debited_micros"] > 0
