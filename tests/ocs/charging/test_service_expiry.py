"""Deadlines: sessions that are due are given up, the others' deadlines are put right."""

from balance.keys import session_key
from tests.ocs.charging.building import initial, mscc, seed, termination, update
from tests.ocs.charging.stage import Stage
from tests.simulation.world import at_once

SESSION = b"gw;1;1"
HOUR_US = 3_600_000_000


def opened() -> Stage:
    """A stage with one session that holds a grant of one hour."""
    stage = Stage()
    seed(stage.store)
    stage.send(initial(mscc(want=0)))
    return stage


def sweep(stage: Stage) -> list[bytes]:
    """What the expiry task does; the session keys that were due."""
    due = at_once(stage.store.due_sessions(stage.world.now_ms(), 10))
    stage.service.submit_expiry([key[2:] for key in due])
    stage.settle()
    return due


def deadline(stage: Stage) -> int:
    """When the session will be looked at; hours after the start."""
    at_ms = at_once(stage.store.deadlines_of([session_key(SESSION)]))[0]
    return (at_ms - 1_800_000_000_000) // 3_600_000 if at_ms else -1


def test_a_due_session_is_given_up() -> None:
    """Its hold goes back, a record is written, the index forgets it."""
    stage = opened()
    stage.world.now_us += 2 * HOUR_US
    assert sweep(stage) == [session_key(SESSION)]
    assert stage.account().reserved_micros == 0
    assert at_once(stage.store.open_sessions(b"A")) == []
    assert len(at_once(stage.store.outbox_read(1, 10))) == 1
    assert sweep(stage) == []
    assert stage.service.metrics.sessions_expired == 1


def test_a_session_given_up_counts_once() -> None:
    """Neither a decision that lost to another writer counts, nor is it a session that its client closed."""
    stage = opened()
    stage.world.now_us += 2 * HOUR_US
    stage.store.holds = True
    stage.service.submit_expiry([SESSION])
    stage.settle()
    stage.store.holds = False
    stage.credit(5)
    stage.store.release()
    stage.settle()
    assert stage.service.metrics.conflicts == 1
    assert stage.account().reserved_micros == 0
    assert stage.service.metrics.sessions_expired == 1
    assert stage.service.metrics.sessions_closed == 0


def test_a_store_that_refuses_to_correct_a_deadline_leaves_nothing_in_flight() -> None:
    """The look at a session that is not due fails alone, and the session is served on."""
    stage = opened()
    stage.store.refuses = ValueError("no")
    stage.service.submit_expiry([SESSION])
    stage.settle()
    assert len(stage.failures) == 1
    assert stage.service.in_flight == 0
    stage.store.refuses = None
    assert stage.send(termination(1)) == ["2001"]


def test_a_session_that_was_used_meanwhile_is_looked_at_later() -> None:
    """Requests do not write the index each time; the look at the deadline does."""
    stage = opened()
    stage.world.now_us += HOUR_US
    stage.send(update(1, mscc(used=10, want=0)))
    assert deadline(stage) == 2
    stage.world.now_us += HOUR_US
    assert len(sweep(stage)) == 1
    assert deadline(stage) == 3
    assert sweep(stage) == []
    stage.world.now_us += HOUR_US
    sweep(stage)
    assert stage.account().reserved_micros == 0


def test_another_server_s_session_is_looked_at_before_it_is_given_up() -> None:
    """A server that remembers an old deadline reads the session before anything happens to it."""
    stage = opened()
    first = stage.service
    stage.world.now_us += HOUR_US
    stage.service = stage.another()
    stage.send(update(1, mscc(used=10, want=0)))
    stage.service = first
    stage.world.now_us += HOUR_US
    sweep(stage)
    assert at_once(stage.store.open_sessions(b"A")) == [SESSION]
    assert deadline(stage) == 3


def test_a_closed_session_that_is_still_indexed_is_forgotten() -> None:
    """The index never keeps a session for ever."""
    stage = opened()
    stage.send(termination(1))
    assert deadline(stage) == -1
    stage.service.submit_expiry([SESSION, b"never was"])
    stage.settle()
    assert deadline(stage) == -1
    assert stage.service.in_flight == 0


def test_a_deadline_is_not_put_right_on_an_old_view() -> None:
    """A stale server does not forget the deadline of a session that another has opened since."""
    stage = Stage()
    seed(stage.store, 0)
    first = stage.service
    assert stage.send(initial(mscc(want=0))) == ["4012"]
    stage.credit(5000)
    stage.service = stage.another()
    again = initial(mscc(want=0))
    again.request_number = 7
    assert stage.send(again) == ["2001 : rg 10 2001 granted 1000 valid 3600"]
    assert deadline(stage) == 2
    first.submit_expiry([SESSION])
    stage.settle()
    assert deadline(stage) == 2


def test_an_expiry_waits_its_turn_in_the_session() -> None:
    """A request that arrived before the look at the deadline is served, and puts it off."""
    stage = opened()
    stage.world.now_us += 2 * HOUR_US
    stage.service.submit([update(1, mscc(used=10, want=0))], stage.gateway)
    stage.service.submit_expiry([SESSION])
    assert stage.settle() == ["2001 : rg 10 2001 granted 1000 valid 3600"]
    assert at_once(stage.store.open_sessions(b"A")) == [SESSION]
    assert deadline(stage) == 4


def test_expiry_gives_way_when_the_store_does_not_answer() -> None:
    """A look at a deadline that can not be made is made again later."""
    stage = opened()
    stage.world.now_us += 2 * HOUR_US
    stage.store.commits_are_lost = True
    sweep(stage)
    assert stage.service.in_flight == 0
    stage.store.commits_are_lost = False
    sweep(stage)
    assert stage.account().reserved_micros == 0
