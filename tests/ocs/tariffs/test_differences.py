"""What changes for whom between two price lists."""

from __future__ import annotations

from pathlib import Path

from config.catalogue_file import check_catalogue
from ocs.tariffs.differences import differences_of

PRICES = Path(__file__).parents[2] / "scenarios" / "catalogues" / "tariffs.yaml"


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """The price list with some words replaced."""
    text = PRICES.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "new.yaml"
    path.write_text(text)
    return path


def test_the_same_prices_do_not_differ(tmp_path: Path) -> None:
    """Comments and order are no difference."""
    new = changed(tmp_path, ("# Prices that depend", "# Prices which depend"))
    found = differences_of(check_catalogue(PRICES), check_catalogue(new))
    assert (found.plans, found.shared) == ([], [])
    assert found.lines()[0].startswith("no difference")


def test_a_changed_price_is_told_in_words_and_in_what_usages_cost(tmp_path: Path) -> None:
    """Each band has its samples; plans that are the same are not named."""
    new = changed(tmp_path, ("peak: 2.00 EUR", "peak: 3.00 EUR"), ("percent: 50 %", "percent: 40 %"))
    found = differences_of(check_catalogue(PRICES), check_catalogue(new))
    assert [plan.plan_id for plan in found.plans] == ["banded", "happy"]
    banded, happy = found.plans
    assert ("data, peak: 1 MB", "2.00 EUR", "3.00 EUR") in banded.prices
    assert all("off-peak" not in what for what, _, _ in banded.prices)
    assert ("data: 1 MB", "0.50 EUR", "0.60 EUR") in happy.prices
    assert "- discount half: 50 % off" in happy.lines
    assert "+ discount half: 40 % off" in happy.lines


def test_rules_plans_and_zones_that_come_and_go_are_told(tmp_path: Path) -> None:
    """Nothing that a subscriber would notice is left out."""
    new = changed(
        tmp_path,
        ("  happy:", "  glad:"),
        ("      - { network: home, price: 1.00 EUR per 1 MB, name: home }\n", ""),
        ('spain: ["214"]', 'spain: ["214", "21402"]'),
        ("for: { service: data, network: home }", "for: { service: data, network: eu }"),
    )
    checked = check_catalogue(new)
    assert checked.catalogue is not None, checked.issues
    found = differences_of(check_catalogue(PRICES), checked)
    lines = "\n".join(found.lines())
    assert "subscribers of happy (Half the price, and a voucher):\n  the plan is gone" in lines
    assert "subscribers of glad (Half the price, and a voucher):\n  a new plan" in lines
    assert "data home: gone, it was network home; 1.00 EUR per 1 MB" in lines
    assert "networks: 1 new prefixes, 0 gone, 0 in another zone" in lines
    assert found.as_json()["shared"] == found.shared
