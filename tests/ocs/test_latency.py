"""The latency histogram: exact below 32, within a sixteenth above, whatever is recorded."""

from hypothesis import given
from hypothesis import strategies as st

from ocs.latency import PLACES, LatencyHistogram, place_of, upper_bound


@given(st.integers(min_value=0, max_value=(1 << 36) - 1))
def test_a_value_lies_in_its_step(value: int) -> None:
    """A value is not above its step's bound, above the bound before, and the step is narrow."""
    place = place_of(value)
    assert value <= upper_bound(place)
    assert place == 0 or value > upper_bound(place - 1)
    assert (upper_bound(place) - value) * 16 <= max(value, 1)


def test_bounds_rise_through_all_places() -> None:
    """Steps follow one another without a gap."""
    bounds = [upper_bound(place) for place in range(PLACES)]
    assert all(place_of(bound) == place for place, bound in enumerate(bounds))
    assert all(place_of(bound + 1) == place + 1 for place, bound in enumerate(bounds[:-1]))


@given(st.lists(st.integers(min_value=-5, max_value=1 << 40), min_size=1), st.integers(1, 10_000))
def test_a_quantile_covers_its_share(values: list[int], per_ten_thousand: int) -> None:
    """At least the wanted share of the values is not above the quantile; count, total and highest are exact."""
    histogram = LatencyHistogram()
    for value in values:
        histogram.record(value)
    counted = [max(value, 0) for value in values]
    assert (histogram.count, histogram.total, histogram.highest) == (len(values), sum(counted), max(counted))
    quantile = histogram.quantile(per_ten_thousand)
    if max(counted) < 1 << 36:
        covered = sum(1 for value in counted if value <= quantile)
        assert covered * 10_000 >= len(values) * per_ten_thousand


def test_histograms_add_up() -> None:
    """Adding one histogram to another is like recording all values in one."""
    one, other, both = LatencyHistogram(), LatencyHistogram(), LatencyHistogram()
    one.record(5)
    other.record_many(700, 3)
    both.record(5)
    both.record_many(700, 3)
    one.add(other)
    assert vars_of(one) == vars_of(both)
    assert LatencyHistogram().quantile(5000) == 0


def vars_of(histogram: LatencyHistogram) -> tuple[object, ...]:
    """All that a histogram holds."""
    return histogram.counts(), histogram.count, histogram.total, histogram.highest
