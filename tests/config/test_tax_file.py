"""Tax rates and discounts on the bill, and what is said about mistakes in their files."""

from pathlib import Path

import pytest

from config.bill_discounts_file import BillDiscounts, load_bill_discounts
from config.issues import ConfigError
from config.settings_schema import EXAMPLE_OPERATOR
from config.tax_file import TaxTable, load_tax_table, parse_rate

HEADER = "jurisdiction,category,rate,valid_from,valid_until\n"


def table(folder: Path, *rows: str) -> TaxTable:
    """The table of these rows."""
    path = folder / "tax.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return load_tax_table(path)


def test_a_rate_holds_from_its_first_day_until_before_its_end(tmp_path: Path) -> None:
    """The day decides; a day before or after all rows, and another category, have no rate."""
    rates = table(tmp_path, "DE,telecom,16 %,2020-07-01,2021-01-01", "DE,telecom,19%,2021-01-01,2030-01-01")

    assert rates.rate_millionths("DE", "telecom", "2020-12-31") == 160_000
    assert rates.rate_millionths("DE", "telecom", "2021-01-01") == 190_000
    assert rates.rate_millionths("DE", "telecom", "2020-06-30") is None
    assert rates.rate_millionths("DE", "telecom", "2030-01-01") is None
    assert rates.rate_millionths("DE", "standard", "2021-01-01") is None


def test_the_version_is_the_content(tmp_path: Path) -> None:
    """Order and spaces do not change the version, a rate does."""
    first = table(tmp_path, "DE,a,19 %,,", "FR,a,20 %,,").version

    assert table(tmp_path, "FR,a,20%,,", "DE, a ,19 %,,").version == first
    assert table(tmp_path, "DE,a,19 %,,", "FR,a,20.5 %,,").version != first


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("DE,a,19,,", "tax.csv:2: '19' is not a rate"),
        ("DE,a,101 %,,", "tax.csv:2: '101 %' is not a rate"),
        ("DE,a,100.5 %,,", "tax.csv:2: '100.5 %' is more than 100 %"),
        ("DE,a,19 %,2021-13-01,", "tax.csv:2: '2021-13-01' is not a day"),
        ("DE,a,19 %,2021-01-02,2021-01-02", "tax.csv:2: valid_until 2021-01-02 is not after"),
        ("DE,,19 %,,", "tax.csv:2: category '' is not a word"),
        ("DE,a,19 %,", "tax.csv:2: 4 fields, the header has 5"),
        ("DE,a,19 %,,\nDE,a,7 %,2020-01-01,", "tax.csv:3: DE a has a row for the same days in line 2"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, row: str, message: str) -> None:
    """File and line, and what is wrong."""
    with pytest.raises(ConfigError) as caught:
        table(tmp_path, row)

    assert message in str(caught.value)


def test_a_wrong_header_is_named(tmp_path: Path) -> None:
    """The columns that are expected are said; a file that is not there too."""
    path = tmp_path / "tax.csv"
    path.write_text("country,rate\n")
    with pytest.raises(ConfigError, match="jurisdiction,category,rate,valid_from,valid_until"):
        load_tax_table(path)
    with pytest.raises(ConfigError, match="No such file"):
        load_tax_table(tmp_path / "none.csv")


def test_decimals_of_a_rate_are_exact() -> None:
    """7.7 % is 77,000 millionths."""
    assert parse_rate("7.7 %") == 77_000
    assert parse_rate("0 %") == 0
    assert parse_rate("8.8750%") == 88_750


def test_discounts_hold_by_plan_and_day(tmp_path: Path) -> None:
    """The rows of a plan that hold on a day, the lower amounts first."""
    path = tmp_path / "bill_discounts.csv"
    path.write_text(
        "plan,name,of,from_amount,percent,valid_from,valid_until\n"
        "talk,volume,usage,100.00,10 %,,\ntalk,volume,usage,50.00,5 %,,\ntalk,old,all,0,1 %,,2020-01-01\n"
    )
    discounts: BillDiscounts = load_bill_discounts(path)

    assert [row.percent_millionths for row in discounts.holding("talk", "2026-01-01")] == [50_000, 100_000]
    assert discounts.holding("other", "2026-01-01") == []
    path.write_text("plan,name,of,from_amount,percent,valid_from,valid_until\ntalk,v,calls,-1,5 %,,\n")
    with pytest.raises(ConfigError, match=r"bill_discounts.csv:2: of 'calls' is not"):
        load_bill_discounts(path)


def test_the_example_operators_files_are_right() -> None:
    """What newcomers start from loads."""
    assert (
        load_tax_table(EXAMPLE_OPERATOR / "tax.csv").rate_millionths("DE", "telecom", "2026-11-01") == 190_000
    )
    assert load_bill_discounts(EXAMPLE_OPERATOR / "bill_discounts.csv").version
