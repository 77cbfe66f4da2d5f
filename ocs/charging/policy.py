"""What an operator settles for all sessions: failure handling, how long sessions and answers are remembered."""

from collections.abc import Callable

from mypy_extensions import i64

from rating.calendar import UTC, Zone


class ChargingPolicy:
    """Settings of the decision.

    ``failure_handling`` is the Credit-Control-Failure-Handling sent in a CCA-I, ``session_failover`` its
    CC-Session-Failover. A session is given up ``tcc_factor`` times its longest Validity-Time after its last
    request (RFC 8506, 13: Tcc), or ``session_without_grant_s`` after it where it holds no grant. A refused
    rating group carries ``refused_validity_s`` so that its client does not ask at once again. A closed session
    answers repeats for ``remember_closed_s``. ``zone_of`` finds the time zone of a subscriber by its name.
    """

    def __init__(
        self,
        failure_handling: i64,
        session_failover: i64,
        tcc_factor: i64,
        session_without_grant_s: i64,
        refused_validity_s: i64,
        remember_closed_s: i64,
        zone_of: Callable[[str], Zone] = lambda _: UTC,
    ) -> None:
        self.failure_handling = failure_handling
        self.session_failover = session_failover
        self.tcc_factor = tcc_factor
        self.session_without_grant_s = session_without_grant_s
        self.refused_validity_s = refused_validity_s
        self.remember_closed_s = remember_closed_s
        self.zone_of = zone_of
