"""Issues print as places that editors jump to, with all of them in one error."""

from pathlib import Path

from config.issues import WARNING, ConfigError, Issue, did_you_mean


def test_issue_prints_place_message_and_hint() -> None:
    """An issue begins with file:line:column, and its hint follows on a line of its own."""
    issue = Issue(Path("a.yaml"), 3, 7, "unknown key 'prize'", "did you mean 'price'?")
    assert str(issue) == "a.yaml:3:7: unknown key 'prize'\n    hint: did you mean 'price'?"


def test_issue_without_column_or_line_leaves_them_out() -> None:
    """What is not known of a place is not printed."""
    assert str(Issue("a.csv", 3, 0, "wrong")) == "a.csv:3: wrong"
    assert str(Issue("a.csv", 0, 0, "wrong")) == "a.csv: wrong"


def test_error_lists_all_issues_and_counts_them() -> None:
    """Every issue is printed, and the last line says that nothing was loaded."""
    issues = [Issue("a", 1, 1, "one"), Issue("a", 2, 1, "two")]
    assert str(ConfigError(issues)) == "a:1:1: one\na:2:1: two\n2 errors; nothing was loaded"
    assert str(ConfigError(issues[:1])) == "a:1:1: one\n1 error; nothing was loaded"


def test_error_counts_warnings_apart() -> None:
    """Who reads the last line learns how many mistakes there are; a warning is none."""
    issues = [Issue("a", 1, 1, "one"), Issue("a", 2, 1, "two", severity=WARNING)]
    assert str(ConfigError(issues)).splitlines()[-1] == "1 error, 1 warning; nothing was loaded"


def test_error_counts_what_it_does_not_list() -> None:
    """Issues beyond the listed ones are counted."""
    text = str(ConfigError([Issue("a", 1, 1, "one")], unlisted=41))
    assert text == "a:1:1: one\n... and 41 more\n42 errors; nothing was loaded"


def test_did_you_mean_names_the_nearest_else_all() -> None:
    """A near word is proposed whatever its case; without one all are named, and none where there are none."""
    assert did_you_mean("PRIZE", ["price", "access"]) == "did you mean 'price'?"
    assert did_you_mean("zzz", ["price", "access"]) == "known: access, price"
    assert did_you_mean("zzz", []) == ""
    many = did_you_mean("zzz", [f"plan-{number:04}" for number in range(1500)])
    assert many.startswith("known: plan-0000, plan-0001, ")
    assert many.endswith("plan-0089 ... and 1410 more")
    assert did_you_mean("zzz", ["x" * 2000, "y"]) == "known: 2 more"
