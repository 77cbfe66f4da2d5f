"""A small operator whose imports can be computed by hand: plans, customers, files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS
from config.usage_mapping import load_usage_mapping
from ocs.cdr.disk import Disk
from ocs.customers.customer import Subscription
from ocs.customers.directory import Directory
from ocs.usage_import.file_import import FileImport, FileReport
from ocs.usage_import.lines import BATCH_OCTETS
from ocs.usage_import.run import Batches, Surroundings
from ocs.usage_import.suspense_import import SuspenseReport, feed_suspense, import_of_suspense
from rating.attributes import DIRECTION
from rating.bundles import BundleDefinition
from rating.catalogue import ANY_RATING_GROUP, POSTPAID, Catalogue, Plan
from rating.conditions import Condition
from rating.numbering import Numbering
from rating.periods import MONTH
from rating.prefixes import zones_of
from rating.rates import ROUND_UP, Rate
from rating.rule import CHARGE, GrantPolicy, Rule
from rating.selection import Entry, build_selectors
from rating.tariff import UNITS, Counter, Tariff, Tier

MAPPINGS = Path(__file__).parents[3] / "config" / "examples" / "mappings"
NOW_MS = 1_796_083_200_000
"""2026-12-01 00:00 UTC."""
JANUARY_MS = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""
GRANT = GrantPolicy(1, 1, 60, 0, -1)
MINUTES = Counter("talk/minutes", UNITS, SECONDS, MONTH)
HUNDRED_MINUTES = BundleDefinition(
    "talk/hundred", SECONDS, 6000, None, 0, services=frozenset(["voice"]), recurs=MONTH
)


def rate(unit_kind: int, price_micros: int, per_units: int) -> Rate:
    """A price."""
    return Rate(unit_kind, price_micros, per_units, 1, ROUND_UP)


def flat_rule(rule_id: str, unit_kind: int, price_micros: int, per_units: int) -> dict[int, Rule]:
    """One price for all usage of a service."""
    rule = Rule(rule_id, CHARGE, rate(unit_kind, price_micros, per_units), GRANT, tax="telecom")
    return {ANY_RATING_GROUP: rule}


def talk_plan() -> Plan:
    """Calls at 0.06 a minute, by the second with a minimum of 60 s, half of that beyond 200 minutes a month.

    100 minutes a month are included; messages at 0.05, data at 1.00 per 1 MB.
    """
    tariff = Tariff(
        SECONDS,
        [
            Tier(12_000, [rate(SECONDS, 60_000, 60)]),
            Tier(1 << 60, [rate(SECONDS, 30_000, 60)]),
        ],
        minimum=60,
        tier_counter=MINUTES,
        counts=[MINUTES],
        bundles=[HUNDRED_MINUTES],
    )
    outgoing = Condition(DIRECTION, frozenset([b"outgoing"]))
    voice = Rule(
        "talk/calls",
        CHARGE,
        rate(SECONDS, 60_000, 60),
        GRANT,
        tariff=tariff,
        conditions=[outgoing],
        tax="telecom",
    )
    rules = {
        "sms": flat_rule("talk/messages", SPECIFIC_UNITS, 50_000, 1),
        "data": flat_rule("talk/data", OCTETS, 1_000_000, 1_000_000),
    }
    return Plan(
        "talk",
        "Talk",
        "EUR",
        True,
        rules,
        {},
        [HUNDRED_MINUTES],
        selectors=build_selectors([Entry("voice", voice)]).selectors,
        counters=[MINUTES],
        payment=POSTPAID,
    )


def flat_plan() -> Plan:
    """Calls at 0.06 a minute by the second, with nothing that one leaves to the next."""
    rules = {
        "voice": flat_rule("flat/calls", SECONDS, 60_000, 60),
        "sms": flat_rule("flat/messages", SPECIFIC_UNITS, 50_000, 1),
        "data": flat_rule("flat/data", OCTETS, 1_000_000, 1_000_000),
    }
    return Plan("flat", "Flat", "EUR", True, rules, {}, [], payment=POSTPAID)


def catalogue() -> Catalogue:
    """The plans, zones of two countries, German numbers."""
    prepaid = Plan("payg", "Pay as you go", "EUR", True, {"voice": {}}, {}, [])
    plans = {plan.plan_id: plan for plan in (talk_plan(), flat_plan(), prepaid)}
    return Catalogue(
        "c0ffee",
        plans,
        {},
        frozenset(),
        destinations=zones_of({b"49": b"germany", b"43": b"austria"}),
        numbering=Numbering(b"49"),
    )


def subscription(
    number: int, plan_id: str, from_ms: int = JANUARY_MS, to_ms: int | None = None
) -> Subscription:
    """Who has 49170 and a number of six digits."""
    return Subscription(f"s{number}", from_ms, to_ms, f"a{number}", f"49170{number:06d}", "", plan_id, "", "")


def directory(subscriptions: Iterable[Subscription] | None = None) -> Directory:
    """Subscribers 0 to 9 on talk, 10 to 19 on flat, 20 on a prepaid plan, unless others are given."""
    if subscriptions is None:
        plans = ["talk"] * 10 + ["flat"] * 10 + ["payg"]
        subscriptions = [subscription(number, plan) for number, plan in enumerate(plans)]
    return Directory((), (), (), subscriptions)


def surroundings(folder: Path, engine: Engine, **others: Any) -> Surroundings:
    """A data folder with a lake and a suspense folder."""
    given: dict[str, Any] = {"catalogue": catalogue(), "directory": directory(), "disk": Disk(), **others}
    return Surroundings(folder / "lake", folder / "suspense", engine, clock=lambda: NOW_MS, **given)


def import_file(around: Surroundings, path: Path, mapping: str, batch_octets: int = BATCH_OCTETS) -> FileReport:
    """Import a file by one of the example mappings."""
    batches = Batches(around, mapping, load_usage_mapping(MAPPINGS / f"{mapping}.yaml"))
    batches.open()
    try:
        return FileImport(batches, path, batch_octets).run()
    finally:
        batches.close()


def feed(around: Surroundings, path: Path) -> SuspenseReport:
    """Feed a suspense file again."""
    with around.engine.connect() as connection:
        owner = import_of_suspense(path, connection)
    batches = Batches(around, owner.mapping, load_usage_mapping(MAPPINGS / f"{owner.mapping}.yaml"))
    batches.open()
    try:
        return feed_suspense(batches, path, owner)
    finally:
        batches.close()


def local(text: str) -> int:
    """Epoch milliseconds of a time in UTC such as 2026-11-03 17:01:22."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


VOICE_HEADER = "SWITCH,CALL_ID,ANSWER_TIME,DURATION,A_NUMBER,B_NUMBER,TYPE,PLMN,CAUSE\n"


def call(call_id: int | str, seconds: int, caller: int, at: str = "2026-11-03 18:01:22", **other: str) -> str:
    """A line of the voice mapping: a call within Germany at a local time."""
    fields = {"type": "MOC", "cause": "16", "called": "030 1234567", "switch": "M1", **other}
    return (
        f"{fields['switch']},{call_id},{at},{seconds},0170{caller:06d},{fields['called']},"
        f"{fields['type']},26201,{fields['cause']}\n"
    )


def voice_file(path: Path, *lines: str) -> Path:
    """A file of calls."""
    path.write_text(VOICE_HEADER + "".join(lines))
    return path
