"""What went over one connection, counted. HOT PATH: compiled."""

from mypy_extensions import i64


class Traffic:
    """Messages in and out by command; ``refused``: errors the protocol answered, by Result-Code."""

    def __init__(self) -> None:
        self.ccr_received: i64 = 0
        self.cca_sent: i64 = 0
        self.cer_received: i64 = 0
        self.cea_sent: i64 = 0
        self.dwr_received: i64 = 0
        self.dwa_sent: i64 = 0
        self.dwr_sent: i64 = 0
        self.dwa_received: i64 = 0
        self.dpr_received: i64 = 0
        self.dpa_sent: i64 = 0
        self.dpr_sent: i64 = 0
        self.dpa_received: i64 = 0
        self.other_received: i64 = 0
        self.refused: dict[int, int] = {}

    def refuse(self, result_code: int) -> None:
        """Count a request that got this Result-Code without reaching the charging service."""
        self.refused[result_code] = self.refused.get(result_code, 0) + 1

    def add(self, other: "Traffic") -> None:
        """Add what another connection counted."""
        self.ccr_received += other.ccr_received
        self.cca_sent += other.cca_sent
        self.cer_received += other.cer_received
        self.cea_sent += other.cea_sent
        self.dwr_received += other.dwr_received
        self.dwa_sent += other.dwa_sent
        self.dwr_sent += other.dwr_sent
        self.dwa_received += other.dwa_received
        self.dpr_received += other.dpr_received
        self.dpa_sent += other.dpa_sent
        self.dpr_sent += other.dpr_sent
        self.dpa_received += other.dpa_received
        self.other_received += other.other_received
        for result_code, count in other.refused.items():
            self.refused[result_code] = self.refused.get(result_code, 0) + count
