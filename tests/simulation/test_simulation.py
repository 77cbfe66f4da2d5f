"""No unit of money appears or vanishes, whatever is lost, doubled, late, reordered or killed in between."""

import os

import pytest

from tests.simulation.simulation import Simulation

SEEDS = 250
SOAK_SEEDS = int(os.environ.get("OCS_SOAK_SEEDS", "10000"))


def run(seed: int) -> None:
    """One simulation; its seed is said where it fails."""
    try:
        Simulation(seed).run()
    except Exception as error:
        raise AssertionError(f"seed {seed}") from error


@pytest.mark.parametrize("first", range(0, SEEDS, 25))
def test_books_are_exact(first: int) -> None:
    """Acknowledged units are charged once, others at most once, and in the end nothing is held."""
    for seed in range(first, first + 25):
        run(seed)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_books_are_exact_for_long() -> None:
    """The same for many more seeds."""
    for seed in range(SEEDS, SEEDS + SOAK_SEEDS):
        run(seed)
