"""Memory of states: bounded, newest first, forgotten on demand."""

import sys

import pytest

from balance.account import Account
from balance.subscriber import ACTIVE, Subscriber
from ocs.charging.remembered import RememberedStates
from ocs.charging.session import ChargingSession, SessionIdentity


def account(name: int) -> Account:
    """An account named by a number."""
    return Account(str(name), "EUR", 0)


def session(name: int) -> ChargingSession:
    """A session named by a number."""
    return ChargingSession(SessionIdentity(b"%d" % name, "A", b"", b"", "payg", "data", b""), 0)


def subscriber(name: int) -> Subscriber:
    """A subscriber with both identities."""
    return Subscriber(b"m%d" % name, b"i%d" % name, "A", "payg", ACTIVE)


def test_tables_are_bounded() -> None:
    """However much is kept, not much more than the bound is there; the newest is."""
    states = RememberedStates(10, 10)
    for name in range(1000):
        states.keep_account(account(name))
        states.keep_session(session(name))
        states.keep_subscriber(subscriber(name))
    assert 5 <= sum(states.account(str(name)) is not None for name in range(1000)) <= 12
    assert 5 <= sum(states.session(b"%d" % name) is not None for name in range(1000)) <= 12
    assert states.account("999") is not None
    assert states.session(b"999") is not None
    assert states.subscriber(b"m999", b"", False) is not None
    assert states.subscriber(b"m0", b"i0", True) is None


def test_what_left_is_freed_before_the_next_turn() -> None:
    """Freed piece by piece, at most the states of three halves are alive."""
    states = RememberedStates(100, 100)
    sessions = [session(name) for name in range(400)]
    most = 0
    for each in sessions:
        states.keep_session(each)
        held = [sys.getrefcount(known) for known in sessions]
        most = max(most, sum(count > min(held) for count in held))
    assert 100 < most <= 3 * states.sessions_half


def test_what_is_used_stays() -> None:
    """A state that is asked for again and again is never dropped."""
    states = RememberedStates(10, 10)
    states.keep_account(account(-1))
    states.keep_session(session(-1))
    states.keep_subscriber(subscriber(-1))
    for name in range(100):
        states.keep_account(account(name))
        states.keep_session(session(name))
        states.keep_subscriber(subscriber(name))
        assert states.account("-1") is not None
        assert states.session(b"-1") is not None
        assert states.subscriber(b"m-1", b"", False) is not None
        assert states.subscriber(b"", b"i-1", False) is not None


def test_forgotten_is_forgotten() -> None:
    """In both generations, under both identities."""
    states = RememberedStates(2, 2)
    for name in range(3):
        states.keep_account(account(name))
        states.keep_session(session(name))
        states.keep_subscriber(subscriber(name))
    for name in range(3):
        states.forget_account(str(name))
        states.forget_session(b"%d" % name)
        states.forget_subscriber(subscriber(name))
        assert states.account(str(name)) is None
        assert states.session(b"%d" % name) is None
        assert states.subscriber(b"m%d" % name, b"i%d" % name, True) is None


def test_what_others_changed_is_forgotten_by_its_key() -> None:
    """Accounts, sessions, subscribers; keys of other kinds, and of what is not remembered, harm nothing."""
    states = RememberedStates(10, 10)
    states.keep_account(account(1))
    states.keep_account(account(2))
    states.keep_session(session(1))
    states.keep_session(session(2))
    states.forget([b"a:1", b"s:1", b"m:1", b"r:1:x", b"a:3", b""])
    assert (states.account("1"), states.session(b"1")) == (None, None)
    assert states.account("2") is not None
    assert states.session(b"2") is not None


def test_a_changed_subscriber_is_forgotten_under_all_identities() -> None:
    """By its number, by its IMSI where it has no number, and by the IMSI alone where that is another's now."""
    states = RememberedStates(10, 10)
    for name in range(3):
        states.keep_subscriber(subscriber(name))
    numberless = Subscriber(b"", b"i7", "A", "payg", ACTIVE)
    states.keep_subscriber(numberless)
    states.forget([b"m:m1", b"m:imsi-i7", b"i:i2"])
    assert states.subscriber(b"m0", b"", False) is not None
    for number, imsi in ((b"m1", b""), (b"", b"i1"), (b"", b"i7"), (b"", b"i2")):
        assert states.subscriber(number, imsi, False) is None
    assert states.subscriber(b"m2", b"", False) is not None


@pytest.mark.parametrize("others", [0, 9])
def test_an_older_state_of_a_subscriber_is_nowhere(others: int) -> None:
    """Who has a new SIM is not found by the old one's IMSI, in whichever generation that is."""
    states = RememberedStates(10, 10)
    states.keep_subscriber(subscriber(50))
    for name in range(others):
        states.keep_subscriber(subscriber(name))
    renewed = Subscriber(b"m50", b"i51", "A", "payg", ACTIVE)
    states.keep_subscriber(renewed)
    assert states.subscriber(b"", b"i50", False) is None
    assert states.subscriber(b"m50", b"", False) is renewed
    assert states.subscriber(b"", b"i51", False) is renewed


def test_the_number_comes_before_the_imsi() -> None:
    """The IMSI decides only when there is no number, or none that anybody has."""
    states = RememberedStates(10, 10)
    states.keep_subscriber(subscriber(1))
    assert states.subscriber(b"m2", b"i1", False) is None
    found = states.subscriber(b"m2", b"i1", True)
    assert found is not None
    assert found.msisdn == b"m1"
    assert states.subscriber(b"", b"i1", False) is found
    assert states.subscriber(b"", b"", True) is None
