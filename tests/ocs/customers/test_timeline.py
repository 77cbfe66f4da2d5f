"""The rows of a subscription stay one line in time, whatever is stated of it in whichever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocs.customers.customer import Subscription
from ocs.customers.loading.timeline import merged, overlap


def row(start: int, end: int | None = None, plan: str = "small") -> Subscription:
    """A row of one subscription."""
    return Subscription("s", start, end, "a", "491511", "", plan, "", "")


def test_a_new_plan_ends_the_former() -> None:
    """At the moment it starts."""
    assert merged([row(10)], [row(50, plan="large")]) == [row(10, 50), row(50, plan="large")]


def test_a_plan_between_two_ends_where_the_later_starts() -> None:
    """What was known of later times stays."""
    known = [row(10, 50), row(50, plan="large")]
    assert merged(known, [row(30, plan="other")]) == [row(10, 30), row(30, 50, "other"), row(50, plan="large")]


def test_what_holds_already_changes_nothing() -> None:
    """A row that says the same as the one before it becomes part of it."""
    assert merged([row(10)], [row(30)]) == [row(10)]


def test_an_end_leaves_a_gap() -> None:
    """A number that is given back and taken again."""
    assert merged([row(10)], [row(10, 20), row(40)]) == [row(10, 20), row(40)]


def test_an_end_stays_until_it_is_taken_back() -> None:
    """Also where another plan begins before it; what begins after it is something new."""
    known = [row(10, 50)]
    assert merged(known, [row(10)]) == known
    assert merged(known, [row(10), row(30)]) == known
    assert merged(known, [row(30, plan="large")]) == [row(10, 30), row(30, 50, "large")]
    assert merged(known, [row(10)], reopened=True) == [row(10)]
    assert merged(known, [row(60)]) == [row(10, 50), row(60)]
    assert merged(known, [row(10, 70)]) == [row(10, 70)]


def test_an_end_beyond_the_next_start_is_an_overlap() -> None:
    """It is told, never cut in silence."""
    assert overlap(merged([], [row(10, 50), row(40, plan="large")])) == (row(10, 50), row(40, plan="large"))


STATED = st.lists(
    st.builds(lambda start, plan: row(start, None, plan), st.integers(0, 50), st.sampled_from(["a", "b", "c"])),
    max_size=8,
    unique_by=lambda one: one.from_ms,
)


@given(STATED, STATED)
def test_stating_again_changes_nothing(first: list[Subscription], second: list[Subscription]) -> None:
    """Loading twice is loading once; each moment has the plan that was stated last for it; nothing overlaps."""
    once = merged(merged([], first), second)
    assert merged(once, second) == once
    assert overlap(once) is None
    stated = {one.from_ms: one.plan_id for one in [*merged([], first), *second]}
    for at in range(60):
        starts = [start for start in stated if start <= at]
        wanted = stated[max(starts)] if starts else None
        assert [one.plan_id for one in once if one.holds_at(at)] == ([wanted] if wanted else [])
