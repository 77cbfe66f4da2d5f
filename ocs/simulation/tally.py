"""What a run counted. HOT PATH: compiled."""

from mypy_extensions import i64

from ocs.latency import LatencyHistogram

FIRST_FAULTS = 5


class Tally:
    """Counts of one gateway, or of several added up.

    ``answers`` and ``service_results`` count by CC-Request-Type * 65536 + Result-Code. Octets are reported
    when sent and acknowledged when the answer to their request is a success; what was shed with 3004 is
    sent again and counts as reported once. ``latency`` (us) leaves out what was shed, and the CCR-Ts after
    the end. ``late`` answers came after their request was given up.
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
        self.octets_granted: i64 = 0
        self.octets_reported: i64 = 0
        self.octets_acknowledged: i64 = 0
        self.final_units: i64 = 0
        self.answers: dict[int, int] = {}
        self.service_results: dict[int, int] = {}
        self.latency = LatencyHistogram()
        self.faults: list[str] = []

    def count_answer(self, request_type: i64, result_code: i64) -> None:
        """An answer came with this Result-Code."""
        key: int = request_type * 65536 + result_code
        self.answers[key] = self.answers.get(key, 0) + 1

    def count_service(self, request_type: i64, result_code: i64) -> None:
        """An MSCC of an answer had this Result-Code."""
        key: int = request_type * 65536 + result_code
        self.service_results[key] = self.service_results.get(key, 0) + 1

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
        self.octets_granted += other.octets_granted
        self.octets_reported += other.octets_reported
        self.octets_acknowledged += other.octets_acknowledged
        self.final_units += other.final_units
        for key, count in other.answers.items():
            self.answers[key] = self.answers.get(key, 0) + count
        for key, count in other.service_results.items():
            self.service_results[key] = self.service_results.get(key, 0) + count
        self.latency.add(other.latency)
        self.faults.extend(other.faults)
