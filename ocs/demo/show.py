"""The demonstration's picture: a live table on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from ocs.demo.observer import Observation
from ocs.simulation.report import LoadReport, code_line, milliseconds
from ocs.simulation.session import OCTETS


class Show:
    """Shows a run while it goes; a context manager."""

    def __init__(self, seen: Observation, title: str, seconds: int) -> None:
        self._seen = seen
        self._title = title
        self._seconds = seconds
        self._calls = 0
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last picture standing."""
        if self._live is not None:
            self._live.stop()

    def update(self, report: LoadReport) -> None:
        """Draw the state of things; on no terminal every fifth second a line."""
        self._calls += 1
        if self._live is not None:
            self._live.update(self._picture(report), refresh=True)
        elif self._calls % 10 == 1:
            sys.stdout.write(self._line(report) + "\n")
            sys.stdout.flush()

    def _numbers(self, report: LoadReport) -> dict[str, str]:
        tally = report.tally
        data = report.as_dict()
        latency = data["latency"]
        cpu_percent = (self._seen.cpu_ms - self._seen.cpu_first_ms) * 100_000 // max(report.elapsed_us, 1)
        return {
            "answers/s": f"{data['answers_per_s']:,}",
            "latency": f"p50 {milliseconds(latency['p50_us'])}  p99 {milliseconds(latency['p99_us'])}",
            "result codes": code_line(tally.answers.by_key()),
            "per service": code_line(tally.service_results.by_key()),
            "sessions": f"{tally.sessions_started:,} started  {tally.sessions_ended:,} ended",
            "octets charged": f"{tally.units[OCTETS].acknowledged:,}",
            "final grants": f"{tally.final_units:,}",
            "records written": f"{self._seen.records:,}",
            "server CPU": f"{cpu_percent} % of a core",
        }

    def _picture(self, report: LoadReport) -> Group:
        left = Table.grid(padding=(0, 2))
        for name, value in self._numbers(report).items():
            left.add_row(f"[bold]{name}[/bold]", value)
        columns = ("subscriber", "plan", "at first", "now", "reserved", "bundle")
        accounts = Table(*columns, box=None, padding=(0, 2))
        for each in self._seen.watched:
            accounts.add_row(each.msisdn, each.plan, each.first, each.now, each.reserved, each.bucket)
        elapsed = f"{report.elapsed_us // 1_000_000} of {self._seconds} s"
        return Group(Panel(left, title=self._title, subtitle=elapsed), Panel(accounts, title="balances"))

    def _line(self, report: LoadReport) -> str:
        numbers = self._numbers(report)
        balances = "  ".join(
            f"{each.msisdn} {each.plan} {each.now} {each.bucket}".rstrip() for each in self._seen.watched
        )
        names = ("answers/s", "latency", "result codes", "final grants", "records written")
        parts = "  |  ".join(f"{name} {numbers[name]}" for name in names)
        return f"{report.elapsed_us // 1_000_000:3} s  |  {parts}  |  {balances}"
