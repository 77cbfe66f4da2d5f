"""The names of the store's keys. All share one hash tag, so that a Cluster keeps them in one slot."""

from typing import Final

PARTITIONS: Final = 1
TAG: Final = b"{0}"
"""Before every state's key. The keys of the store itself start otherwise, so that no state can meet them."""

OWN: Final = b"ocs:{0}:"
OUTBOX: Final = OWN + b"outbox"
CURSOR: Final = OWN + b"cursor"
DEADLINES: Final = OWN + b"deadlines"
META: Final = OWN + b"meta"
OPEN_SESSIONS: Final = OWN + b"open:"
HOLDER: Final = OWN + b"holder"
"""The holder that committed last, with NOBODY behind its name where others who are none did so since."""
NOTED: Final = OWN + b"noted"
"""The keys of what those wrote."""
NOBODY: Final = b"-"
PROBE: Final = OWN + b"probe"
"""Watched by a holder; written where a state exists that it believes absent. It has no use, and no life."""
LEASE: Final = OWN + b"lease:"
