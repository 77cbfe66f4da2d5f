"""Crediting an account, beside a running server, once for each reference."""

from typing import Final, NamedTuple

from librt.strings import BytesWriter

from balance.account import Account, decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, reference_key
from balance.operations import credit_money
from balance.packing import Unpacker, put_number, version_of
from balance.quantity import LIMIT_MICROS, format_micros
from balance.store import StateStore, commit_sets, load_states

ATTEMPTS: Final = 1000
"""How often a top-up tries again when a charge came between its reading and its writing."""
_MARK_FORMAT: Final = 1


class TopUpError(Exception):
    """A credit that can not be given; the message says why."""


class TopUp(NamedTuple):
    """The outcome: the account after it, and whether this reference had been credited before."""

    account: Account
    repeated: bool


async def top_up(store: StateStore, account_id: str, micros: int, reference: str, now_ms: int) -> TopUp:
    """Add money to an account unless this reference did so before.

    The mark of the reference and the account change together, so that even a lost answer of the store leaves no
    doubt: the mark tells. TopUpError for an amount that is not positive, an unknown account, a reference that
    stands for another amount, or a balance beyond the limit; StoreError where the store does not answer.
    """
    if micros <= 0:
        raise TopUpError("the amount must be more than zero")
    keys = [account_key(account_id), reference_key(account_id, reference)]
    for _ in range(ATTEMPTS):
        state, mark = await load_states(store, keys)
        if state is None:
            raise TopUpError(f"there is no account {account_id}")
        account = decode_account(state)
        if mark is not None:
            if (before := _amount_of(mark)) != micros:
                raise TopUpError(f"reference {reference} was already used for {format_micros(before)}")
            return TopUp(account, repeated=True)
        if account.balance_micros + micros >= LIMIT_MICROS:
            raise TopUpError(f"the balance would pass {LIMIT_MICROS // 1_000_000} {account.currency}")
        credit_money(account, micros)
        change = ChangeSet()
        change.put(keys[0], account.version, encode_account(account, account.version + 1), 0)
        change.put(keys[1], version_of(mark), _mark(micros, now_ms), 0)
        await commit_sets(store, [change])
        if change.result == COMMITTED:
            return TopUp(account, repeated=False)
    raise TopUpError(f"account {account_id} changed {ATTEMPTS} times in between; try again")


def _mark(micros: int, now_ms: int) -> bytes:
    out = BytesWriter()
    put_number(out, 1)
    out.append(_MARK_FORMAT)
    put_number(out, micros)
    put_number(out, now_ms)
    return out.getvalue()


def _amount_of(mark: bytes) -> int:
    octets = Unpacker(mark, 9)
    return octets.number()
