"""What commands print: JSON for scripts, lines and tables for people."""

import json
import sys
from collections.abc import Iterable, Sequence

import click


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Print names and values in two columns."""
    rows = [(name, str(value)) for name, value in fields]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        click.echo(f"{name:{width}}  {value}")


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns as wide as they need; numbers stand at the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    kinds = [all(_is_number(row[index]) for row in texts) for index in range(len(header))]
    widths = [max(len(head), *(_width(row[i]) for row in texts), 0) for i, head in enumerate(header)]
    for line in [list(header), *texts]:
        cells = (
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip(line, widths, kinds, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def warn(sentence: str) -> None:
    """Print a warning to stderr."""
    sys.stderr.write(f"ocs: {sentence}\n")


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _width(text: str) -> int:
    """The columns of a terminal that a text takes: letters of some scripts take two, or none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  (for tables that have such)

    return cell_len(text)
