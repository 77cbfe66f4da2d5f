"""The keys of the store, without the partition's tag that the store itself adds."""

from typing import Final

FEES_LOOKED_AT: Final = b"w:fees"
"""Through which instant the fees of all subscribers were looked at."""


def account_key(account_id: str) -> bytes:
    """An account's state."""
    return b"a:" + account_id.encode()


def session_key(session_id: bytes) -> bytes:
    """A charging session's state, for a while after its end too."""
    return b"s:" + session_id


def session_id_of(key: bytes) -> bytes:
    """The Session-Id of a session's key."""
    return key[2:]


def subscriber_key(msisdn: bytes) -> bytes:
    """A subscriber's state, by E.164 number without plus."""
    return b"m:" + msisdn


def imsi_key(imsi: bytes) -> bytes:
    """The subscriber of an IMSI: eight octets of version, then the MSISDN."""
    return b"i:" + imsi


def reference_key(account_id: str, reference: str) -> bytes:
    """The mark that a credit with this reference was given: a repeat finds it and credits nothing."""
    return b"r:" + account_id.encode() + b":" + reference.encode()


def referral_key(subscriber_id: bytes) -> bytes:
    """The mark that a subscriber was brought by another, for which both were given a bonus."""
    return b"f:" + subscriber_id
