"""What a run counted. HOT PATH: compiled."""

from typing import Final

from mypy_extensions import i64

from ocs.latency import LatencyHistogram

FIRST_FAULTS = 5
_TYPES: Final = 5


class _Count:
    """How often one Result-Code came."""

    def __init__(self, result_code: i64) -> None:
        self.result_code = result_code
        self.times: i64 = 0


class ResultCounts:
    """Result-Codes by CC-Request-Type. What came last for a type is found without a search."""

    def __init__(self) -> None:
        self._latest = [_Count(-1) for _ in range(_TYPES)]
        self._counts: dict[int, _Count] = {}

    def count(self, request_type: i64, result_code: i64) -> None:
        """Count one; the type is one of the four, or 0."""
        count = self._latest[request_type]
        if count.result_code != result_code:
            count = self._counts.setdefault(request_type * 65536 + result_code, _Count(result_code))
            self._latest[request_type] = count
        count.times += 1

    def by_key(self) -> dict[int, int]:
        """The counts by CC-Request-Type * 65536 + Result-Code."""
        return {key: int(count.times) for key, count in self._counts.items()}

    def add(self, other: "ResultCounts") -> None:
        """Take another's counts in."""
        for key, count in other._counts.items():  # noqa: SLF001
            mine = self._counts.setdefault(key, _Count(count.result_code))
            mine.times += count.times


class UnitSums:
    """Units of one kind: reported when sent, acknowledged when the answer to their request is a success."""

    def __init__(self) -> None:
        self.granted: i64 = 0
        self.reported: i64 = 0
        self.acknowledged: i64 = 0

    def add(self, other: "UnitSums") -> None:
        """Take another gateway's sums in."""
        self.granted += other.granted
        self.reported += other.reported
        self.acknowledged += other.acknowledged


class Tally:
    """Counts of one gateway, or of several added up.

    ``answers`` and ``service_results`` are of answers and of their MSCCs. ``units`` are octets, seconds and
    service-specific units; what was shed with 3004 is sent again and counts as reported once. ``latency`` (us)
    leaves out what was shed, and the CCR-Ts after the end. ``late`` answers came after their request was given
    up.
    """

    def __init__(self) -> None:
        self.requests: i64 = 0
        self.repeated: i64 = 0
        self.answered: i64 = 0
        self.shed: i64 = 0
        self.malformed: i64 = 0
        self.unanswered: i64 = 0
        self.late: i64 = 0
        self.sessions_started: i64 = 0
        self.sessions_ended: i64 = 0
        self.sessions_refused: i64 = 0
        self.out_of_credit: i64 = 0
        self.units = [UnitSums(), UnitSums(), UnitSums()]
        self.final_units: i64 = 0
        self.answers = ResultCounts()
        self.service_results = ResultCounts()
        self.latency = LatencyHistogram()
        self.faults: list[str] = []

    def fault(self, text: str, message: bytes) -> None:
        """An answer was not well-formed; the first few are kept with their octets."""
        self.malformed += 1
        if len(self.faults) < FIRST_FAULTS:
            self.faults.append(text + ": " + message.hex())

    def add(self, other: "Tally") -> None:
        """Take another gateway's counts in."""
        self.requests += other.requests
        self.repeated += other.repeated
        self.answered += other.answered
        self.shed += other.shed
        self.malformed += other.malformed
        self.unanswered += other.unanswered
        self.late += other.late
        self.sessions_started += other.sessions_started
        self.sessions_ended += other.sessions_ended
        self.sessions_refused += other.sessions_refused
        self.out_of_credit += other.out_of_credit
        for unit in range(len(self.units)):
            self.units[unit].add(other.units[unit])
        self.final_units += other.final_units
        self.answers.add(other.answers)
        self.service_results.add(other.service_results)
        self.latency.add(other.latency)
        self.faults.extend(other.faults)
