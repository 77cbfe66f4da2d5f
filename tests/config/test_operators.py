"""Price lists as operators publish them, written as the pages say; they cost what was worked out by hand."""

from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue

OPERATORS = sorted(path for path in (Path(__file__).parent / "operators").iterdir() if path.is_dir())
LEAST_EXAMPLES = 3


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda path: path.name)
def test_price_list_costs_what_it_says(operator: Path) -> None:
    """Neither mistake nor warning, and every example holds."""
    checked = check_catalogue(operator)
    assert [str(issue) for issue in checked.issues] == []
    assert len(checked.examples) >= LEAST_EXAMPLES


def test_a_state_counts_usages_of_a_discount_and_money_of_a_rules_cap(tmp_path: Path) -> None:
    """By the name of the discount or rule; a counter of the plan with the same name comes first."""
    (tmp_path / "c.yaml").write_text(
        "services: [sms]\n"
        "plans: { p: { name: x, currency: EUR, counters: { same: { measure: usages } },\n"
        "  discounts: { third: { percent: 100 %, every: 3, for: { service: sms } },\n"
        "    same: { percent: 50 %, every: 2, for: { service: sms } } },\n"
        "  sms: [{ name: text, price: 1 EUR per message, cap: 5 EUR per day }] } }\n"
        "examples:\n"
        + "".join(
            f"  - {{ name: '{number}', plan: p, usage: {{ service: sms, at: 2026-01-01 }},"
            f" state: {{ counters: {{ {state} }} }}, costs: {costs} EUR }}\n"
            for number, (state, costs) in enumerate(
                [("third: 2", 0), ("third: 1 usages", 1), ("text: 4.50 EUR", "0.5"), ("same: 1", 1)]
            )
        )
    )
    found = [str(issue) for issue in check_catalogue(tmp_path).issues if issue.severity == "error"]
    assert found == []


def test_a_location_is_asked_for_by_whole_parts(tmp_path: Path) -> None:
    """Area 1 is not area 10, and a cell within a zone can not be asked for beside it."""
    text = (
        "services: [data]\n"
        "locations: { prefixes: { area: [23415-1], cell: [23415-1-7] } }\n"
        "plans: { p: { name: x, currency: EUR, data: [{ location: area, price: 1 EUR per 1 MB },\n"
        "  { location: cell, price: 2 EUR per 1 MB }, { location: 23415-2-1, price: 3 EUR per 1 MB },\n"
        "  { rating_group: any, access: denied }] } }\n"
        "examples:\n"
    ) + "".join(
        f"  - {{ name: '{where}', plan: p, {end}, usage: {{ service: data, volume: 1 MB, at: 2026-01-01,"
        f" location: {where} }} }}\n"
        for where, end in {
            "23415-1": "costs: 1 EUR",
            "23415-1-70": "costs: 1 EUR",
            "23415-1-7": "costs: 2 EUR",
            "23415-10": "refused: denied",
            "23415-10-7": "refused: denied",
            "23415-2-1": "costs: 3 EUR",
        }.items()
    )
    (tmp_path / "c.yaml").write_text(text)
    assert [str(issue) for issue in check_catalogue(tmp_path).issues] == []
    (tmp_path / "c.yaml").write_text(text.replace("location: 23415-2-1, price", "location: 23415-1-8, price"))
    first = check_catalogue(tmp_path).issues[0]
    assert (first.line, first.code) == (4, "T108")
    assert first.message == "location '23415-1-8' lies in zone 'area', which is asked for instead"


HOURS = ", ".join(f"b{hour}: {{ hours: {hour:02d}:00-{hour + 1:02d}:00 }}" for hour in range(24))
PRICES = ", ".join(f"b{hour}: {hour} EUR per 60 s" for hour in range(24))


def test_examples_take_a_bounded_time_and_tell_a_bounded_reasoning(tmp_path: Path) -> None:
    """Examples that meet too many switches of price are refused; of each some steps are shown."""
    usage = "{ service: voice, duration: 365 d, at: 2026-01-01 }"
    (tmp_path / "c.yaml").write_text(
        f"services: [voice]\ncalendars: {{ hours: {{ bands: {{ {HOURS} }} }} }}\n"
        f"plans: {{ p: {{ name: x, currency: EUR, voice: [{{ calendar: hours, price: {{ {PRICES} }} }}] }} }}\n"
        "examples:\n" + f"  - {{ name: a, plan: p, usage: {usage}, costs: 1 EUR }}\n" * 40
    )
    issues = check_catalogue(tmp_path).issues
    assert [issue.code for issue in issues[:3]] == ["T602"] * 3
    assert issues[0].message == "example 'a': it costs 6044400.00 EUR, not 1.00 EUR"
    assert issues[0].hint.count("\n") == 41
    assert "... 8722 more steps ..." in issues[0].hint
    assert (issues[-1].code, issues[-1].line) == ("T007", 4 + len(issues))


def test_credit_has_no_bands_and_nothing_is_unlimited(tmp_path: Path) -> None:
    """Both are said at their place, with what to write instead."""
    (tmp_path / "c.yaml").write_text(
        "services: [voice]\n"
        "calendars: { n: { bands: { night: { hours: 22:00-06:00 }, day: otherwise } } }\n"
        "plans: { p: { name: x, currency: EUR, voice: [{ price: 1 EUR per 60 s }], bundles: {\n"
        "  a: { units: 1 EUR, calendar: n, bands: night },\n"
        "  b: { units: unlimited },\n"
        "  c: { units: 1 min, calendar: n, bands: evening } } } }\n"
    )
    found = [(issue.line, issue.code, issue.message) for issue in check_catalogue(tmp_path).issues]
    assert found == [
        (4, "T108", "credit pays at any time"),
        (5, "T104", "'unlimited' is not a size"),
        (6, "T201", "calendar 'n' has no band 'evening'"),
    ]


def test_digits_of_national_numbers_are_counted_in_reason(tmp_path: Path) -> None:
    """Not below the length of short codes, nor beyond any number; and a country may have no prefix."""
    text = "services: [voice]\nnumbering: { country: 47, national_prefix: none, national_digits: NN }\n"
    text += "plans: { p: { name: x, currency: EUR, voice: [{ price: free }] } }\n"
    (tmp_path / "c.yaml").write_text(text.replace("NN", "[8, 3]"))
    found = [(issue.line, issue.code, issue.message) for issue in check_catalogue(tmp_path).issues]
    assert found == [(2, "T104", "'3' is not a number of digits")]
    (tmp_path / "c.yaml").write_text(text.replace("NN", "8"))
    catalogue = check_catalogue(tmp_path).catalogue
    assert catalogue is not None
    assert catalogue.numbering is not None
    assert [catalogue.numbering.international(number) for number in (b"22334455", b"0102")] == [
        b"4722334455",
        b"0102",
    ]
