"""Any sequence of requests, repeats, top-ups, expiries and price changes keeps the books."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from balance.account import Account, Bucket, decode_account, encode_account
from balance.operations import Reservation, credit_money
from balance.quantity import OCTETS, SECONDS
from balance.subscriber import ACTIVE, Subscriber
from ocs.charging.decision import decide, expire
from ocs.charging.outcome import Decision
from ocs.charging.session import OPEN, ChargingSession
from ocs.charging.session_octets import decode_session, encode_session
from ocs.charging.stored_answer import find_answer
from protocol.encode import encode_answer
from protocol.messages import (
    ABSENT,
    INITIAL_REQUEST,
    TERMINATION_REQUEST,
    UPDATE_REQUEST,
    CreditControlAnswer,
    CreditControlRequest,
    MultipleServicesCreditControl,
)
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    DENIED,
    NO_RATING_GROUP,
    NOT_CONTROLLED,
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    BundleDefinition,
    Catalogue,
    GrantPolicy,
    Plan,
    Rate,
    Rule,
)
from rating.pricing import price_micros_of
from tests.ocs.charging.building import IDENTITY, NOW_MS, POLICY, ccr

ACCOUNTS = ("A", "B")
SUBSCRIBERS = tuple(
    Subscriber(b"49170%d" % index, b"", account, f"plan{index % 3}", ACTIVE)
    for index, account in enumerate(("A", "A", "B"))
)
SESSIONS = (b"s0", b"s1", b"s2", b"s3")
GROUPS = (ABSENT, 10, 20, 30)

rates = st.builds(
    Rate,
    st.sampled_from([OCTETS, OCTETS, OCTETS, SECONDS]),
    st.sampled_from([0, 1, 3, 7, 1_000_000]),
    st.sampled_from([1, 3, 1000, 1_000_000]),
    st.sampled_from([1, 1, 10, 1000]),
    st.sampled_from([ROUND_UP, ROUND_HALF_UP, ROUND_DOWN]),
)
policies = st.builds(
    GrantPolicy,
    st.sampled_from([1, 100, 10_000]),
    st.sampled_from([10_000, 1_000_000]),
    st.sampled_from([0, 60, 3600]),
    st.sampled_from([0, 20]),
    st.sampled_from([ABSENT, 600]),
)
actions = st.sampled_from([CHARGE, CHARGE, CHARGE, CHARGE, NOT_CONTROLLED, DENIED])
tables = st.dictionaries(
    st.sampled_from([10, 20, NO_RATING_GROUP, ANY_RATING_GROUP, ANY_RATING_GROUP]),
    st.tuples(actions, rates, policies),
    min_size=1,
)
amounts = st.one_of(st.just(0), st.integers(1, 20_000), st.integers(1, 10**12))


@st.composite
def plans(draw: st.DrawFn, name: str) -> Plan:
    """A plan of random prices and bundles."""
    table = {
        group: Rule(f"{name}/{group}", action, rate, grant)
        for group, (action, rate, grant) in draw(tables).items()
    }
    bundles = draw(
        st.lists(
            st.builds(
                BundleDefinition,
                st.sampled_from(["b0", "b1"]),
                st.just(OCTETS),
                st.just(5000),
                st.sampled_from([None, frozenset({10, ABSENT})]),
                st.just(0),
            ),
            unique_by=lambda bundle: bundle.bundle_id,
        )
    )
    return Plan(name, name, "EUR", draw(st.booleans()), {"data": table}, {}, bundles)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Two or three of the plans that subscribers are on."""
    names = draw(st.sampled_from([("plan0", "plan1"), ("plan0", "plan1", "plan2")]))
    version = f"{draw(st.integers(0, 99))}"
    return Catalogue(
        version, {name: draw(plans(name)) for name in names}, {b"32251@3gpp.org": "data"}, frozenset()
    )


@st.composite
def services(draw: st.DrawFn) -> MultipleServicesCreditControl:
    """One MSCC."""
    made = MultipleServicesCreditControl()
    made.rating_group = draw(st.sampled_from(GROUPS))
    made.service_identifier = draw(st.sampled_from([ABSENT, ABSENT, 7]))
    if draw(st.booleans()):
        made.requested = True
        made.requested_octets = draw(st.one_of(st.just(ABSENT), amounts))
    if draw(st.booleans()):
        made.used = True
        made.used_octets = draw(st.one_of(st.just(ABSENT), amounts))
        made.used_time_s = draw(st.one_of(st.just(ABSENT), st.integers(0, 5000)))
    made.reporting_reason = draw(st.sampled_from([ABSENT, ABSENT, 1, 2]))
    return made


many_services = st.lists(services(), max_size=3)


class Decisions(RuleBasedStateMachine):
    """States are kept as octets, so that every step reads what the step before has written."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = NOW_MS
        self.accounts: dict[str, bytes] = {}
        self.sessions: dict[bytes, bytes] = {}
        self.records: list[dict[str, Any]] = []
        self.numbers = dict.fromkeys(SESSIONS, 0)
        self.sent: list[tuple[CreditControlRequest, bytes]] = []
        self.catalogue = Catalogue("", {}, {}, frozenset())

    @initialize(catalogue=catalogues(), balances=st.lists(amounts, min_size=2, max_size=2), units=amounts)
    def begin(self, catalogue: Catalogue, balances: list[int], units: int) -> None:
        """Two accounts with a bucket without end and one that ends."""
        self.catalogue = catalogue
        for name, balance in zip(ACCOUNTS, balances, strict=True):
            account = Account(name, "EUR", balance)
            account.buckets += (Bucket("b0", OCTETS, 5000, 5000, 0, 0),)
            account.buckets += (Bucket("b1", OCTETS, units, units, 0, NOW_MS + 100_000),)
            self.accounts[name] = encode_account(account, 1)

    @rule(
        name=st.sampled_from(SESSIONS),
        kind=st.sampled_from(
            [INITIAL_REQUEST, UPDATE_REQUEST, UPDATE_REQUEST, UPDATE_REQUEST, TERMINATION_REQUEST]
        ),
        subscriber=st.sampled_from(SUBSCRIBERS),
        parts=many_services,
        at_command_level=st.booleans(),
    )
    def request(
        self,
        name: bytes,
        kind: int,
        subscriber: Subscriber,
        parts: list[MultipleServicesCreditControl],
        at_command_level: bool,
    ) -> None:
        """A new request of any type to any session, open or not."""
        self.numbers[name] += 1
        made = ccr(kind, self.numbers[name], parts, session=name, msisdn=subscriber.msisdn)
        made.units_at_command_level = at_command_level and len(parts) == 1
        self.sent.append((made, self.decide(made)))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A repeat whose answer is kept gets the same octets and changes nothing."""
        if not self.sent:
            return
        index = data.draw(st.integers(0, len(self.sent) - 1))
        request, answer = self.sent[index]
        stored = self.sessions.get(request.session_id)
        kept = stored is not None and find_answer(decode_session(stored).answers, request) is not None
        before = (dict(self.accounts), dict(self.sessions), len(self.records))
        again = self.decide(request)
        if kept:
            assert again == answer
            assert before == (self.accounts, self.sessions, len(self.records))
        self.sent[index] = (request, again)

    @rule(name=st.sampled_from(ACCOUNTS), micros=amounts)
    def top_up(self, name: str, micros: int) -> None:
        """Somebody else credits an account."""
        account = decode_account(self.accounts[name])
        credit_money(account, micros)
        self.accounts[name] = encode_account(account, account.version + 1)

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        """Time passes; a bucket may end."""
        self.now_ms += seconds * 1000

    @rule(catalogue=catalogues())
    def swap(self, catalogue: Catalogue) -> None:
        """New prices, and perhaps a plan less."""
        self.catalogue = catalogue

    @rule(name=st.sampled_from(SESSIONS))
    def give_up(self, name: bytes) -> None:
        """A session expires."""
        stored = self.sessions.get(name)
        if stored is None or decode_session(stored).state != OPEN:
            return
        session = decode_session(stored)
        account = decode_account(self.accounts[session.identity.account_id])
        decision = expire(session, account, self.catalogue, POLICY, self.now_ms)
        assert encode_session(session, session.version) == stored
        assert decision.session is not None
        assert decision.session.services == ()
        self.apply(decision)

    def decide(self, request: CreditControlRequest) -> bytes:
        """Decide on what is stored, which must stay as it is; store what comes of it; the answer's octets."""
        stored = self.sessions.get(request.session_id)
        session = decode_session(stored) if stored is not None else None
        subscriber = next(each for each in SUBSCRIBERS if each.msisdn == request.msisdn)
        account_id = subscriber.account_id
        if session is not None and session.state == OPEN:
            account_id = session.identity.account_id
        kept = self.accounts[account_id]
        account = decode_account(kept)
        decision = decide(request, session, subscriber, account, self.catalogue, POLICY, self.now_ms)
        assert encode_account(account, account.version) == kept
        assert session is None or encode_session(session, session.version) == stored
        self.apply(decision)
        if decision.account is not None and decision.session is not None:
            plan = self.catalogue.plans.get(decision.session.identity.plan_id)
            if plan is not None and not plan.overdraft_allowed:
                assert decision.account.balance_micros >= min(account.balance_micros, 0)
        self.check_answer(decision.answer)
        return encode_answer(IDENTITY, request, decision.answer)

    def check_answer(self, answer: CreditControlAnswer) -> None:
        """Only success grants, a grant is something, and a threshold less than it and not on the last."""
        for part in answer.services:
            if part.granted_kind != 0:
                assert part.result_code == 2001
                assert part.granted > 0
                assert part.threshold < part.granted
                assert ABSENT in {part.threshold, part.final_unit_action}
            else:
                assert part.final_unit_action == ABSENT

    def apply(self, decision: Decision) -> None:
        """Store a decision; what is stored reads back as it was."""
        if decision.account is not None:
            name = decision.account.account_id
            version = decode_account(self.accounts[name]).version + 1
            self.accounts[name] = encode_account(decision.account, version)
            assert encode_account(decode_account(self.accounts[name]), version) == self.accounts[name]
        if decision.session is not None:
            name_of_session = decision.session.identity.session_id
            state = encode_session(decision.session, decision.session.version + 1)
            assert encode_session(decode_session(state), decision.session.version + 1) == state
            self.sessions[name_of_session] = state
        self.records += [json.loads(record) for record in decision.records]

    def open_sessions(self, account_id: str) -> list[ChargingSession]:
        """The open sessions of an account."""
        sessions = [decode_session(state) for state in self.sessions.values()]
        return [each for each in sessions if each.state == OPEN and each.identity.account_id == account_id]

    @invariant()
    def books_are_right(self) -> None:
        """Balances, reservations and debits agree with sessions and records."""
        for name, state in self.accounts.items():
            account = decode_account(state)
            assert account.faults() == []
            held = Reservation()
            charged = sum(record["amount_micros"] for record in self.records if record["account"] == name)
            for session in self.open_sessions(name):
                for service in session.services:
                    held.money_micros += service.reservation.money_micros
                    held.holds = held.holds + service.reservation.holds
                    charged += service.amount_micros
            assert account.reserved_micros == held.money_micros
            assert account.debited_micros == charged
            for bucket in account.buckets:
                assert bucket.reserved == held.units_of(bucket.bucket_id)
                assert bucket.reserved <= bucket.remaining

    @invariant()
    def lines_are_priced(self) -> None:
        """Every line costs what its units cost at its own rate, in open sessions and in records."""
        for state in self.sessions.values():
            for service in decode_session(state).services:
                for line in service.lines:
                    at = line.rate
                    rate = Rate(0, at.price_micros, at.per_units, at.increment, at.rounding)
                    assert line.amount_micros == price_micros_of(line.units, rate)
                total = sum(line.amount_micros for line in service.lines)
                assert total == service.amount_micros + service.written_off_micros
                units = sum(line.units for line in service.lines) + sum(
                    use.units for use in service.bucket_uses
                )
                assert units == service.used_units
        for record in self.records:
            for line in record["charges"]:
                rate = Rate(0, line["price_micros"], line["per_units"], line["increment"], line["rounding"])
                assert line["amount_micros"] == price_micros_of(line["units"], rate)
            total = sum(line["amount_micros"] for line in record["charges"])
            assert total == record["amount_micros"] + record["written_off_micros"]


class ManyDecisions(Decisions):
    """The same, to be run for long."""


TestDecisions = Decisions.TestCase
TestDecisions.settings = settings(max_examples=60, stateful_step_count=40)
TestManyDecisions = pytest.mark.soak(pytest.mark.timeout(3600)(ManyDecisions.TestCase))
TestManyDecisions.settings = settings(max_examples=3000, stateful_step_count=80)
