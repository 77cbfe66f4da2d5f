"""What scenarios do not reach: partial records, changed kinds of units, prices beyond any account."""

from __future__ import annotations

import json
from typing import Any

from balance.account import Account
from balance.quantity import LIMIT_MICROS, SECONDS, SPECIFIC_UNITS
from balance.subscriber import ACTIVE, Subscriber
from ocs.charging.decision import decide, expire
from ocs.charging.outcome import Decision
from ocs.charging.session import OPEN, ChargingSession
from protocol.messages import CreditControlRequest
from rating.catalogue import Catalogue
from tests.ocs.charging.building import (
    MSISDN,
    NOW_MS,
    POLICY,
    catalogue,
    initial,
    mscc,
    plan,
    rate,
    termination,
    update,
)

SUBSCRIBER = Subscriber(MSISDN, b"", "A", "payg", ACTIVE)


class Conversation:
    """A session that is decided step by step."""

    def __init__(self, prices: Catalogue, balance_micros: int = 1_000_000) -> None:
        self.prices = prices
        self.account = Account("A", "EUR", balance_micros)
        self.session: ChargingSession | None = None
        self.records: list[dict[str, Any]] = []

    def send(self, request: CreditControlRequest) -> Decision:
        """Decide one request and keep its outcome."""
        decision = decide(request, self.session, SUBSCRIBER, self.account, self.prices, POLICY, NOW_MS)
        self.account = decision.account or self.account
        self.session = decision.session or self.session
        self.records += [json.loads(record) for record in decision.records]
        assert self.account.faults() == []
        return decision


def test_an_initial_answer_tells_what_to_do_when_we_do_not_answer() -> None:
    """CC-Session-Failover and Credit-Control-Failure-Handling come with the CCA-I that opens a session."""
    talk = Conversation(catalogue())
    first = talk.send(initial(mscc(want=0))).answer
    assert (first.session_failover, first.failure_handling) == (1, 0)
    second = talk.send(update(1, mscc(want=0))).answer
    assert (second.session_failover, second.failure_handling) == (-1, -1)


def test_a_service_with_many_price_changes_leaves_partial_records() -> None:
    """Its state stays small, and the records add up to what was debited."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    for number in range(1, 40):
        talk.prices = catalogue(plan(price=rate(number)), version=f"v{number}")
        talk.send(update(number, mscc(used=10, want=100)))
    assert [record["partial"] for record in talk.records] == [True, True]
    assert [len(record["charges"]) for record in talk.records] == [17, 17]
    assert talk.session is not None
    assert talk.session.services[0].granted == 100
    assert talk.account.reserved_micros == 100 * 39
    talk.send(termination(40))
    assert [record["cause"] for record in talk.records] == ["partial", "partial", "normal"]
    assert sum(record["amount_micros"] for record in talk.records) == talk.account.debited_micros
    assert sum(record["used_units"] for record in talk.records) == 390
    assert len({record["record_id"] for record in talk.records}) == 3


def test_a_price_of_another_kind_of_units_begins_a_new_record() -> None:
    """Octets and seconds are never added up."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    talk.send(update(1, mscc(used=10, want=0)))
    talk.prices = catalogue(plan(price=rate(5, kind=SECONDS)), version="by time")
    talk.send(update(2, mscc(used=10, time_s=3, want=0)))
    talk.send(termination(3, mscc(used=0, time_s=1)))
    kinds = [(record["unit_kind"], record["used_units"], record["amount_micros"]) for record in talk.records]
    assert kinds == [("octets", 10, 10), ("seconds", 4, 20)]


def test_specific_units_are_requested_granted_and_charged() -> None:
    """Units that are neither octets nor seconds."""
    talk = Conversation(catalogue(plan(price=rate(7, kind=SPECIFIC_UNITS))))
    asked = mscc()
    asked.requested = True
    asked.requested_specific_units = 3
    part = talk.send(initial(asked)).answer.services[0]
    assert (part.granted_kind, part.granted) == (SPECIFIC_UNITS, 3)
    used = mscc()
    used.used = True
    used.used_specific_units = 2
    talk.send(termination(1, used))
    assert talk.account.debited_micros == 14
    assert talk.records[0]["specific_units"] == 2


def test_units_of_a_kind_without_a_price_are_unrated() -> None:
    """Whatever kind was reported is what the record counts."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    used = mscc()
    used.used = True
    used.used_specific_units = 4
    assert talk.send(update(1, used)).answer.services[0].result_code == 5031
    talk.send(termination(2))
    assert talk.records[0]["charges"][0]["units"] == 4
    assert talk.account.debited_micros == 0


def test_a_price_beyond_any_account_is_not_charged() -> None:
    """Neither in one report nor in the sum of many; the units are kept."""
    dear = catalogue(plan(price=rate(LIMIT_MICROS // 4)))
    talk = Conversation(dear, LIMIT_MICROS - 1)
    talk.send(initial(mscc(want=1)))
    assert talk.send(update(1, mscc(used=5))).answer.services[0].result_code == 5031
    assert talk.account.debited_micros == 0
    codes = [talk.send(update(number, mscc(used=1))).answer.services[0].result_code for number in range(2, 12)]
    assert set(codes) == {2001, 5031}
    assert talk.account.balance_micros >= -LIMIT_MICROS
    talk.send(termination(12))
    assert sum(record["used_units"] for record in talk.records) == 15
    assert sum(record["amount_micros"] for record in talk.records) == talk.account.debited_micros


def test_where_overdraft_is_forbidden_a_large_price_is_written_off() -> None:
    """The account pays what it has."""
    talk = Conversation(catalogue(plan(price=rate(LIMIT_MICROS // 4), overdraft=False)), 100)
    talk.send(initial())
    talk.send(termination(1, mscc(used=3)))
    assert talk.account.balance_micros == 0
    assert talk.records[0]["written_off_micros"] == 3 * (LIMIT_MICROS // 4) - 100


def test_a_session_whose_account_is_gone_can_still_be_given_up() -> None:
    """There is nothing to give back to."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    assert talk.session is not None
    decision = expire(talk.session, None, talk.prices, POLICY, NOW_MS)
    assert decision.closed
    assert decision.account is None
    assert decision.session is not None
    assert decision.session.state != OPEN


def test_an_update_whose_account_is_gone_is_our_fault() -> None:
    """5012, and nothing changes."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    decision = decide(update(1, mscc(used=1)), talk.session, None, None, talk.prices, POLICY, NOW_MS)
    assert decision.answer.result_code == 5012
    assert decision.session is None


def test_a_plan_of_another_currency_charges_nothing() -> None:
    """A plan that changed its currency under an open session leaves its usage unrated."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    changed = plan()
    changed.currency = "USD"
    talk.prices = catalogue(changed, version="dollars")
    assert talk.send(update(1, mscc(used=10, want=0))).answer.services[0].result_code == 5031
    assert (talk.account.debited_micros, talk.account.reserved_micros) == (0, 0)


def test_a_repeat_whose_answer_is_forgotten_closes_nothing() -> None:
    """Its FINAL has been heard before; the quota of later requests stays."""
    talk = Conversation(catalogue())
    talk.send(initial(mscc(want=0)))
    last = update(1, mscc(used=10, reason=2))
    talk.send(last)
    for number in range(2, 11):
        talk.send(update(number, mscc(used=1, want=50)))
    records = len(talk.records)
    talk.send(last)
    assert len(talk.records) == records
    assert talk.account.reserved_micros == 50
    assert talk.account.debited_micros == 19


def test_a_report_is_priced_by_the_catalogue_its_grant_was_made_under() -> None:
    """A reload changes the price of what is granted from then on, not of what a gateway has in hand."""
    talk = Conversation(catalogue(plan(price=rate(3)), version="v1"))
    talk.send(initial(mscc(want=100)))
    dearer = catalogue(plan(price=rate(5)), version="v2")
    dearer.follow(talk.prices)
    talk.prices = dearer
    talk.send(update(1, mscc(used=100, want=100)))
    assert talk.account.debited_micros == 300
    assert talk.account.reserved_micros == 500
    talk.send(termination(2, mscc(used=60)))
    assert talk.account.debited_micros == 300 + 60 * 5
    assert [(each["catalogue"], each["amount_micros"]) for each in talk.records[0]["charges"]] == [
        ("v1", 300),
        ("v2", 300),
    ]


def test_a_grant_of_a_forgotten_catalogue_is_priced_by_the_one_in_force() -> None:
    """After a restart nobody knows the old prices any more: the usage is charged all the same."""
    talk = Conversation(catalogue(plan(price=rate(3)), version="v1"))
    talk.send(initial(mscc(want=100)))
    talk.prices = catalogue(plan(price=rate(5)), version="v2")
    talk.send(termination(1, mscc(used=60)))
    assert talk.account.debited_micros == 60 * 5
    assert (talk.account.reserved_micros, talk.records[0]["charges"][0]["catalogue"]) == (0, "v2")


def test_few_catalogues_are_remembered() -> None:
    """The last ones, so that a server that reloads every minute does not grow."""
    current = catalogue(version="v0")
    for number in range(1, 30):
        following = catalogue(version=f"v{number}")
        following.follow(current)
        current = following
    assert current.under("v28").version == "v28"
    assert current.under("v21").version == "v21"
    assert current.under("v20") is current
    assert current.under("") is current
