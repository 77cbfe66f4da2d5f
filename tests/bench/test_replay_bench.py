"""The measurement of replays: one tiny run."""

from bench.replay import measure


def test_each_kind_of_records_is_measured_from_files_and_from_a_lake() -> None:
    """All records are rated, or it would fail."""
    found = measure(200, 1)
    assert [(each.case, each.parameters["from"]) for each in found] == [
        ("data, one price", "files"),
        ("data, one price", "lake"),
        ("calls, messages and data", "files"),
        ("calls, messages and data", "lake"),
    ]
    assert all(int(each.figures["records_per_s"]) > 0 for each in found)
