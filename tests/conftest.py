"""What all tests share: the choice of compiled or interpreted first of all, and Hypothesis' profile."""

import os
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

import ocs  # noqa: F401  (chooses the form of the hot modules before any of them is imported)

# Tests start hundreds of processes: without bytecode each would compile the sources and the libraries again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("ocs", deadline=None, print_blob=True)
settings.load_profile("ocs")

TESTS: Final = Path(__file__).parent
OF_ONE_FORM: Final = (
    "balance/test_addresses.py",
    "balance/test_deployments.py",
    "balance/test_launch.py",
    "balance/test_private_valkey.py",
    "balance/test_store_crash.py",
    "bench",
    "config",
    "database",
    "end_to_end",
    "ocs/accounts",
    "ocs/audit",
    "ocs/billing",
    "ocs/cdr",
    "ocs/cli",
    "ocs/customers",
    "ocs/demo",
    "ocs/documents",
    "ocs/payments",
    "ocs/settlement",
    "ocs/subscribers",
    "ocs/test_hotpath.py",
    "ocs/test_logs.py",
    "ocs/test_open_files.py",
    "ocs/test_reloading.py",
    "ocs/test_watching.py",
    "ocs/usage_import",
    "protocol/test_foreign_freediameter.py",
    "protocol/test_foreign_python_diameter.py",
    "protocol/test_foreign_tshark.py",
    "test_docs.py",
    "test_tidy.py",
)
"""What these test is not compiled; they call the hot modules as anybody does, and run with one form only."""

OF_BOTH_ALL_THE_SAME: Final = ("end_to_end/test_open5gs.py", "end_to_end/test_stopping.py")
"""Of whole servers, these show that either form starts, charges and ends."""


def is_of_one_form(path: Path) -> bool:
    """Whether one run with either form is enough for a file of tests, or for all files of a folder."""
    below = [path, *path.parents]
    if any(TESTS / name in below for name in OF_BOTH_ALL_THE_SAME):
        return False
    return any(TESTS / name in below for name in OF_ONE_FORM)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what the marks leave out: its libraries take seconds in every worker."""
    if "not one_form" not in str(config.getoption("markexpr")) or not collection_path.is_file():
        return None
    return True if is_of_one_form(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need not run in both forms."""
    for item in items:
        if is_of_one_form(item.path):
            item.add_marker(pytest.mark.one_form)
