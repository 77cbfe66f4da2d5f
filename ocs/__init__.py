"""The online charging server: whatever has a clock, a socket, a disk or a user."""
