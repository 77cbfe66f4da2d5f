"""What all tests share: the choice of compiled or interpreted first of all, and Hypothesis' profile."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

import ocs  # noqa: F401  (chooses the form of the hot modules before any of them is imported)

settings.register_profile("ocs", deadline=None, print_blob=True)
settings.load_profile("ocs")

TESTS: Final = Path(__file__).parent
OF_ONE_FORM: Final = (
    "bench",
    "database",
    "ocs/billing",
    "ocs/cli",
    "ocs/customers",
    "ocs/demo",
    "ocs/documents",
    "ocs/payments",
    "ocs/settlement",
    "ocs/usage_import",
    "test_docs.py",
    "test_tidy.py",
)
"""What these test is not compiled; they call the hot modules as anybody does, and run with one form only."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need not run in both forms."""
    folders = [TESTS / name for name in OF_ONE_FORM]
    for item in items:
        if any(item.path == folder or folder in item.path.parents for folder in folders):
            item.add_marker(pytest.mark.one_form)
