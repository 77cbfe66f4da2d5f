"""An account's octets: what is stored comes back, and what an earlier version stored is still read."""

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from balance.account import Account, AccountCounter, Bucket, decode_account, encode_account
from balance.packing import put_number, put_octet, put_text, put_varint
from balance.quantity import OCTETS

amounts = st.integers(-(2**53), 2**53)
names = st.text(max_size=20)


@given(amounts, st.integers(0, 2**53), st.lists(st.tuples(names, st.integers(0, 2**40), st.integers(0, 2**53))))
def test_an_account_comes_back(opening: int, credit_limit: int, counters: list[tuple[str, int, int]]) -> None:
    """Every field of an account, its buckets and counters survive storing."""
    account = Account("a", "EUR", opening)
    account.credit_limit_micros = credit_limit
    account.buckets = (Bucket("gb", OCTETS, 100, 60, 10, 12345),)
    account.counters = tuple(AccountCounter(*counter) for counter in counters)
    read = decode_account(encode_account(account, 7))
    assert read.version == 7
    assert encode_account(read, 7) == encode_account(account, 7)
    assert encode_account(account.copy(), 7) == encode_account(account, 7)
    assert read.available_micros() == opening + credit_limit


def test_accounts_of_the_first_format_are_read() -> None:
    """A store written before accounts had counters needs no conversion."""
    out = BytesWriter()
    put_number(out, 3)
    put_octet(out, 1)
    put_text(out, "a")
    put_text(out, "EUR")
    for number in (100, 5, 25, 80, 10):
        put_number(out, number)
    put_varint(out, 1)
    put_text(out, "gb")
    put_octet(out, OCTETS)
    for number in (50, 40, 0, 0):
        put_number(out, number)
    account = decode_account(out.getvalue())
    assert (account.version, account.balance_micros, account.available_micros()) == (3, 80, 70)
    assert [bucket.remaining for bucket in account.buckets] == [40]
    assert (account.counters, account.credit_limit_micros) == ((), 0)
    assert account.faults() == []
