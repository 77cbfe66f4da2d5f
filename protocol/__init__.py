"""Diameter: bytes to typed messages and back, and the peer state machine. Knows nothing of money."""
