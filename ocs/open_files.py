"""How many files this process may have open: each connection is one."""

import resource
from typing import Final

from config.settings_schema import LimitsSettings

_SPARE_FILES: Final = 200


def wanted_files(limits: LimitsSettings) -> int:
    """One for each connection that is admitted, and some for the store, the records and the rest."""
    return limits.connections + _SPARE_FILES


def allow_files(wanted: int) -> int:
    """Raise this process' own (soft) limit as far as it is wanted and the system's (hard) limit lets it.

    Returns how many files may be open now, at most ``wanted``.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed, soft)
