"""``python -m ocs`` is the command ``ocs``."""

from ocs.cli import main

main()
