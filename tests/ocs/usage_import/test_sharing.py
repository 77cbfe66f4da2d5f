"""Bundles that the subscriptions of a billing account share, and bonuses, over files and batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from balance.quantity import SECONDS
from ocs.customers.customer import Subscription, SubscriptionAddon
from ocs.customers.directory import Directory
from ocs.usage_import.lines import BATCH_OCTETS
from rating.bundles import MONEY, BundleDefinition
from rating.catalogue import POSTPAID, Catalogue, Plan
from rating.numbering import Numbering
from rating.offers import COUNTER_REACHED, Addon, Bonus
from rating.periods import MONTH
from rating.rule import CHARGE, Rule
from rating.selection import Entry, build_selectors
from rating.tariff import UNITS, Counter, Tariff, Tier
from tests.ocs.cdr.lake.building import lake_rows
from tests.ocs.usage_import.small_operator import (
    GRANT,
    call,
    import_file,
    local,
    rate,
    surroundings,
    voice_file,
)

MINUTES = Counter("family/minutes", UNITS, SECONDS, MONTH)
SHORT = 80
"""Octets of a batch: a line."""
DAY_MS = 86_400_000
OCTOBER_MS = local("2026-10-01 00:00:00")


def bundle(name: str, units: int, **others: Any) -> BundleDefinition:
    """A bundle of calls."""
    kind = others.pop("unit_kind", SECONDS)
    return BundleDefinition(name, kind, units, None, 0, services=frozenset(["voice"]), **others)


FAMILY = bundle("family/hour", 3600, recurs=MONTH, shared=True)
ROLLING = bundle("family/hour", 3600, recurs=MONTH, shared=True, rollover_units=600, rollover_periods=1)
PACK = bundle("pack/hour", 3600, shared=True)
GIFT = bundle("family/gift", 600)
CREDIT = bundle("family/credit", 0, unit_kind=MONEY)


def catalogue(bundles: list[BundleDefinition], bonuses: list[Bonus]) -> Catalogue:
    """A plan whose calls cost 0.06 a minute."""
    usable = [*bundles, PACK, GIFT, CREDIT]
    price = rate(SECONDS, 60_000, 60)
    tariff = Tariff(SECONDS, [Tier(1 << 60, [price])], counts=[MINUTES], bundles=usable)
    rule = Rule("family/calls", CHARGE, price, GRANT, tariff=tariff)
    plan = Plan(
        "family", "Family", "EUR", True, {}, {}, bundles,
        selectors=build_selectors([Entry("voice", rule)]).selectors,
        counters=[MINUTES], bonuses=bonuses, payment=POSTPAID,
    )  # fmt: skip
    pack = Addon("pack", "Pack", "EUR", [], [PACK], 30 * DAY_MS)
    return Catalogue(
        "c0ffee", {"family": plan}, {}, frozenset(), numbering=Numbering(b"49"), addons={"pack": pack}
    )


def members(*addons: SubscriptionAddon) -> Directory:
    """Numbers 0 and 1 of account a, number 2 of account b."""
    accounts = ("a", "a", "b")
    rows = [
        Subscription(f"s{number}", OCTOBER_MS, None, account, f"49170{number:06d}", "", "family", "", "")
        for number, account in enumerate(accounts)
    ]
    return Directory((), (), (), rows, addons)


def imported(
    folder: Path,
    engine: Engine,
    around: tuple[Catalogue, Directory],
    *files: list[str],
    octets: int = BATCH_OCTETS,
) -> list[tuple[Any, ...]]:
    """The rows of files that are imported one after the other, each by a process of its own."""
    folder.mkdir(exist_ok=True)
    made = surroundings(folder, engine, catalogue=around[0], directory=around[1])
    for number, lines in enumerate(files):
        import_file(made, voice_file(folder / f"{number}.csv", *lines), "voice", octets)
    return lake_rows(made.lake, engine, "record_id, rule, bucket, units, amount_micros")


def test_an_account_has_one_shared_bundle(tmp_path: Path, engine: Engine) -> None:
    """What one member leaves, the other uses, in another file too; another account has a bundle of its own."""
    around = (catalogue([FAMILY], []), members())
    first = [call(1, 2400, 0, "2026-11-02 10:00:00")]
    second = [call(2, 2400, 1, "2026-11-03 10:00:00"), call(3, 2400, 2, "2026-11-03 10:00:00")]

    assert imported(tmp_path, engine, around, first, second) == [
        ("voice:M1/1", None, "family/hour", 2400, 0),
        ("voice:M1/2", "family/calls", None, 1200, 1_200_000),
        ("voice:M1/2", None, "family/hour", 1200, 0),
        ("voice:M1/3", None, "family/hour", 2400, 0),
    ]


def test_a_shared_rest_goes_on_once(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Ten minutes of October's rest go on to November for both together, whoever calls, batch by batch."""
    around = (catalogue([ROLLING], []), members())
    lines = [
        call(1, 2400, 0, "2026-10-02 10:00:00"),
        call(2, 4200, 1, "2026-11-02 10:00:00"),
        call(3, 60, 0, "2026-11-02 11:00:00"),
        call(4, 900, 0, "2026-10-03 11:00:00"),
        call(5, 60, 1, "2026-12-01 01:10:00"),
    ]
    found = imported(tmp_path, sqlite_engine, around, lines, octets=SHORT)

    assert [(key, bucket, units) for key, _, bucket, units, _ in found] == [
        ("voice:M1/1", "family/hour", 2400),
        ("voice:M1/2", "family/hour", 600),
        ("voice:M1/2", "family/hour", 3600),
        ("voice:M1/3", None, 60),
        ("voice:M1/4", None, 300),
        ("voice:M1/4", "family/hour", 600),
        ("voice:M1/5", "family/hour", 60),
    ]


def test_a_shared_add_on_is_for_the_whole_account(tmp_path: Path, sqlite_engine: Engine) -> None:
    """One that member 0 bought pays for member 1 too, while it lasts; bought by both it is still one."""
    bought = local("2026-11-01 00:00:00")
    addons = [SubscriptionAddon(f"s{number}", "pack", bought, None) for number in (0, 1)]
    around = (catalogue([], []), members(*addons))
    lines = [call(1, 3000, 1, "2026-11-02 10:00:00"), call(2, 900, 0, "2026-11-02 11:00:00")]

    assert imported(tmp_path, sqlite_engine, around, lines) == [
        ("voice:M1/1", None, "pack/hour", 3000, 0),
        ("voice:M1/2", "family/calls", None, 300, 300_000),
        ("voice:M1/2", None, "pack/hour", 600, 0),
    ]


def test_bonuses_of_usage_are_given(tmp_path: Path, engine: Engine) -> None:
    """Units and credit with an end pay for later calls while they last; money is a line of the record."""
    bonuses = [
        Bonus("family/units", COUNTER_REACHED, MINUTES, 600, give_bundle=GIFT, valid_for_ms=DAY_MS),
        Bonus("family/money", COUNTER_REACHED, MINUTES, 600, give_micros=250_000),
        Bonus(
            "family/later",
            COUNTER_REACHED,
            MINUTES,
            2000,
            give_micros=100_000,
            credit=CREDIT,
            valid_for_ms=DAY_MS,
        ),
    ]
    around = (catalogue([], bonuses), members())
    lines = [
        call(1, 599, 0, "2026-11-02 10:00:00"),
        call(2, 1, 0, "2026-11-02 11:00:00"),
        call(3, 400, 0, "2026-11-02 12:00:00"),
        call(4, 1000, 0, "2026-11-04 12:00:00"),
        call(5, 160, 0, "2026-11-04 13:00:00"),
        call(6, 60, 0, "2026-11-06 13:00:00"),
    ]
    wanted = [
        ("voice:M1/1", "family/calls", None, 599, 599_000),
        ("voice:M1/2", "family/calls", None, 1, 1_000),
        ("voice:M1/2", "family/calls#bonus-money", None, 1, -250_000),
        ("voice:M1/3", None, "family/gift", 400, 0),
        ("voice:M1/4", "family/calls", None, 1000, 1_000_000),
        ("voice:M1/5", "family/calls", None, 160, 160_000),
        ("voice:M1/5", None, "family/credit", 100_000, -100_000),
        ("voice:M1/6", "family/calls", None, 60, 60_000),
    ]
    assert imported(tmp_path, engine, around, lines[:2], lines[2:]) == wanted


def test_batches_change_no_bonus(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A gift lies in SQL between batches as in memory: half of it is used in one, half in the next."""
    bonuses = [Bonus("family/units", COUNTER_REACHED, MINUTES, 60, give_bundle=GIFT)]
    around = (catalogue([], bonuses), members())
    lines = [call(number, 300, 0, f"2026-11-0{number} 10:00:00") for number in (1, 2, 3, 4)]
    found = imported(tmp_path, sqlite_engine, around, *([line] for line in lines))

    assert [(bucket, units) for _, _, bucket, units, _ in found] == [
        (None, 300),
        ("family/gift", 300),
        ("family/gift", 300),
        (None, 300),
    ]
