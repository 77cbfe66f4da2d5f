"""``python -m bench.page``: docs/performance.md from bench/results, every line with how to measure it again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Final

from bench.machine import ROOT, machine_line
from bench.results import Figure, Measurement, read_all
from bench.servers import DESCRIPTIONS, DURABLE, DURABLE_INTERPRETED, MEMORY, MEMORY_INTERPRETED
from ocs.simulation.kinds import ONLY_DATA, text_of

PAGE: Final = ROOT / "docs" / "performance.md"
DURABILITY: Final = {
    DURABLE: "fsync before the answer",
    DURABLE_INTERPRETED: "fsync before the answer",
    MEMORY: "none (memory)",
    MEMORY_INTERPRETED: "none (memory)",
}
INTRODUCTION: Final = (ROOT / "bench" / "introduction.md").read_text(encoding="utf-8")

LOAD_COLUMNS: Final = {
    "answers_per_s": "answers/s",
    "shed": "3004",
    "p50_us": "p50 µs",
    "p99_us": "p99 µs",
    "p99_9_us": "p99.9 µs",
    "server_cpu_us": "server µs CPU",
    "store_cpu_us": "store µs CPU",
    "others_cpu_percent": "others % CPU",
}
COMPARE_COLUMNS: Final = {**LOAD_COLUMNS, "times_echo": "times echo"}
MICRO_COLUMNS: Final = {
    "cpu_us": "µs CPU",
    "instructions": "instructions",
    "store_cpu_us": "store µs CPU",
    "wall_us": "µs wall",
}
TITLES: Final = {"rating": "Pricing a usage", "replay": "Past records under another price list"}
"""Headings of what is measured within this process; that of another bench is its name."""
OTHER_COLUMNS: Final = {"cpu_us": "µs CPU", "records_per_s": "records/s of CPU"}
SECTIONS: Final = {"compare", "scale", "micro"}
"""What has a section of its own making."""
POINTS: Final = {
    "subscribers": lambda each: f"{each.parameters['subscribers']:,} subscribers",
    "rating groups": lambda each: f"{each.parameters['server']}, {each.parameters['rating_groups']} RG",
    "rules": lambda each: f"{each.parameters['rules']:,} rules, memory",
    "mixes": lambda each: str(each.parameters.get("mix", text_of(ONLY_DATA))),
    "processes": lambda each: f"{each.parameters['processes']} server processes",
    "processes, even load": lambda each: (
        f"{each.parameters['processes']} servers: of one alone each has "
        f"{each.figures['answers_of_one_percent']} % of the answers, "
        f"at {each.figures['server_cpu_of_one_percent']} % of its CPU for one"
    ),
    "open loop": lambda each: (
        f"{each.parameters['server']}, {each.figures['offered_per_s']:,}/s offered "
        f"({each.parameters['share_percent']} % of durable)"
    ),
    "overload": lambda each: (
        f"{each.figures['offered_per_s']:,}/s offered ({each.parameters['share_percent']} %)"
    ),
    "shedding": lambda each: (
        f"{each.figures['shed']:,} of {each.figures['answers']:,} shed, "
        f"{each.figures.get('one_3004_us', '?')} µs of the server's CPU for one"
    ),
}


def latest(found: Iterable[Measurement]) -> list[Measurement]:
    """The newest measurement of each case with the same parameters, in the order of the newest run."""
    kept: dict[tuple[str, str, str], Measurement] = {}
    for each in found:
        key = (each.bench, each.case, repr(sorted(each.parameters.items())))
        kept.pop(key, None)
        kept[key] = each
    return list(kept.values())


def render(found: list[Measurement]) -> str:
    """The page. It says so where nothing was measured yet."""
    newest = latest(found)
    if not newest:
        return f"{INTRODUCTION}\nNothing was measured yet.\n"
    parts = [
        INTRODUCTION,
        _circumstances(newest),
        _section(
            "Servers beside each other",
            [each for each in newest if each.bench == "compare"],
            lambda each: f"**{each.case}**: {DESCRIPTIONS.get(each.case, 'a server that ran already')}",
            COMPARE_COLUMNS,
        ),
    ]
    scale = [each for each in newest if each.bench == "scale"]
    for case in dict.fromkeys(each.case for each in scale):
        chosen = [each for each in scale if each.case == case]
        parts.append(_section(case.capitalize(), chosen, POINTS[case], LOAD_COLUMNS))
    micro = [each for each in newest if each.bench == "micro"]
    parts.append(_section("The parts of an answer", micro, _micro_name, MICRO_COLUMNS))
    parts += [_other(bench, newest) for bench in dict.fromkeys(each.bench for each in newest)]
    return "\n".join(part for part in parts if part)


def _other(bench: str, newest: list[Measurement]) -> str:
    """The section of a bench by its figures, whatever they are; cases say what they do not share."""
    if bench in SECTIONS:
        return ""
    found = [each for each in newest if each.bench == bench]
    shared = _shared(found)
    figures = dict.fromkeys(name for each in found for name in each.figures)
    columns = {name: OTHER_COLUMNS.get(name, name.replace("_", " ")) for name in figures}

    def name(each: Measurement) -> str:
        own = {key: value for key, value in each.parameters.items() if key not in shared}
        points = [f"{key.replace('_', ' ')} {_cell(value)}" for key, value in own.items()]
        return ", ".join(points if each.case in own else [each.case, *points])

    return _section(TITLES.get(bench, bench.replace("_", " ").capitalize()), found, name, columns)


def _micro_name(each: Measurement) -> str:
    batch = each.parameters.get("batch")
    return each.case if batch is None else f"{each.case}, batch of {batch}, per change set"


def _circumstances(newest: list[Measurement]) -> str:
    """Each machine and commit that figures on the page come from."""
    lines = ["## Measured on", ""]
    seen: dict[str, None] = {}
    for each in newest:
        where = each.circumstances
        if where is None:
            continue
        state = "compiled" if where.compiled else "interpreted"
        libraries = ", ".join(f"{name} {version}" for name, version in sorted(where.versions.items()))
        seen[f"- {machine_line(where.machine)}; commit {where.commit}, {state}; {libraries}"] = None
    return "\n".join([*lines, *seen, ""])


def _section(
    title: str, found: list[Measurement], name: Callable[[Measurement], str], columns: dict[str, str]
) -> str:
    """A table of measurements, and under it the command and the parameters that all of them share."""
    if not found:
        return ""
    shown = {key: label for key, label in columns.items() if any(key in each.figures for each in found)}
    lines = [f"## {title}", "", f"| | {' | '.join(shown.values())} | at | again |"]
    lines.append(f"|---|{'---:|' * len(shown)}---|---|")
    for each in found:
        where = each.circumstances
        at = f"{where.commit}, {where.time[:10]}" if where else ""
        cells = " | ".join(_cell(each.figures.get(key, "")) for key in shown)
        lines.append(f"| {name(each)} | {cells} | {at} | `{each.command}` |")
    shared = _shared(found)
    if shared:
        words = ", ".join(f"{key.replace('_', ' ')} {_cell(value)}" for key, value in shared.items())
        lines += ["", f"All of them: {words}."]
    return "\n".join([*lines, ""])


def _shared(found: list[Measurement]) -> dict[str, Figure]:
    """The parameters that are the same in all."""
    return {
        key: value
        for key, value in found[0].parameters.items()
        if all(each.parameters.get(key) == value for each in found)
    }


def _cell(value: Figure) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Write the page, or with ``--check`` say whether it is current."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where the page is old")
    options = parser.parse_args()
    text = render(read_all())
    if options.check:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print(
            "docs/performance.md is current" if current else "docs/performance.md is old: python -m bench.page"
        )
        sys.exit(0 if current else 1)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
