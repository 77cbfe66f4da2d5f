"""Which updates were served: exactly, within the window."""

from hypothesis import given
from hypothesis import strategies as st

from ocs.charging.served import WINDOW, mark_served, was_served
from ocs.charging.session import ChargingSession, SessionIdentity
from tests.ocs.charging.building import ccr


def session() -> ChargingSession:
    """A session that has served nothing."""
    return ChargingSession(SessionIdentity(b"s", "A", b"", b"", "payg", "data", b""), 0)


@given(st.lists(st.integers(0, 200)), st.integers(0, 200))
def test_the_window_is_exact(served: list[int], asked: int) -> None:
    """Within the window a number was served when it was served; before it only a T flag makes it a repeat."""
    subject = session()
    for number in served:
        mark_served(subject, ccr(2, number))
    known = asked in served
    behind = max(served, default=0) - asked
    if behind >= WINDOW:
        assert not was_served(subject, ccr(2, asked))
        assert was_served(subject, ccr(2, asked, flags=0xD0))
    else:
        assert was_served(subject, ccr(2, asked)) == known
        assert was_served(subject, ccr(2, asked, flags=0xD0)) == known


def test_the_highest_numbers_are_served() -> None:
    """A jump over the whole range leaves nothing behind."""
    subject = session()
    for number in (1, 0xFFFFFFFF, 0xFFFFFFFE):
        mark_served(subject, ccr(2, number))
    assert was_served(subject, ccr(2, 0xFFFFFFFF))
    assert was_served(subject, ccr(2, 0xFFFFFFFE))
    assert not was_served(subject, ccr(2, 0xFFFFFFFD))


def test_only_updates_count() -> None:
    """A termination with the number of the last update is not a repeat of it."""
    subject = session()
    mark_served(subject, ccr(1, 0))
    mark_served(subject, ccr(2, 1))
    assert not was_served(subject, ccr(2, 0))
    assert not was_served(subject, ccr(3, 1))
