"""Online credit that was given back to an account, so that each restoration is taken once."""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter

from balance.account import Account
from balance.packing import PackingError, Unpacker, put_number, put_octet
from balance.quantity import LIMIT_MICROS

RESTORED_PREFIX: Final = b"c:"
_FORMAT: Final = 1


class RestoredCredit:
    """How far an account's restorations are taken: ``number`` is the last one's, ``total_micros`` their sum.

    Restorations have the numbers 1, 2, 3 and so on for each account. ``version`` 0 = none was taken yet.
    """

    def __init__(self, number: int = 0, total_micros: int = 0) -> None:
        self.version = 0
        self.number = number
        self.total_micros = total_micros


def restored_key(account_id: str) -> bytes:
    """The state of an account's restored credit."""
    return RESTORED_PREFIX + account_id.encode()


def restore(account: Account, restored: RestoredCredit, number: int, micros: int) -> None:
    """Take the next restoration; one below zero takes credit back, as where a payment bounced.

    Both change: credited and balance of the account, and what is known to be restored. ValueError where
    another number is next, or the balance would pass what an account can hold.
    """
    if number != restored.number + 1:
        raise ValueError(f"restoration {number} does not follow {restored.number}")
    if not -LIMIT_MICROS < account.balance_micros + micros < LIMIT_MICROS:
        raise ValueError(f"the balance would pass {LIMIT_MICROS // 1_000_000} {account.currency}")
    account.balance_micros += micros
    account.credited_micros += micros
    restored.number = number
    restored.total_micros += micros


def encode_restored(restored: RestoredCredit, version: int) -> bytes:
    """The stored octets under a new version."""
    out = BytesWriter()
    put_number(out, version)
    put_octet(out, _FORMAT)
    put_number(out, restored.number)
    put_number(out, restored.total_micros)
    return out.getvalue()


def decode_restored(state: bytes | None) -> RestoredCredit:
    """What ``encode_restored`` wrote, nothing restored where there is none; PackingError for other octets."""
    if state is None:
        return RestoredCredit()
    octets = Unpacker(state, 0)
    version = octets.number()
    if octets.octet() != _FORMAT:
        raise PackingError(f"restored credit format {state[8]}, this version reads {_FORMAT}")
    restored = RestoredCredit(octets.number(), octets.number())
    restored.version = version
    return restored
