"""What all tests share: the choice of compiled or interpreted first of all, and Hypothesis' profile."""

from hypothesis import settings

import ocs  # noqa: F401  (chooses the form of the hot modules before any of them is imported)

settings.register_profile("ocs", deadline=None, print_blob=True)
settings.load_profile("ocs")
