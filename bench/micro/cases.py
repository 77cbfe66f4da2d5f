"""What is measured of the codec, pricing, the decision and the states: calls on a session as it really is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from librt.strings import BytesWriter

from balance.account import Account, decode_account, encode_account
from balance.subscriber import Subscriber
from bench.machine import ROOT
from config.catalogue_file import load_catalogue
from ocs.charging.decision import decide
from ocs.charging.policy import ChargingPolicy
from ocs.charging.session import ChargingSession
from ocs.charging.session_octets import decode_session, encode_session
from ocs.simulation.kinds import DATA, KINDS
from ocs.simulation.profile import LoadProfile
from ocs.simulation.requests import request_template, session_id_head
from ocs.simulation.session import SERIAL_DIGITS, GatewayIdentity, SimulatedSession, write_request
from protocol.decode import RequestDecoder, decode_request
from protocol.encode import Identity, encode_answer
from protocol.messages import (
    INITIAL_REQUEST,
    TERMINATION_REQUEST,
    UPDATE_REQUEST,
    CreditControlAnswer,
    CreditControlRequest,
)
from rating.pricing import affordable_units, price_micros_of

CATALOGUE: Final = ROOT / "config" / "examples" / "small_mvno"
POLICY: Final = ChargingPolicy(0, 1, 2, 7200, 300, 300)
IDENTITY: Final = Identity(b"ocs.example.net", b"example.net", 1)
NOW_MS: Final = 1_800_000_000_000
STARTED_S: Final = 1_800_000_000
USED_OCTETS: Final = 700_000
MICROS: Final = 1_000_000
RATING_GROUPS: Final = (1, 3, 8)


@dataclass(frozen=True)
class Case:
    """One call to measure; ``operations`` are how many of what is counted one call does."""

    name: str
    call: Callable[[], object]
    operations: int = 1


@dataclass
class Conversation:
    """One session of one gateway, as octets and as the objects the server makes of them."""

    requests: dict[int, bytes]
    subscriber: Subscriber
    account: Account
    session: ChargingSession
    update: CreditControlRequest
    update_answer: CreditControlAnswer
    updated_account: Account
    updated_session: ChargingSession


def request_octets(rating_groups: int, request_type: int, number: int, used_octets: int) -> bytes:
    """A CCR as the generator writes it."""
    profile = replace(LoadProfile(), rating_groups=rating_groups)
    head = session_id_head(profile, 1, STARTED_S)
    template = request_template(profile, KINDS[DATA], 1, request_type, len(head) + SERIAL_DIGITS)
    identity = GatewayIdentity(head, profile.msisdn_base, profile.imsi_base, [0], STARTED_S)
    kind = profile.behaviour_of(1, {DATA: [template]}).kinds[0]
    session = SimulatedSession(0, rating_groups, kind)
    session.begin(kind, identity, 0, 1, 4)
    session.request_number = number
    session.end_to_end = number + 1
    for place in range(rating_groups):
        session.used[place] = used_octets
    out = BytesWriter()
    write_request(out, session, template, 0)
    return out.getvalue()


def conversation(rating_groups: int, catalogue_path: Path = CATALOGUE) -> Conversation:
    """A session that was opened and updated once, decided by the server's own core."""
    catalogue = load_catalogue(catalogue_path)
    requests = {
        kind: request_octets(rating_groups, kind, kind - 1, USED_OCTETS)
        for kind in (INITIAL_REQUEST, UPDATE_REQUEST, TERMINATION_REQUEST)
    }
    initial = decode_request(requests[INITIAL_REQUEST])
    subscriber = Subscriber(initial.msisdn, initial.imsi, initial.msisdn.decode(), "payg", 0)
    account = Account(subscriber.account_id, "EUR", 1_000_000 * MICROS)
    opening = decide(initial, None, subscriber, account, catalogue, POLICY, NOW_MS)
    update = decode_request(requests[UPDATE_REQUEST])
    if opening.session is None or opening.account is None:
        raise ValueError("the CCR-I opened no session")
    changed = decide(update, opening.session, None, opening.account, catalogue, POLICY, NOW_MS + 1000)
    if changed.session is None or changed.account is None:
        raise ValueError("the CCR-U changed nothing")
    return Conversation(
        requests,
        subscriber,
        opening.account,
        opening.session,
        update,
        changed.answer,
        changed.account,
        changed.session,
    )


def codec_cases() -> list[Case]:
    """Decode a CCR-U and encode its CCA."""
    found = []
    for groups in RATING_GROUPS:
        talk = conversation(groups)
        octets = talk.requests[UPDATE_REQUEST]
        decoder = RequestDecoder()
        found.append(Case(f"decode CCR-U, {groups} RG", partial(decoder.decode, octets, 0, len(octets))))
        found.append(Case(f"decode CCR-U, {groups} RG, of no known shape", partial(decode_request, octets)))
        found.append(
            Case(
                f"encode CCA-U, {groups} RG", partial(encode_answer, IDENTITY, talk.update, talk.update_answer)
            )
        )
    return found


def decision_cases() -> list[Case]:
    """Price, and decide each type of request."""
    catalogue = load_catalogue(CATALOGUE)
    rule = catalogue.plans["payg"].rule_for("data", 1, b"internet")
    if rule is None:
        raise ValueError("payg has no rule for data")
    rate = rule.rate
    found = [
        Case("price of used octets", partial(price_micros_of, USED_OCTETS, rate)),
        Case("affordable octets", partial(affordable_units, 5 * MICROS, rate, 123)),
    ]
    for groups in RATING_GROUPS:
        talk = conversation(groups)
        call = partial(decide, talk.update, talk.session, None, talk.account, catalogue, POLICY, NOW_MS + 1000)
        found.append(Case(f"decide CCR-U, {groups} RG", call))
    talk = conversation(1)
    initial = decode_request(talk.requests[INITIAL_REQUEST])
    ending = decode_request(talk.requests[TERMINATION_REQUEST])
    fresh = Account(talk.account.account_id, "EUR", 1_000_000 * MICROS)
    opening = partial(decide, initial, None, talk.subscriber, fresh, catalogue, POLICY, NOW_MS)
    found.append(Case("decide CCR-I, 1 RG", opening))
    session, account = talk.updated_session, talk.updated_account
    closing = partial(decide, ending, session, None, account, catalogue, POLICY, NOW_MS + 2000)
    found.append(Case("decide CCR-T, 1 RG", closing))
    return found


def state_cases() -> list[Case]:
    """States to octets and back."""
    talk = conversation(1)
    account_octets = encode_account(talk.updated_account, 2)
    found = [
        Case("encode account", partial(encode_account, talk.updated_account, 2)),
        Case("decode account", partial(decode_account, account_octets)),
    ]
    for groups in RATING_GROUPS:
        session = conversation(groups).updated_session
        octets = encode_session(session, 2)
        name = f"session, {groups} RG"
        found.append(Case(f"encode {name}", partial(encode_session, session, 2)))
        found.append(Case(f"decode {name}", partial(decode_session, octets)))
    return found
