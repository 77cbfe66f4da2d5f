"""A price list of made-up numbers, written twice: as a catalogue for the engine, and as tables for SQL."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Berlin")
HOLIDAYS: Final = [date(2026, 1, 1), date(2026, 3, 29), date(2026, 10, 26), date(2026, 12, 24)]
RATES: Final = [(9200, date(2025, 1, 1)), (9137, date(2026, 7, 1)), (8999, date(2026, 11, 1))]
"""Ten-thousandths of a euro for a dollar, from a day on."""
BANDS: Final = ("peak", "weekend", "off")
FAR: Final = 1 << 50
COUNTS: Final = [(1, 1), (60, 1), (60, 60), (30, 6), (10, 7), (120, 60)]


class Plan(NamedTuple):
    """One row of the table of plans; prices are micros for ``per`` seconds, tiers end at seconds of a month."""

    plan: str
    minimum: int
    step: int
    per: int
    fee: int
    cap: int
    percent: int
    rounding: str
    abroad_minimum: int
    abroad_step: int
    first_tier: int
    prices: list[list[int]]


class Row(NamedTuple):
    """One row of the deck, with its times in milliseconds."""

    prefix: str
    price: int
    begins: date | None
    ends: date | None
    minimum: int | None
    step: int | None
    fee: int


class Call(NamedTuple):
    """One usage."""

    number: int
    at_ms: int
    seconds: int
    called: str
    plan: str
    reached: int


def epoch_ms(day: date, hour: int = 0) -> int:
    """An hour of the wall clock."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).timestamp()) * 1000


def money(micros: int) -> str:
    """Micros as people write them."""
    return f"{micros // 10**6}.{micros % 10**6:06d}"


@dataclass
class PriceList:
    """Plans with bands, tiers, increments, fees, caps and discounts at home, and one deck in dollars abroad."""

    chance: Random

    def __post_init__(self) -> None:
        self.plans = [self._plan(f"p{number}", counts) for number, counts in enumerate(COUNTS)]
        prefixes = {self._prefix() for _ in range(400)}
        self.rows = [row for prefix in sorted(prefixes) for row in self._rows(prefix)]

    def _plan(self, name: str, counts: tuple[int, int]) -> Plan:
        pick = self.chance.choice
        prices = [[self.chance.randint(0, 2_000_000) for _ in BANDS] for _ in range(2)]
        caps, rounding = pick([0, 1_990_000, 300_000]), pick(["up", "half up", "down"])
        fee, percent = pick([0, 50_000, 123_457]), pick([0, 15, 33])
        abroad = pick([(1, 1), (30, 6), (60, 60)])
        per, first = pick([60, 1, 7, 3600]), pick([600, 6000, 77])
        return Plan(name, *counts, per, fee, caps, percent, rounding, *abroad, first, prices)

    def _prefix(self) -> str:
        length = self.chance.choice([0, 1, 1, 2, 2, 3, 4, 6])
        digits = f"{self.chance.randrange(10**length):0{length}d}" if length else ""
        return self.chance.choice("12356789") + digits

    def _rows(self, prefix: str) -> list[Row]:
        cut = date(2026, self.chance.randint(1, 12), self.chance.randint(1, 28))
        once: list[tuple[date | None, date | None]] = [(None, None)]
        split: list[tuple[date | None, date | None]] = [(None, cut), (cut, None)]
        spans = self.chance.choice([once, once, split, split[1:]])
        return [self._row(prefix, begins, ends) for begins, ends in spans]

    def _row(self, prefix: str, begins: date | None, ends: date | None) -> Row:
        counts = self.chance.choice([(None, None), (60, 60), (1, 1), (30, 6)])
        fee = self.chance.choice([0, 30_000, 10_001])
        return Row(prefix, self.chance.randint(0, 2_000_000), begins, ends, *counts, fee)

    def calls(self, count: int) -> list[Call]:
        """Calls of a year, many of them about changes of clocks, bands, months and rates."""
        chance = self.chance
        turns = [epoch_ms(day) for day in (*HOLIDAYS, date(2026, 10, 25), date(2026, 7, 1), date(2026, 4, 1))]
        year = (epoch_ms(date(2026, 1, 1)), epoch_ms(date(2027, 1, 1)) - 1)
        found = []
        for number in range(count):
            at_ms = chance.choice(
                [chance.randint(*year), chance.choice(turns) + chance.randint(-30_000_000, 30_000_000)]
            )
            if number % 5 == 0:
                at_ms = at_ms // 3_600_000 * 3_600_000 + chance.choice([-1000, -1, 0, 1])
            seconds = chance.choice(
                [0, 1, 60, chance.randint(1, 120), chance.randint(1, 7200), chance.randint(1, 200_000)]
            )
            prefix = chance.choice(["49", chance.choice(self.rows).prefix])
            called = f"{prefix}{chance.randrange(10**9)}"
            reached = chance.choice([0, 50, chance.randint(0, 7000), 599, 600])
            found.append(Call(number, at_ms, seconds, called, chance.choice(self.plans).plan, reached))
        return found

    def write_catalogue(self, folder: Path) -> None:
        """The YAML file and its deck."""
        lines = ["prefix,destination,price,increment,connection_fee,valid_from,valid_until"]
        for row in self.rows:
            step = "" if row.step is None else f"{row.minimum}/{row.step}"
            fee = money(row.fee) if row.fee else ""
            lines.append(f"{row.prefix},x,{money(row.price)},{step},{fee},{row.begins or ''},{row.ends or ''}")
        (folder / "world.csv").write_text("\n".join(lines) + "\n")
        rates = ", ".join(f"{{ from: USD, to: EUR, rate: 0.{rate}, valid_from: {day} }}" for rate, day in RATES)
        head = f"""\
services: [voice]
time_zone: {ZONE.key}
holidays: {{ days: [{", ".join(map(str, HOLIDAYS))}] }}
calendars:
  week:
    bands:
      peak: {{ days: mon-fri, hours: 08:00-20:00 }}
      weekend: {{ days: [sat, sun, days] }}
      off: otherwise
destinations: {{ prefixes: {{ home: ["49"] }} }}
exchange_rates: [{rates}]
rate_decks: {{ world: {{ file: world.csv, currency: USD, per: 60 s }} }}
plans:
"""
        (folder / "prices.yaml").write_text(head + "".join(_plan_text(plan) for plan in self.plans))

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """What SQL needs to know, by name of the table."""
        cuts = []
        day = date(2025, 12, 1)
        while day < date(2027, 2, 1):
            free = day in HOLIDAYS or day.weekday() >= 5
            for hour, band in ((0, "off"), (8, "peak"), (20, "off")):
                cuts.append((epoch_ms(day, hour), "weekend" if free else band, epoch_ms(day.replace(day=1))))
            day += timedelta(days=1)
        return {
            "pieces": [(begins, ends[0], band, month) for (begins, band, month), ends in pairwise(cuts)],
            "plans": [plan[:10] for plan in self.plans],
            "tiers": [
                (plan.plan, tier, band, (0, plan.first_tier)[tier], (plan.first_tier, FAR)[tier], price)
                for plan in self.plans
                for tier in (0, 1)
                for band, price in zip(BANDS, plan.prices[tier], strict=True)
            ],
            "deck": [
                (
                    *row[:2],
                    -FAR if row.begins is None else epoch_ms(row.begins),
                    FAR if row.ends is None else epoch_ms(row.ends),
                    *row[4:],
                )
                for row in self.rows
            ],
            "rates": [
                (rate, epoch_ms(begins), ends)
                for (rate, begins), ends in zip(
                    RATES, [*(epoch_ms(day) for _, day in RATES[1:]), FAR], strict=True
                )
            ],
        }


def _plan_text(plan: Plan) -> str:
    prices = [
        ", ".join(
            f"{band}: {money(price)} EUR per {plan.per} s" for band, price in zip(BANDS, tier, strict=True)
        )
        for tier in plan.prices
    ]
    scope = "for: { service: voice, destination: home }"
    discount = f"    discounts: {{ less: {{ percent: {plan.percent} %, {scope} }} }}\n" if plan.percent else ""
    fee = f"        connection_fee: {money(plan.fee)} EUR\n" if plan.fee else ""
    cap = f"        cap: {money(plan.cap)} EUR per call\n" if plan.cap else ""
    return f"""\
  {plan.plan}:
    name: {plan.plan}
    currency: EUR
    counters: {{ month: {{ measure: seconds, period: month, {scope} }} }}
{discount}    voice:
      - destination: home
        calendar: week
        tiers_of: month
        tiers: [{{ up_to: {plan.first_tier} s, price: {{ {prices[0]} }} }}, {{ price: {{ {prices[1]} }} }}]
        minimum: {plan.minimum} s
        increment: {plan.step} s
        rounding: {plan.rounding}
{fee}{cap}      - {{ deck: world, increment: {plan.abroad_minimum}/{plan.abroad_step} }}
"""


def write_table(path: Path, rows: list[tuple[object, ...]]) -> None:
    """Rows as CSV, nothing as an empty cell."""
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows(rows)
