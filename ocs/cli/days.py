"""Days on the command line."""

from __future__ import annotations

from datetime import date

import click


class Day(click.ParamType[str]):
    """A day, YYYY-MM-DD."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The day as it was written, or a usage error."""
        text = str(value)
        try:
            found = date.fromisoformat(text).isoformat()
        except ValueError:
            found = ""
        return (
            found
            if found and found == text
            else self.fail(f"{text!r} is not a day, such as 2026-11-24", param, ctx)
        )
