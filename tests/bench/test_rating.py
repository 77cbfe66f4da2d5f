"""The bench of rating measures calls that can be rated, on every plan and by every prefix."""

from __future__ import annotations

from bench.calls import calls_of, catalogue_of, numbers_in_deck, numbers_of
from bench.micro.rating_cases import rating_cases
from bench.rating import affordable, check, curve_of_plans, curve_of_prefixes, kinds, print_table


def test_each_curve_gives_its_points() -> None:
    """With a cost for each, and a table of all."""
    found = kinds(20) + curve_of_plans((2, 3), 20) + curve_of_prefixes((10, 200), 20)
    assert [each.parameters.get("plans") for each in found if each.case == "plans"] == [2, 3]
    assert [each.parameters.get("prefixes") for each in found if each.case == "prefixes"] == [10, 200]
    assert all(float(each.figures["cpu_us"]) > 0 for each in found)
    print_table(found)


def test_calls_are_spread_and_can_be_rated() -> None:
    """Numbers at home and by the deck; what is affordable is some of an hour."""
    catalogue = catalogue_of(20, 300, zones=50)
    calls = check(calls_of(catalogue, numbers_of(b"49", 40) + numbers_in_deck(catalogue, 40)))
    assert len({context.plan_id for context in calls.contexts}) > 5
    seconds = [affordable(usage, context) for usage, context in zip(calls.usages, calls.contexts, strict=True)]
    assert 0 < min(seconds) <= max(seconds) <= 3600
    assert all(case.call() for case in rating_cases())
