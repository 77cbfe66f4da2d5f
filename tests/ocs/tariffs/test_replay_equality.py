"""A replay is what pricing each record alone gives, and a lake of records what their files give."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bench.past_records import write_files, write_lake
from config.catalogue_file import load_catalogue
from ocs.tariffs.replay import ReplayReport, replay_records
from rating.catalogue import Catalogue
from rating.conditions import Attributes
from rating.engine import apply, price
from rating.periods import EVER, local_day, period_of_day
from rating.usage import Context, Pot, Standing, Usage

OPERATOR = Path(__file__).parents[3] / "config" / "examples" / "small_mvno"
RECORDS = 1500
ACCOUNTS = 12
"""Few, so that each uses up bundles, reaches tiers and comes under caps."""


class OneAfterTheOther:
    """The plain way: every record priced by ``rating.price`` on a standing of its account."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.standings: dict[str, Standing] = {}
        self.days: dict[str, int] = {}
        self.accounts: dict[str, int] = {}
        self.refusals: dict[tuple[str, str], int] = {}

    def rate(self, record: dict[str, Any]) -> None:
        """Price a record and move its account on."""
        usage = usage_of(record)
        account, plan_id = record["account"], record["plan"]
        self.accounts.setdefault(account, 0)
        plan = self.catalogue.plan_at(plan_id, usage.start_ms)
        if plan is None:
            self.refuse(plan_id, "no plan")
            return
        zone = plan.zone or self.catalogue.zone
        day = local_day(zone, usage.start_ms)
        before = self.days.get(account, day)
        self.days[account] = max(before, day)
        if account not in self.standings:
            pots = [Pot(bundle.bundle_id, bundle.unit_kind, bundle.units) for bundle in plan.bundles]
            self.standings[account] = Standing(usage.start_ms, pots=pots)
        standing = self.standings[account]
        for bundle in plan.bundles if day > before else []:
            recurs = bundle.recurs
            if recurs != EVER and period_of_day(recurs, before) != period_of_day(recurs, day):
                for pot in standing.pots:
                    if pot.bundle_id == bundle.bundle_id:
                        pot.units = bundle.units + min(pot.units, bundle.rollover_units)
        charge = price(usage, Context(self.catalogue, plan=plan, standing=standing))
        if charge.refusal:
            self.refuse(plan_id, charge.refusal)
            return
        self.accounts[account] += charge.due_micros
        apply(charge, standing)

    def refuse(self, plan_id: str, reason: str) -> None:
        """Count what can not be rated."""
        self.refusals[plan_id, reason] = self.refusals.get((plan_id, reason), 0) + 1


def usage_of(record: dict[str, Any]) -> Usage:
    """The usage of a line, read by the standard library."""
    group, identifier = record["rating_group"], record["service_identifier"]
    return Usage(
        record["service"],
        epoch_ms(record["opened_at"]),
        epoch_ms(record["closed_at"]),
        record["used_octets"],
        record["input_octets"],
        record["output_octets"],
        record["time_s"],
        record["specific_units"],
        Attributes(
            called=record.get("called", "").encode(),
            network=record["network"].encode(),
            apn=record["apn"].lower().encode(),
            service_identifier=b"" if identifier is None else str(identifier).encode(),
            rating_group=b"" if group is None else str(group).encode(),
            direction=record.get("direction", "").encode(),
        ),
    )


def epoch_ms(text: str) -> int:
    """Milliseconds of an instant."""
    at = datetime.fromisoformat(text)
    return int(at.replace(microsecond=0).timestamp()) * 1000 + at.microsecond // 1000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The example operator's."""
    return load_catalogue(OPERATOR)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months of calls, messages and data of a few accounts, some on plans that are gone."""
    folder = tmp_path_factory.mktemp("records")
    write_files(folder, RECORDS, mixed=True, accounts=ACCOUNTS, days=90)
    file = next(folder.glob("*.jsonl"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for number, line in enumerate(lines):
        if number % 40 == 0:
            line["plan"] = ("gone", "payg", "junior", "bundle", "roamer")[number // 40 % 5]
        if number % 7 == 0:
            line["apn"], line["rating_group"] = "Video.Example", (None, 10, 50, 4_000_000_000)[number % 4]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    file.write_text(text)
    return folder


def totals(report: ReplayReport) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """What the accounts pay, and what can not be rated."""
    accounts = {account: each.new_micros for account, each in report.accounts.items()}
    refusals = {
        (plan_id, reason): count
        for plan_id, each in report.plans.items()
        for reason, count in each.refusals.items()
    }
    return accounts, refusals


def test_a_replay_is_each_record_priced_after_the_other(past: Path, catalogue: Catalogue) -> None:
    """To the micro, account by account, refusal by refusal."""
    plain = OneAfterTheOther(catalogue)
    for line in next(past.glob("*.jsonl")).read_text().splitlines():
        plain.rate(json.loads(line))
    report = replay_records(catalogue, past, 5)
    assert totals(report) == (plain.accounts, plain.refusals)
    assert len(plain.refusals) > 2
    assert sum(each.new_micros for each in report.plans.values()) == sum(plain.accounts.values())
    assert sum(each.records for each in report.plans.values()) == RECORDS


def test_a_lake_gives_what_its_records_give(past: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    """The same records as Parquet, even where the folder has a file too many."""
    expected = replay_records(catalogue, past, 5).as_json()
    write_lake(past, tmp_path)
    assert replay_records(catalogue, tmp_path, 5).as_json() == expected
    file = next(tmp_path.glob("day=*/*.parquet"))
    shutil.copy(file, file.with_name("once-more.parquet"))
    assert replay_records(catalogue, tmp_path, 5).as_json() == expected
