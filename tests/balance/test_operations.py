"""Reserve, release, debit and credit: each keeps its books."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balance.account import Account, Bucket
from balance.operations import (
    NOTHING_HELD,
    Reservation,
    credit_money,
    debit_money,
    debit_units,
    find_bucket,
    release,
    reserve_money,
    reserve_units,
)
from balance.quantity import OCTETS

amounts = st.integers(0, 10**15)


def account(balance_micros: int, units: int = 100) -> Account:
    """An account with one bucket."""
    made = Account("A", "EUR", balance_micros)
    made.buckets = (Bucket("b", OCTETS, units, units, 0, 0),)
    return made


@given(amounts, amounts)
def test_what_is_reserved_is_not_available_until_it_is_released(balance: int, micros: int) -> None:
    """The balance stays; what is available goes down and comes back."""
    subject = account(balance)
    held = Reservation()
    if micros > balance:
        with pytest.raises(ValueError, match="are not available"):
            reserve_money(subject, held, micros)
        assert held.is_empty()
    else:
        reserve_money(subject, held, micros)
        assert subject.available_micros() == balance - micros
    assert release(subject, held).is_empty()
    assert (subject.available_micros(), subject.reserved_micros) == (balance, 0)
    assert subject.faults() == []


def test_units_are_held_per_bucket() -> None:
    """A hold of units is added up by bucket and given back to it."""
    subject = account(0)
    held = Reservation()
    bucket = subject.buckets[0]
    reserve_units(bucket, held, 30)
    reserve_units(bucket, held, 50)
    assert (held.units_of("b"), held.units_of("c"), bucket.available(0)) == (80, 0, 20)
    with pytest.raises(ValueError, match="21 units of bucket b are not available"):
        reserve_units(bucket, held, 21)
    with pytest.raises(ValueError, match="21 units of bucket b are not available"):
        debit_units(bucket, 21)
    debit_units(bucket, 20)
    release(subject, held)
    assert (bucket.remaining, bucket.reserved) == (80, 0)


def test_a_hold_of_a_bucket_that_is_gone_is_forgotten() -> None:
    """Releasing it harms nobody."""
    subject = account(10)
    held = Reservation()
    reserve_units(subject.buckets[0], held, 30)
    reserve_money(subject, held, 10)
    subject.buckets = ()
    assert release(subject, held).is_empty()
    assert subject.reserved_micros == 0
    assert find_bucket(subject, "b") is None


@given(amounts, amounts, amounts, st.booleans())
def test_a_debit_is_full_unless_overdraft_is_forbidden(
    balance: int, held: int, due: int, allowed: bool
) -> None:
    """Without overdraft nothing is taken that is not there or that another session holds."""
    subject = account(balance)
    reserve_money(subject, Reservation(), min(held, balance))
    lost = debit_money(subject, due, allowed)
    assert subject.faults() == []
    assert subject.debited_micros == due - lost
    if allowed:
        assert lost == 0
    else:
        assert lost == max(0, due - (balance - min(held, balance)))
        assert subject.available_micros() >= 0


def test_a_debit_without_overdraft_takes_nothing_from_an_account_below_zero() -> None:
    """Its debt does not grow."""
    subject = account(0)
    debit_money(subject, 50, overdraft_allowed=True)
    assert debit_money(subject, 30, overdraft_allowed=False) == 30
    assert subject.balance_micros == -50


def test_a_credit_is_more_than_nothing() -> None:
    """And it is counted."""
    subject = account(5)
    credit_money(subject, 7)
    assert (subject.balance_micros, subject.credited_micros) == (12, 7)
    with pytest.raises(ValueError, match="a credit of -1 micros"):
        credit_money(subject, -1)


def test_a_bucket_ends_at_its_time() -> None:
    """From that millisecond on nothing of it is available."""
    bucket = Bucket("b", OCTETS, 10, 10, 0, 1000)
    assert (bucket.available(999), bucket.is_expired(999)) == (10, False)
    assert (bucket.available(1000), bucket.is_expired(1000)) == (0, True)


def test_nothing_can_be_reserved_in_the_name_of_nobody() -> None:
    """The empty reservation is shared: what would change it is refused, and the account stays as it was."""
    subject = Account("a", "EUR", 100)
    subject.buckets = (Bucket("b", OCTETS, 10, 10, 0, 0),)
    with pytest.raises(ValueError, match="not available"):
        reserve_money(subject, NOTHING_HELD, 1)
    with pytest.raises(ValueError, match="shared"):
        reserve_units(subject.buckets[0], NOTHING_HELD, 1)
    assert (subject.reserved_micros, subject.buckets[0].reserved, NOTHING_HELD.is_empty()) == (0, 0, True)
