"""Letting another thread run amid a long compiled loop.

A compiled loop, like one call of C, keeps the interpreter until it ends; requests that are served by another
thread would wait for it. Interpreted code looks on entering a function whether somebody waits. So this module
is never compiled, and long loops that may run beside traffic call it every so often.
"""

from typing import Final

OFTEN: Final = 1 << 10
"""Steps of a loop between two calls: about half a millisecond."""


def give_way() -> None:
    """Let another thread have the interpreter, if one waits for it."""
