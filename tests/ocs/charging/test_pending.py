"""What a group of decisions becomes in the store: one change, compared with what was read."""

from balance.account import Account, decode_account
from balance.changes import ChangeBatch, ChangeSet
from balance.subscriber import ACTIVE, Subscriber
from ocs.charging.decision import decide
from ocs.charging.pending import Group, Pending
from ocs.charging.session import ChargingSession
from ocs.charging.session_octets import decode_session
from protocol.messages import CreditControlRequest
from tests.ocs.charging.building import (
    MSISDN,
    NOW_MS,
    POLICY,
    catalogue,
    initial,
    mscc,
    sets_of,
    termination,
    update,
)

PRICES = catalogue()


def account_of(balance_micros: int) -> Account:
    """An account as read from the store under version 7."""
    made = Account("A", "EUR", balance_micros)
    made.version = 7
    return made


def subscriber() -> Subscriber:
    """A subscriber as read under version 3."""
    made = Subscriber(MSISDN, b"", "A", "payg", ACTIVE)
    made.version = 3
    return made


def take(
    group: Group, request: CreditControlRequest, session: ChargingSession | None, who: Subscriber | None
) -> None:
    """Decide a request on a group's newest account."""
    decision = decide(request, session, who, group.account, PRICES, POLICY, NOW_MS)
    pending = Pending(request.session_id, 0)
    pending.request = request
    group.take(pending, session, who, decision)


def versions(changes: ChangeSet) -> dict[bytes, int]:
    """The compared version of each key."""
    return dict(zip(changes.keys, changes.expected, strict=True))


def changes_of(group: Group) -> ChangeSet:
    """The change set that a group puts into a batch."""
    batch = ChangeBatch()
    group.put_changes(batch, 300_000)
    return sets_of(batch)[0]


def opened() -> ChargingSession:
    """A session that was opened and stored."""
    group = Group("A", account_of(5000))
    take(group, initial(mscc(want=0)), None, subscriber())
    return decode_session(changes_of(group).values[2])


def test_sessions_of_an_account_are_decided_on_each_other_s_outcome() -> None:
    """The second grant sees what the first has reserved; the account is written once, from the version read."""
    group = Group("A", account_of(1500))
    take(group, initial(mscc(want=0), session=b"s1"), None, subscriber())
    take(group, initial(mscc(want=0), session=b"s2"), None, subscriber())
    changes = changes_of(group)
    assert versions(changes) == {b"a:A": 7, b"m:" + MSISDN: 3, b"s:s1": 0, b"s:s2": 0}
    account = decode_account(changes.values[0])
    assert (account.version, account.reserved_micros) == (8, 1500)
    assert changes.opened == [(b"A", b"s1"), (b"A", b"s2")]
    assert [key for key, _ in changes.deadlines] == [b"s:s1", b"s:s2"]


def test_a_refusal_compares_and_writes_nothing() -> None:
    """An answer that changes nothing still depends on what was read."""
    group = Group("A", account_of(0))
    session = opened()
    take(group, initial(mscc(want=0)), session, subscriber())
    changes = changes_of(group)
    assert versions(changes) == {b"a:A": 7, b"m:" + MSISDN: 3, b"s:gw;1;1": 1}
    assert changes.values == [b"", b"", b""]
    assert (changes.deadlines, changes.opened, changes.events) == ([], [], [])


def test_an_update_indexes_no_new_deadline_unless_it_must() -> None:
    """A later deadline is left to the look at the earlier one."""
    session = opened()
    group = Group("A", account_of(5000))
    take(group, update(1, mscc(used=10, want=0)), session, None)
    changes = changes_of(group)
    assert changes.deadlines == []
    assert versions(changes) == {b"a:A": 7, b"s:gw;1;1": 1}
    assert decode_session(changes.values[1]).version == 2


def test_a_deadline_that_comes_sooner_is_indexed() -> None:
    """Otherwise a hold would stay beyond its expiry."""
    session = opened()
    session.indexed_ms = session.deadline_ms + 50_000_000
    group = Group("A", account_of(5000))
    take(group, update(1, mscc(used=10, want=0)), session, None)
    changes = changes_of(group)
    assert changes.deadlines == [(b"s:gw;1;1", NOW_MS + 7_200_000)]


def test_a_deadline_is_indexed_anew_when_the_indexed_time_has_passed() -> None:
    """Somebody may have put it off without telling the session."""
    session = opened()
    session.indexed_ms = NOW_MS - 1
    group = Group("A", account_of(5000))
    take(group, update(1, mscc(used=10, want=0)), session, None)
    assert changes_of(group).deadlines == [(b"s:gw;1;1", NOW_MS + 7_200_000)]


def test_a_termination_closes_index_and_deadline_and_keeps_the_answer_for_a_while() -> None:
    """The closed session lives as long as repeats are answered."""
    session = opened()
    group = Group("A", account_of(5000))
    take(group, termination(1, mscc(used=10)), session, None)
    changes = changes_of(group)
    assert changes.closed == [(b"A", b"gw;1;1")]
    assert changes.deadlines == [(b"s:gw;1;1", 0)]
    assert changes.expires_ms == [0, 300_000]
    assert len(changes.events) == 1
