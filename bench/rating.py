"""``python -m bench.rating``: what pricing a call costs, by kind of tariff, by plans and by prefixes."""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.calls import PRICES, Calls, calls_of, catalogue_of, numbers_in_deck, numbers_of
from bench.results import Measurement, append
from ocs import hotpath
from rating.charge import Charge
from rating.engine import afford, price
from rating.usage import Context, Funds, Usage

COMMAND: Final = "python -m bench.rating"
ROUNDS: Final = 7
CALLS: Final = 20_000
PLANS: Final = (10, 1_000, 10_000)
PREFIXES: Final = (100, 10_000, 1_000_000)
PREFIXES_SHORT: Final = (100, 100_000)
FUNDS: Final = Funds(5_000_000)


def cpu_us_of(calls: Calls, rate: Callable[[Usage, Context], object]) -> float:
    """CPU microseconds of rating one call: the best of several rounds over all of them, with the loop."""
    best = 0
    gc.disable()
    try:
        for _ in range(ROUNDS):
            start = time.process_time_ns()
            for usage, context in zip(calls.usages, calls.contexts, strict=True):
                rate(usage, context)
            spent = time.process_time_ns() - start
            best = spent if best == 0 or spent < best else best
    finally:
        gc.enable()
    return round(best / len(calls.usages) / 1000, 3)


def price_by_plan_id(usage: Usage, context: Context) -> Charge:
    """The price where the plan is looked for too; a context finds it once."""
    return price(usage, Context(context.catalogue, context.plan_id, standing=context.standing))


def check(calls: Calls) -> Calls:
    """The calls, all of which can be rated. ValueError where one can not."""
    for usage, context in zip(calls.usages, calls.contexts, strict=True):
        charge = price(usage, context)
        if charge.refusal or not charge.lines:
            raise ValueError(f"a call can not be rated: {charge.refusal}")
    return calls


def affordable(usage: Usage, context: Context) -> int:
    """What five euros buy, of an hour at most."""
    return afford(FUNDS, context, usage, 3600)


def kinds(calls: int = CALLS) -> list[Measurement]:
    """Kinds of tariff, and the inverse."""
    catalogue = catalogue_of(10, 10_000)
    home = check(calls_of(catalogue, numbers_of(b"4930", calls)))
    rich = check(calls_of(catalogue, numbers_of(b"4915", calls)))
    abroad = check(calls_of(catalogue, numbers_in_deck(catalogue, calls)))
    cases = (
        ("call in bands", home, price),
        ("call in bands and tiers, with fee, caps and discount", rich, price),
        ("call by a deck of 10,000 prefixes", abroad, price),
        ("affordable seconds, bands", home, affordable),
        ("affordable seconds, bands, tiers, fee, caps and discount", rich, affordable),
    )
    return [
        Measurement("rating", name, COMMAND, {"calls": len(of.usages)}, {"cpu_us": cpu_us_of(of, rate)})
        for name, of, rate in cases
    ]


def curve_of_plans(counts: tuple[int, ...] = PLANS, calls: int = CALLS) -> list[Measurement]:
    """Calls in bands of subscribers on any of so many plans, with 500 different prices or each with its own."""
    cases = (
        ("plans", PRICES, price),
        ("plans, each with its own prices", max(counts), price),
        ("plans, each with its own prices, found anew for each call", max(counts), price_by_plan_id),
    )
    found = []
    for name, prices, rate in cases:
        for count in counts:
            catalogue = catalogue_of(count, 100, prices=prices)
            of = check(calls_of(catalogue, numbers_of(b"4930", calls)))
            figures = {"cpu_us": cpu_us_of(of, rate)}
            found.append(Measurement("rating", name, COMMAND, {"plans": count, "calls": calls}, {**figures}))
    return found


def curve_of_prefixes(counts: tuple[int, ...] = PREFIXES, calls: int = CALLS) -> list[Measurement]:
    """Calls by a deck of so many prefixes, each prefix as likely as another."""
    found = []
    for count in counts:
        catalogue = catalogue_of(10, count)
        of = check(calls_of(catalogue, numbers_in_deck(catalogue, calls)))
        parameters = {"prefixes": count, "calls": calls}
        found.append(
            Measurement("rating", "prefixes", COMMAND, {**parameters}, {"cpu_us": cpu_us_of(of, price)})
        )
    return found


def print_table(found: list[Measurement]) -> None:
    """The figures, for people; a curve beside its first point."""
    table = Table("case", "point", "µs CPU", "times the first", title=f"rating, {hotpath.form()}")
    first: dict[str, float] = {}
    for each in found:
        cost = float(each.figures["cpu_us"])
        point = ", ".join(f"{value:,} {name}" for name, value in each.parameters.items() if name != "calls")
        times = f"{cost / first.setdefault(each.case, cost):.2f}" if point else ""
        table.add_row(each.case, point, f"{cost:.2f}", times)
    Console(width=110).print(table)


def main() -> None:
    """Measure, print, and append to the results when told to."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--short", action="store_true", help="no deck of a million prefixes")
    parser.add_argument("--save", action="store_true", help="append to bench/results")
    options = parser.parse_args()
    found = kinds() + curve_of_plans() + curve_of_prefixes(PREFIXES_SHORT if options.short else PREFIXES)
    print_table(found)
    if options.save:
        print(f"appended to {append(found)}")


if __name__ == "__main__":
    main()
