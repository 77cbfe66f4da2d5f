"""Batches, turns, admission, patience, and faults that cost one request."""

from balance.changes import ChangeSet
from balance.keys import account_key, session_key, subscriber_key
from balance.subscriber import BARRED, Subscriber, encode_subscriber
from ocs.charging.limits import ServiceLimits
from ocs.charging.session import ChargingSession, SessionIdentity
from ocs.charging.session_octets import encode_session
from protocol.handler import AnswerSink
from tests.ocs.charging.building import (
    MSISDN,
    catalogue,
    ccr,
    initial,
    mscc,
    plan,
    rate,
    seed,
    termination,
    update,
)
from tests.ocs.charging.stage import Stage
from tests.simulation.world import at_once

GRANTED = "2001 : rg 10 2001 granted 1000 valid 3600"


def msisdn(index: int) -> bytes:
    """One of the numbers that ``seed`` made."""
    return b"%d" % (int(MSISDN) + index)


def test_over_the_bound_is_too_busy_at_once() -> None:
    """The request over the bound hears 3004 before anything else happens, and room comes back."""
    stage = Stage(limits=ServiceLimits(2, 50, 2, 1_000_000))
    seed(stage.store, msisdns=4)
    stage.store.holds = True
    requests = [initial(mscc(want=0), session=b"s%d" % each, msisdn=msisdn(each)) for each in range(3)]
    stage.service.submit(requests, stage.gateway)
    assert stage.gateway.heard == ["3004"]
    assert stage.gateway.octets[0][4] == 0x60
    stage.settle()
    assert stage.service.in_flight == 2
    stage.store.release()
    stage.store.holds = False
    assert stage.settle() == []
    assert stage.gateway.heard == ["3004", GRANTED, GRANTED]
    assert stage.service.metrics.shed == 1
    assert stage.send(initial(mscc(want=0), session=b"s2", msisdn=msisdn(2))) == [GRANTED]


def test_a_store_that_does_not_load_costs_patience_then_3004() -> None:
    """A request waits for the store as long as it has patience."""
    stage = Stage()
    seed(stage.store)
    stage.store.loads_fail = True
    assert stage.send(initial(mscc(want=0))) == ["3004"]
    assert stage.world.now_us >= 1_000_000
    assert stage.service.in_flight == 0
    stage.store.loads_fail = False
    assert stage.send(initial(mscc(want=0))) == [GRANTED]


def test_a_store_that_comes_back_in_time_costs_nothing() -> None:
    """Within its patience a request is served."""
    stage = Stage()
    seed(stage.store)
    stage.store.loads_fail = True
    stage.world.after(300_000, lambda: setattr(stage.store, "loads_fail", False))
    assert stage.send(initial(mscc(want=0))) == [GRANTED]


def test_a_store_that_loses_commits_costs_patience_then_3004() -> None:
    """Outcomes that stay unknown end in 3004, and nothing was charged."""
    stage = Stage()
    seed(stage.store)
    stage.store.commits_are_lost = True
    assert stage.send(initial(mscc(want=0))) == ["3004"]
    assert stage.service.metrics.store_unknown > 1
    stage.store.commits_are_lost = False
    assert stage.send(initial(mscc(want=0))) == [GRANTED]


def test_requests_of_a_session_that_come_together_are_served_in_turn() -> None:
    """A gateway may send I, U and T without waiting."""
    stage = Stage()
    seed(stage.store)
    heard = stage.send(
        initial(mscc(want=0)),
        update(1, mscc(used=400, want=0)),
        update(2, mscc(used=600, want=0)),
        termination(3, mscc(used=5)),
    )
    assert heard == [GRANTED, GRANTED, GRANTED, "2001"]
    assert stage.account().debited_micros == 1005
    assert stage.account().reserved_micros == 0


def test_requests_of_one_account_in_one_batch_are_one_change() -> None:
    """Two subscribers of an account are decided one after the other and committed together."""
    stage = Stage()
    seed(stage.store, 1500, msisdns=2)
    stage.store.commits.clear()
    heard = stage.send(
        initial(mscc(want=0), session=b"s0", msisdn=msisdn(0)),
        initial(mscc(want=0), session=b"s1", msisdn=msisdn(1)),
    )
    assert heard == [GRANTED, "2001 : rg 10 2001 granted 500 valid 3600 final"]
    assert [len(sets) for sets in stage.store.commits] == [1]
    assert stage.account().reserved_micros == 1500


def test_accounts_of_one_batch_are_one_commit_and_one_write() -> None:
    """Decided together, committed together, answered together."""
    stage = Stage()
    for index in range(5):
        subscriber = Subscriber(b"%d" % index, b"", f"A{index}", "payg", 0)
        seed(stage.store, account=f"A{index}", msisdns=0)
        change = ChangeSet()
        change.put(subscriber_key(b"%d" % index), 0, encode_subscriber(subscriber, 1), 0)
        stage.store.commit([change], lambda _sets: None)
    stage.store.commits.clear()
    requests = [initial(mscc(want=0), session=b"s%d" % each, msisdn=b"%d" % each) for each in range(5)]
    assert stage.send(*requests) == [GRANTED] * 5
    assert [len(sets) for sets in stage.store.commits] == [5]
    assert stage.gateway.writes == 1


def test_a_busy_account_lets_its_other_requests_wait() -> None:
    """While an account's commit is under way no other request of it is decided."""
    stage = Stage()
    seed(stage.store, 1500, msisdns=2)
    stage.store.commits.clear()
    stage.store.holds = True
    assert stage.send(initial(mscc(want=0), session=b"s0")) == []
    assert stage.send(initial(mscc(want=0), session=b"s1", msisdn=msisdn(1))) == []
    assert len(stage.store.commits) == 1
    stage.store.release()
    stage.store.holds = False
    stage.settle()
    assert stage.gateway.heard == [GRANTED, "2001 : rg 10 2001 granted 500 valid 3600 final"]
    assert stage.store.conflicts == 0


def test_batches_and_commits_under_way_are_bounded() -> None:
    """No batch is larger than its bound and no more commits are under way than allowed."""
    stage = Stage(limits=ServiceLimits(100, 2, 1, 1_000_000))
    seed(stage.store, msisdns=6)
    assert len(stage.send(*[initial(session=b"s%d" % each, msisdn=msisdn(each)) for each in range(6)])) == 6
    stage.store.commits.clear()
    stage.store.holds = True
    stage.service.submit([update(1, mscc(want=0), session=b"s%d" % each) for each in range(6)], stage.gateway)
    stage.settle()
    sizes = []
    while stage.store.commits:
        assert len(stage.store.commits) == 1
        sizes.append(len(stage.store.commits.pop()[0].keys))
        stage.store.release()
        stage.settle()
    assert sizes == [3, 3, 3]
    assert len(stage.gateway.octets) == 12


def test_a_conflict_is_decided_again_on_what_is_there() -> None:
    """A top-up between reading and writing is seen by the answer."""
    stage = Stage()
    seed(stage.store, 0)
    assert stage.send(initial()) == ["2001"]
    stage.credit(700)
    assert stage.send(update(1, mscc(want=0))) == ["2001 : rg 10 2001 granted 700 valid 3600 final"]
    assert stage.store.conflicts == 1
    assert stage.service.metrics.conflicts == 1


def test_two_servers_serve_one_session() -> None:
    """What one server remembers of a session that another has moved on is found out and read again."""
    stage = Stage()
    seed(stage.store)
    first, second = stage.service, stage.another()
    assert stage.send(initial(mscc(want=0))) == [GRANTED]
    stage.service = second
    moved = update(1, mscc(used=1000, want=0))
    assert stage.send(moved) == [GRANTED]
    stage.service = first
    assert stage.send(moved) == [GRANTED]
    assert stage.send(update(2, mscc(used=500, want=0))) == [GRANTED]
    stage.service = second
    assert stage.send(termination(3, mscc(used=1))) == ["2001"]
    assert stage.account().debited_micros == 1501
    assert stage.gateway.octets[1] == stage.gateway.octets[2]


def test_a_repeat_while_its_twin_is_under_way_waits_for_its_answer() -> None:
    """The twin is not decided a second time."""
    stage = Stage()
    seed(stage.store)
    stage.send(initial(mscc(want=0)))
    stage.store.holds = True
    request = update(1, mscc(used=1000, want=0))
    stage.send(request)
    assert stage.send(request) == []
    stage.store.release()
    stage.settle()
    assert stage.gateway.octets[1] == stage.gateway.octets[2]
    assert stage.account().debited_micros == 1000


def test_a_fault_in_a_decision_fails_one_request_and_not_the_account() -> None:
    """A programmer's error becomes 5012; the session and its account go on."""
    stage = Stage()
    seed(stage.store)
    assert stage.send(initial(mscc(want=0))) == [GRANTED]
    stage.service.catalogue = catalogue(plan(price=rate(1, 0)), version="broken")
    assert stage.send(update(1, mscc(used=10, want=0))) == ["5012"]
    assert "ZeroDivisionError" in stage.failures[0]
    stage.service.catalogue = stage.prices
    assert stage.send(update(1, mscc(used=10, want=0))) == [GRANTED]
    assert stage.account().debited_micros == 10
    assert stage.service.in_flight == 0


def test_states_that_can_not_be_read_fail_their_requests_only() -> None:
    """Octets of a format that is not ours are 5012 and told to the log; other accounts do not notice."""
    stage = Stage()
    seed(stage.store)
    seed(stage.store, account="B", msisdns=0)
    change = ChangeSet()
    change.put(account_key("B"), 1, (2).to_bytes(8, "big") + b"\xff", 0)
    other = Subscriber(b"1", b"", "B", "payg", 0)
    change.put(subscriber_key(b"1"), 0, encode_subscriber(other, 1), 0)
    change.put(session_key(b"odd"), 0, (1).to_bytes(8, "big") + b"\xff", 0)
    misplaced = ChargingSession(SessionIdentity(b"mine", "A", b"", b"", "payg", "data", b""), 1)
    change.put(session_key(b"other's"), 0, encode_session(misplaced, 1), 0)
    stage.store.commit([change], lambda _sets: None)
    heard = stage.send(
        initial(mscc(want=0), session=b"s1", msisdn=b"1"),
        update(4, session=b"odd"),
        update(4, session=b"other's"),
        initial(mscc(want=0), session=b"s0"),
    )
    assert sorted(heard) == [GRANTED, "5012", "5012", "5012"]
    assert len(stage.failures) == 3
    assert stage.service.in_flight == 0


def test_a_store_that_refuses_a_commit_fails_its_requests_only() -> None:
    """An exception of the store is 5012 for the batch, and the next batch is served."""
    stage = Stage()
    seed(stage.store)
    stage.store.refuses = ValueError("no")
    assert stage.send(initial(mscc(want=0))) == ["5012"]
    stage.store.refuses = None
    assert stage.send(initial(mscc(want=0))) == [GRANTED]


def test_an_answer_that_can_not_be_encoded_is_5012_and_keeps_no_other() -> None:
    """After the commit each answer of a batch stands alone, and nothing stays in flight."""
    stage = Stage()
    seed(stage.store, msisdns=3)
    stage.store.holds = True
    requests = [initial(mscc(want=0), session=b"s%d" % each, msisdn=msisdn(each)) for each in range(3)]
    assert stage.send(*requests) == []
    decision = stage.service._queue._taken[b"s1"].decision
    assert decision is not None
    decision.answer.error_message = "\ud800 is no character"
    stage.store.release()
    assert stage.settle() == []
    assert stage.gateway.heard == [GRANTED, "5012", GRANTED]
    assert len(stage.failures) == 1
    assert stage.service.metrics.failed_decisions == 1
    assert stage.service.in_flight == 0
    assert stage.service.metrics.in_flight == 0
    stage.store.holds = False
    assert stage.send(update(1, mscc(used=10), session=b"s1")) == ["2001 : rg 10 2001"]


def test_a_connection_that_raises_keeps_no_other_from_its_answers() -> None:
    """Each connection's fault is its own."""

    class Broken(AnswerSink):
        def answers(self, octets: list[bytes]) -> None:
            raise OSError(len(octets))

    stage = Stage()
    seed(stage.store, msisdns=2)
    stage.service.submit([initial(mscc(want=0), session=b"s0")], Broken())
    assert stage.send(initial(mscc(want=0), session=b"s1", msisdn=msisdn(1))) == [GRANTED]
    assert len(stage.failures) == 1
    assert stage.service.in_flight == 0


def test_a_subscriber_that_was_barred_meanwhile_is_refused() -> None:
    """What is remembered of a subscriber is compared with the store in the commit that opens a session."""
    stage = Stage()
    seed(stage.store)
    assert stage.send(initial(session=b"s1")) == ["2001"]
    change = ChangeSet()
    barred = Subscriber(MSISDN, b"001010000000001", "A", "payg", BARRED)
    change.put(subscriber_key(MSISDN), 1, encode_subscriber(barred, 2), 0)
    stage.store.commit([change], lambda _sets: None)
    assert stage.send(initial(session=b"s2")) == ["4010"]


def test_a_small_memory_never_says_unknown() -> None:
    """What was loaded and had to be forgotten before its use is loaded again, not denied."""
    stage = Stage(remembered=1)
    seed(stage.store, msisdns=20)
    requests = [initial(session=b"s%d" % each, msisdn=msisdn(each)) for each in range(20)]
    assert stage.send(*requests) == ["2001"] * 20
    updates = [update(1, mscc(used=1), session=b"s%d" % each) for each in range(20)]
    assert stage.send(*updates) == ["2001 : rg 10 2001"] * 20
    assert stage.account().debited_micros == 20


def test_an_unknown_subscriber_is_looked_for_by_both_identities() -> None:
    """Only when neither the number nor the IMSI is there the answer is 5030."""
    stage = Stage()
    seed(stage.store)
    known, unknown = b"001010000000001", b"001019999999999"
    assert stage.send(ccr(1, 0, session=b"s1", msisdn=b"1", imsi=known)) == ["2001"]
    assert stage.send(ccr(1, 0, session=b"s2", msisdn=b"", imsi=known)) == ["2001"]
    assert stage.send(ccr(1, 0, session=b"s3", msisdn=b"1", imsi=unknown)) == ["5030"]
    assert stage.send(ccr(1, 0, session=b"s4", msisdn=b"", imsi=b"")) == ["5030"]


def test_the_number_decides_who_pays_even_when_only_the_imsi_is_remembered() -> None:
    """A request with the number of one subscriber and the IMSI of another is the number's."""
    stage = Stage()
    seed(stage.store, msisdns=2)
    stage.send(ccr(1, 0, session=b"s1", msisdn=b"", imsi=b"001010000000001"))
    stage.send(ccr(1, 0, session=b"s2", msisdn=msisdn(1), imsi=b"001010000000001"))
    stage.send(termination(1, session=b"s2"))
    assert b'"msisdn":"%s"' % msisdn(1) in at_once(stage.store.outbox_read(1, 10))[0]


def test_a_subscriber_without_a_number_is_found_by_imsi() -> None:
    """Such a subscriber is stored under its IMSI and compared under that name."""
    stage = Stage()
    seed(stage.store, msisdns=0)
    change = ChangeSet()
    subscriber = Subscriber(b"", b"0010155", "A", "payg", 0)
    change.put(subscriber_key(subscriber.subscriber_id()), 0, encode_subscriber(subscriber, 1), 0)
    change.put(b"i:0010155", 0, (1).to_bytes(8, "big") + subscriber.subscriber_id(), 0)
    stage.store.commit([change], lambda _sets: None)
    for name in (b"s1", b"s2"):
        assert stage.send(ccr(1, 0, [mscc(want=0)], session=name, msisdn=b"", imsi=b"0010155")) == [GRANTED]
    assert stage.store.conflicts == 0


def test_an_imsi_that_leads_to_a_subscriber_with_another_one_is_unknown() -> None:
    """A mapping that contradicts its subscriber ends in 5030, not in a loop."""
    stage = Stage()
    seed(stage.store)
    change = ChangeSet()
    change.put(b"i:0010155", 0, (1).to_bytes(8, "big") + MSISDN, 0)
    change.put(b"i:0010156", 0, (1).to_bytes(8, "big"), 0)
    stage.store.commit([change], lambda _sets: None)
    assert stage.send(ccr(1, 0, session=b"s1", msisdn=b"", imsi=b"0010155")) == ["5030"]
    assert stage.send(ccr(1, 0, session=b"s2", msisdn=b"", imsi=b"0010156")) == ["5030"]


def test_an_account_that_is_missing_is_our_fault() -> None:
    """A subscriber without an account is 5012."""
    stage = Stage()
    change = ChangeSet()
    change.put(subscriber_key(MSISDN), 0, encode_subscriber(Subscriber(MSISDN, b"", "A", "payg", 0), 1), 0)
    stage.store.commit([change], lambda _sets: None)
    assert stage.send(initial(mscc(want=0))) == ["5012"]
    assert stage.failures == []
