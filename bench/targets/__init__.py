"""Servers to measure: ours in its forms, and the baselines beside it."""
