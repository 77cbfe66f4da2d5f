"""A bar on stderr for long work, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int], None]
"""Hears how much is done."""


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Progress | None]:
    """What to call with the amount that is done of ``total``; None where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    with staged_bar() as stage:
        yield lambda done: stage(what, done, total)


@contextmanager
def staged_bar() -> Iterator[Callable[[str, int, int | None], None]]:
    """What to call with a stage of the work, the amount done and its total (None = nobody knows)."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console  # noqa: PLC0415  (50 ms that only a terminal needs)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _silent(what: str, done: int, total: int | None) -> None:
    del what, done, total
