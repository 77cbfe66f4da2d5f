"""Open files: the process takes what the system lets it have."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from ocs.open_files import allow_files
print(allow_files(wanted), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "allowed", "now"),
    [(64, 500, 300, 300, 300), (64, 200, 300, 200, 200), (400, 500, 300, 300, 400)],
)
def test_limit_is_raised_as_far_as_it_goes(soft: int, hard: int, wanted: int, allowed: int, now: int) -> None:
    """To what is wanted, at most to the hard limit, and never down."""
    arguments = (str(soft), str(hard), str(wanted))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == [str(allowed), str(now)], done.stderr
