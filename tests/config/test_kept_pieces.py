"""What did not change since a catalogue was read is taken over: the same objects, and never another meaning."""

from pathlib import Path

import pytest

from config.catalogue_file import CheckedCatalogue, check_catalogue
from config.catalogue_version import version_of_content
from config.kept_pieces import KeptPieces
from rating.catalogue import Catalogue
from rating.decks import RateDeck
from tests.config.test_catalogue_version import CATALOGUE, CHANGES, DECK

OTHER_PLAN = """\
  other:
    name: y
    currency: EUR
    voice: [{ destination: home, price: 0.30 EUR per min }]
    data: [{ rating_group: 7, price: 2.00 EUR per 1 GB }]
addons:"""
TWO_PLANS = CATALOGUE.replace("addons:", OTHER_PLAN)


def read(folder: Path, text: str, deck: str = DECK, before: CheckedCatalogue | None = None) -> CheckedCatalogue:
    """A catalogue and its deck, after another one was read."""
    (folder / "d.csv").write_text(deck)
    (folder / "c.yaml").write_text(text)
    checked = check_catalogue(folder, KeptPieces() if before is None else before.kept)
    assert checked.catalogue is not None, [str(issue) for issue in checked.issues]
    return checked


def made(checked: CheckedCatalogue) -> Catalogue:
    """The catalogue that was read."""
    assert checked.catalogue is not None
    return checked.catalogue


def version_of(checked: CheckedCatalogue) -> str:
    """What the catalogue that came out means by its content, not what it says of itself."""
    calendars = {
        rule.tariff.calendar.name: rule.tariff.calendar
        for plan in made(checked).plans.values()
        for selector in plan.selectors.values()
        for rule in selector.rules
        if rule.tariff is not None and rule.tariff.calendar is not None
    }
    digests = {name: deck.digest for name, deck in checked.kept.decks.items()}
    return version_of_content(made(checked), digests, calendars)[0]


def decks_of_rules(catalogue: Catalogue) -> list[RateDeck]:
    """The decks that the rules of all plans lead to."""
    return [
        rule.tariff.deck
        for plan in catalogue.plans.values()
        for selector in plan.selectors.values()
        for rule in selector.rules
        if rule.tariff is not None and rule.tariff.deck is not None
    ]


@pytest.mark.parametrize(("old", "new"), CHANGES, ids=[new for _, new in CHANGES])
def test_whatever_changes_comes_into_force(tmp_path: Path, old: str, new: str) -> None:
    """After another catalogue was read, one means what it does when it is read alone; and back again."""
    before = read(tmp_path, TWO_PLANS)
    after = read(tmp_path, TWO_PLANS.replace(old, new, 1), before=before)
    alone = read(tmp_path, TWO_PLANS.replace(old, new, 1))
    assert made(after).version == made(alone).version == version_of(after) == version_of(alone)
    back = read(tmp_path, TWO_PLANS, before=after)
    assert made(back).version == made(before).version == version_of(back)


def test_what_did_not_change_is_the_same_object(tmp_path: Path) -> None:
    """A plan's price changes: the other plan and the deck, also as rules count it, are those of before."""
    before = read(tmp_path, TWO_PLANS)
    after = read(tmp_path, TWO_PLANS.replace("price: 0.20", "price: 0.21"), before=before)
    assert made(after).version != made(before).version
    assert made(after).plans["other"] is made(before).plans["other"]
    assert made(after).plans["p"] is not made(before).plans["p"]
    assert made(after).decks["d"] is made(before).decks["d"]
    assert decks_of_rules(made(after)) == decks_of_rules(made(before))
    assert [plan for plan in after.lost if plan is not made(after)]
    same = read(tmp_path, TWO_PLANS.replace("price: 0.20", "price: 0.21"), before=after)
    assert same.kept.plans == after.kept.plans


def test_a_changed_deck_is_read_and_so_are_the_plans_with_it(tmp_path: Path) -> None:
    """The plan that calls are priced by has the new prices, the plan without the deck is that of before."""
    before = read(tmp_path, TWO_PLANS)
    after = read(tmp_path, TWO_PLANS, DECK.replace("0.03", "0.04"), before)
    assert made(after).plans["other"] is made(before).plans["other"]
    (old,), (new,) = decks_of_rules(made(before)), decks_of_rules(made(after))
    prices = [deck.price_for(b"441", 0) for deck in (old, new)]
    assert [row.rate.price_micros for row in prices if row is not None] == [30_000, 40_000]
    assert new.prefixes is old.prefixes
    again = read(tmp_path, TWO_PLANS, DECK.replace("0.03", "0.04") + "46,Sweden,0.05\n", after)
    (newest,) = decks_of_rules(made(again))
    assert newest.prefixes is not new.prefixes
    found = [newest.price_for(number, 0) for number in (b"1", b"44", b"461")]
    assert [row.destination for row in found if row is not None] == [b"America", b"Britain", b"Sweden"]


def test_ways_of_counting_that_nobody_asks_for_are_not_kept(tmp_path: Path) -> None:
    """An increment that changes again and again leaves one deck, not one for each."""
    checked = read(tmp_path, TWO_PLANS)
    for increment in range(2, 6):
        checked = read(tmp_path, TWO_PLANS.replace("60/1", f"60/{increment}"), before=checked)
    priced = checked.kept.decks["d"]
    assert list(priced.counted) == [(60, 5)]
    assert priced.counted_before == {}


def test_warnings_of_a_deck_are_told_again(tmp_path: Path) -> None:
    """A deck that is not read again still has what was strange about it."""
    strange = DECK + "441,Britain,3.00\n442,Britain,0.03\n443,Britain,0.03\n"
    before = read(tmp_path, TWO_PLANS, strange)
    told = [str(issue) for issue in before.issues if "d.csv" in str(issue)]
    assert told
    again = read(tmp_path, TWO_PLANS, strange, before)
    assert [str(issue) for issue in again.issues if "d.csv" in str(issue)] == told


def test_mistakes_keep_what_was_there(tmp_path: Path) -> None:
    """A catalogue with an error has no pieces; the next one is read with those of the last good one."""
    before = read(tmp_path, TWO_PLANS)
    (tmp_path / "c.yaml").write_text(TWO_PLANS.replace("0.20 EUR", "0.20 QQQ"))
    wrong = check_catalogue(tmp_path, before.kept)
    assert wrong.catalogue is None
    assert len(wrong.lost) == 1
    assert wrong.kept.plans == {}
    after = read(tmp_path, TWO_PLANS, before=before)
    assert made(after).plans["p"] is made(before).plans["p"]


def test_versions_of_a_plan_are_taken_over_one_by_one(tmp_path: Path) -> None:
    """A plan gets a later version: the earlier is that of before, and the newest is what the plan is."""
    dated = "plans:\n  p:\n    - { valid_from: 2026-01-01, NAME }\n"
    one = "name: x, currency: EUR, data: [{ rating_group: any, price: 1.00 EUR per 1 GB }]"
    head = "service_contexts: { data: 32251@3gpp.org }\n"
    before = read(tmp_path, head + dated.replace("NAME", one))
    later = dated + "    - { valid_from: 2027-01-01, NAME }\n"
    after = read(tmp_path, head + later.replace("NAME", one), before=before)
    assert made(after).versions["p"][0] is made(before).versions["p"][0]
    assert made(after).plans["p"] is made(after).versions["p"][1]
