"""What a statement is made of: the frozen choice of records, and what they came to."""

from __future__ import annotations

from dataclasses import dataclass

from ocs.settlement.period import Period
from ocs.settlement.statement import StatementLine, UnratedUsage


@dataclass(frozen=True, slots=True)
class Basis:
    """The frozen choice of records: of files up to ``lake_cut``, begun before the period's end.

    Settled before are records of files up to ``after_file`` that began before ``after_ms``.
    """

    partner: str
    period: Period
    after_file: int
    after_ms: int
    lake_cut: int


@dataclass(frozen=True, slots=True)
class Computed:
    """What records came to; ``records`` by direction and currency, ``counters`` by counter and month."""

    lines: tuple[StatementLine, ...]
    unrated: tuple[UnratedUsage, ...]
    records: dict[tuple[str, str], int]
    counters: dict[str, dict[int, int]]
