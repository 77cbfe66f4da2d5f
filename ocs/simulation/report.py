"""What a run showed: for people and for scripts."""

from typing import Any

from ocs.simulation.profile import LoadProfile
from ocs.simulation.session import OCTETS
from ocs.simulation.tally import Tally, UnitSums

TYPE_NAMES = {1: "initial", 2: "update", 3: "termination", 4: "event"}
UNIT_NAMES = ("octets", "seconds", "events")
QUANTILES = {"p50_us": 5000, "p95_us": 9500, "p99_us": 9900, "p99_9_us": 9990}


class LoadReport:
    """A run's profile, its counts, how long it took (``elapsed_us``), and what broke it off (``trouble``)."""

    def __init__(self, profile: LoadProfile, tally: Tally, elapsed_us: int, trouble: str) -> None:
        self.profile = profile
        self.tally = tally
        self.elapsed_us = elapsed_us
        self.trouble = trouble

    @property
    def well(self) -> bool:
        """Whether every request was answered and every answer was well-formed."""
        tally = self.tally
        return not self.trouble and tally.malformed == 0 and tally.unanswered == 0 and tally.answered > 0

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON data."""
        tally = self.tally
        latency = {name: tally.latency.quantile(place) for name, place in QUANTILES.items()}
        return {
            "ok": self.well,
            "trouble": self.trouble,
            "host": self.profile.host,
            "port": self.profile.port,
            "subscribers": self.profile.subscribers,
            "gateways": self.profile.gateways,
            "rate": self.profile.rate,
            "window": 0 if self.profile.paced else self.profile.window,
            "elapsed_ms": self.elapsed_us // 1000,
            "requests": tally.requests,
            "repeated": tally.repeated,
            "answers": tally.answered,
            "answers_per_s": tally.answered * 1_000_000 // max(self.elapsed_us, 1),
            "malformed": tally.malformed,
            "unanswered": tally.unanswered,
            "late": tally.late,
            "shed": tally.shed,
            "latency": {**latency, "max_us": int(tally.latency.highest)},
            "result_codes": named_codes(tally.answers.by_key()),
            "service_result_codes": named_codes(tally.service_results.by_key()),
            "sessions": {
                "started": tally.sessions_started,
                "ended": tally.sessions_ended,
                "refused": tally.sessions_refused,
            },
            "out_of_credit": tally.out_of_credit,
            "final_units": tally.final_units,
            **{
                f"{name}_{what}": int(amount)
                for name, sums in self._units()
                for what, amount in (
                    ("granted", sums.granted),
                    ("reported", sums.reported),
                    ("acknowledged", sums.acknowledged),
                )
            },
            "faults": list(tally.faults),
        }

    def _units(self) -> list[tuple[str, UnitSums]]:
        """The sums to tell, by name: of octets always, of other units where the mix has them."""
        named = enumerate(zip(UNIT_NAMES, self.tally.units, strict=True))
        return [each for unit, each in named if unit == OCTETS or each[1].reported or each[1].granted]

    def as_text(self) -> str:
        """The report in a few lines."""
        tally = self.tally
        data = self.as_dict()
        latency = data["latency"]
        names = {"p50": "p50_us", "p95": "p95_us", "p99": "p99_us", "p99.9": "p99_9_us", "max": "max_us"}
        percentiles = "  ".join(f"{name} {milliseconds(latency[key])}" for name, key in names.items())
        sessions = f"{tally.sessions_started:,} started, {tally.sessions_ended:,} ended"
        lines = [
            f"{tally.answered:,} answers in {self.elapsed_us / 1e6:.1f} s: {data['answers_per_s']:,}/s",
            f"latency  {percentiles}",
            f"results  {code_line(tally.answers.by_key())}",
            f"services {code_line(tally.service_results.by_key())}",
            f"sessions {sessions}, {tally.sessions_refused:,} refused; final units {tally.final_units:,}",
        ]
        for name, sums in self._units():
            sent = f"{sums.granted:,} granted, {sums.reported:,} reported"
            lines.append(f"{name:<8} {sent}, {sums.acknowledged:,} acknowledged")
        if tally.repeated or tally.shed or tally.late:
            lines.append(
                f"repeated {tally.repeated:,} after reconnects, {tally.shed:,} shed, {tally.late:,} late"
            )
        if not self.well:
            lines.append(
                f"NOT WELL {tally.malformed:,} malformed, {tally.unanswered:,} unanswered. {self.trouble}"
            )
            lines.extend(f"  {fault}" for fault in tally.faults)
        return "\n".join(lines)


def named_codes(counts: dict[int, int]) -> dict[str, dict[str, int]]:
    """Counts by the name of the request type and the Result-Code."""
    named: dict[str, dict[str, int]] = {}
    for key, count in sorted(counts.items()):
        named.setdefault(TYPE_NAMES[key >> 16], {})[str(key & 0xFFFF)] = count
    return named


def code_line(counts: dict[int, int]) -> str:
    """Counts by Result-Code over all request types, in one line."""
    total: dict[int, int] = {}
    for key, count in counts.items():
        total[key & 0xFFFF] = total.get(key & 0xFFFF, 0) + count
    return "  ".join(f"{code}: {count:,}" for code, count in sorted(total.items())) or "none"


def milliseconds(microseconds: int) -> str:
    """A latency for people."""
    return f"{microseconds / 1000:.2f} ms"
