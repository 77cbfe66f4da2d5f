"""The online charging server: whatever has a clock, a socket, a disk or a user."""

from ocs import hotpath

__version__ = "0.1.0"

hotpath.choose()
