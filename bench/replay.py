"""``python -m bench.replay``: how many past records ``ocs tariff replay`` rates in a second of one core's time.

Records by chance of 10,000 accounts of the example operator in a month, from files of the charging server and
from a usage lake: data at one price, and a mix of calls, messages and data on plans with bands, tiers, bundles,
caps, discounts and decks. Processor time of the whole replay, reading included; the best of several rounds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.past_records import ACCOUNTS, write_files, write_lake
from bench.results import Figure, Measurement, append
from config.catalogue_file import load_catalogue
from ocs import hotpath
from ocs.tariffs.replay import replay_records
from rating.catalogue import Catalogue

COMMAND: Final = "python -m bench.replay"
OPERATOR: Final = Path(__file__).parent.parent / "config" / "examples" / "small_mvno"
RECORDS: Final = 200_000
ROUNDS: Final = 5
KINDS: Final = {"data, one price": False, "calls, messages and data": True}


def records_per_s(catalogue: Catalogue, folder: Path, records: int, rounds: int) -> int:
    """Records in a second of processor time. ValueError where not all of them were rated."""
    best_ns = 0
    for _ in range(rounds):
        begun_ns = time.process_time_ns()
        report = replay_records(catalogue, folder, 10)
        spent_ns = time.process_time_ns() - begun_ns
        best_ns = spent_ns if best_ns == 0 or spent_ns < best_ns else best_ns
        plans = report.plans.values()
        rated = sum(each.records - sum(each.refusals.values()) for each in plans)
        if rated != records or not all(each.new_micros for each in plans):
            raise ValueError(f"{rated} of {records} records were rated")
    return records * 1_000_000_000 // best_ns


def measure(records: int = RECORDS, rounds: int = ROUNDS) -> list[Measurement]:
    """Both kinds of records out of both forms."""
    catalogue = load_catalogue(OPERATOR)
    again = f"{COMMAND} --records {records} --rounds {rounds}"
    found = []
    for name, mixed in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            files, lake = Path(folder) / "cdr", Path(folder) / "lake"
            files.mkdir()
            write_files(files, records, mixed=mixed)
            write_lake(files, lake)
            for form, source in (("files", files), ("lake", lake)):
                figures: dict[str, Figure] = {
                    "records_per_s": records_per_s(catalogue, source, records, rounds)
                }
                parameters: dict[str, Figure] = {"records": records, "accounts": ACCOUNTS, "from": form}
                found.append(Measurement("replay", name, again, parameters, figures))
    return found


def print_table(found: list[Measurement]) -> None:
    """The figures, for people."""
    table = Table("records", "from", "records/s", "µs CPU", title=f"replay, {hotpath.form()}")
    for each in found:
        rate = int(each.figures["records_per_s"])
        table.add_row(each.case, str(each.parameters["from"]), f"{rate:,}", f"{1e6 / rate:.2f}")
    Console(width=110).print(table)


def main() -> None:
    """Measure, print, and append to the results when told to."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--save", action="store_true", help="append to bench/results")
    options = parser.parse_args()
    found = measure(options.records, options.rounds)
    print_table(found)
    if options.save:
        print(f"appended to {append(found)}")


if __name__ == "__main__":
    main()
