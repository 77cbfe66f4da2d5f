"""What nobody means on a command line is told in a sentence, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ocs.cli import cli

EXAMPLE = Path(__file__).parents[3] / "config" / "examples"
MUCH = "9" * 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bill", "run", "--cycle", "monthly", "--as-of", ""], "'' is not a day"),
        (["bill", "run", "--cycle", "monthly", "--as-of", "2027-02-29"], "'2027-02-29' is not a day"),
        (["bill", "drop", MUCH], "is not in the range"),
        (["bill", "list", "--most", MUCH], "is not in the range"),
        (["bill", "export", "--run", MUCH], "is not in the range"),
        (["bill", "verify", "--run", "-1"], "is not in the range"),
        (["customer", "list", "--most", MUCH], "is not in the range"),
        (["payment", "reverse", MUCH, "--date", "2026-11-01", "--reason", "r"], "is not in the range"),
        (["cdr", "list", "--limit", "-1"], "is not in the range"),
        (["cdr", "query", "--through", MUCH], "is not in the range"),
        (["cdr", "query", " "], "there is no SQL"),
        (["cdr", "import", "FILE", "--mapping", "MAPPING", "--suspense"], "FILE:1: not UTF-8"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    """By its place where it has one; the exit code says that nothing was done."""
    file = tmp_path / "some.csv"
    file.write_bytes(bytes(range(256)))
    places = {"FILE": str(file), "MAPPING": str(EXAMPLE / "mappings" / "voice.yaml")}
    given = [places.get(one, one) for one in arguments]
    data = ["--data", str(tmp_path / "data"), "--catalogue", str(EXAMPLE / "small_mvno")]
    result = CliRunner().invoke(cli, [*given, *data])

    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in {1, 2}
    assert said.replace("FILE", str(file)) in result.stderr
