"""Whole numbers on the command line: what is larger than any database counts is refused as a mistake."""

from __future__ import annotations

from typing import Final

import click

LARGEST: Final = (1 << 63) - 1
ID: Final = click.IntRange(0, LARGEST)
"""The number of a run, a payment or a file."""
SOME: Final = click.IntRange(1, LARGEST)
"""So many, one at least."""
SOME_OR_ALL: Final = click.IntRange(0, LARGEST)
"""So many; 0 = all."""
