"""Line charts as SVG: no script, no library, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 260
LEFT: Final = 70
RIGHT: Final = 20
TOP: Final = 34
BOTTOM: Final = 42
COLOURS: Final = ("#1f6feb", "#d1495b", "#2e8b57", "#b8860b", "#6f42c1", "#008b8b", "#555555")

Points = list[tuple[float, float]]


def line_chart(title: str, x_label: str, y_label: str, lines: dict[str, Points], *, log_y: bool = False) -> str:
    """An SVG element with one line for each name; with ``log_y`` the y axis is logarithmic (values above 0)."""
    lines = {name: points for name, points in lines.items() if points}
    xs = [x for points in lines.values() for x, _ in points] or [0.0, 1.0]
    ys = [max(y, 0.001) if log_y else y for points in lines.values() for _, y in points] or [1.0]
    y_ticks = log_ticks(min(ys), max(ys)) if log_y else linear_ticks(0, max(ys))
    x_ticks = linear_ticks(min(xs), max(xs))
    x_span = _Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    bottom, top = y_ticks[0], y_ticks[-1]
    y_span = _Axis(_height(bottom, log_y=log_y), _height(top, log_y=log_y), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" xmlns="http://www.w3.org/2000/svg">',
        f'<title>{escape(title)}</title><text x="{LEFT}" y="16" class="title">{escape(title)}</text>',
    ]
    for tick in y_ticks:
        y = y_span.place(_height(tick, log_y=log_y))
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{short(tick)}</text>')
    for tick in x_ticks:
        if min(xs) <= tick <= max(xs):
            x = x_span.place(tick)
            parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(tick)}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(
            f"{x_span.place(x)},{y_span.place(_height(max(y, bottom), log_y=log_y))}" for x, y in points
        )
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        at = WIDTH - RIGHT - 90 * (len(lines) - number)
        parts.append(f'<text x="{at}" y="16" fill="{colour}">{escape(name)}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(x_label)}</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 6}" class="unit">{escape(y_label)}</text></svg>')
    return "".join(parts)


class _Axis:
    """Values from low to high, put between two places of the drawing."""

    def __init__(self, low: float, high: float, start: int, end: int) -> None:
        self._low = low
        self._span = (high - low) or 1.0
        self._start = start
        self._length = end - start

    def place(self, value: float) -> float:
        """Where a value stands, to a tenth."""
        return round(self._start + (value - self._low) / self._span * self._length, 1)


def _height(value: float, *, log_y: bool) -> float:
    return log10(value) if log_y else value


def linear_ticks(low: float, high: float) -> list[float]:
    """Four to ten round values that enclose a range."""
    span = (high - low) or 1.0
    step = 10.0 ** floor(log10(span))
    for factor in (0.1, 0.2, 0.25, 0.5, 1.0):
        if span / (step * factor) <= 8:
            step *= factor
            break
    first, last = floor(low / step), ceil(high / step)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """The powers of ten that enclose a range."""
    first, last = floor(log10(low)), ceil(log10(high))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def short(value: float) -> str:
    """A number as an axis shows it: 250, 1.5k, 40k, 2M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
