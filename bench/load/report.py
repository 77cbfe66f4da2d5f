"""A run as JSON and as one HTML file that needs nothing else."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import Any, Final

from bench.charts import Points, line_chart
from bench.load.measure import LoadOutcome, latency_between
from bench.machine import machine_line
from bench.results import circumstances
from ocs.simulation.report import QUANTILES

STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}
td,th{border-bottom:1px solid #ddd;padding:.2em .7em;text-align:right}
td:first-child,th:first-child{text-align:left}
svg{width:100%;margin:1em 0}svg text{font:11px system-ui,sans-serif}
svg .title{font-weight:bold;font-size:13px}svg .grid{stroke:#ddd}code{background:#f4f4f4;padding:.1em .3em}
"""
COLUMNS: Final = {
    "answers_per_s": "answers/s",
    "shed": "3004",
    "p50_us": "p50 µs",
    "p95_us": "p95 µs",
    "p99_us": "p99 µs",
    "p99_9_us": "p99.9 µs",
    "max_us": "max µs",
    "server_cpu_us": "server µs CPU",
    "store_cpu_us": "store µs CPU",
    "generator_cpu_us": "generator µs CPU",
    "others_cpu_percent": "others % CPU",
    "server_mib": "server MiB",
}
"""The figures of a window that a table shows; CPU is per answer."""


def as_json(outcome: LoadOutcome, command: str, server: str) -> dict[str, Any]:
    """The run as JSON data."""
    where = circumstances()
    return {
        "command": command,
        "server": server,
        "circumstances": asdict(where),
        "run": outcome.report.as_dict(),
        "windows": [
            {"name": each.window.name, "seconds": round(each.seconds, 3), **each.figures}
            for each in outcome.windows
        ],
        "series": series_of(outcome),
    }


def series_of(outcome: LoadOutcome) -> dict[str, Points]:
    """What the plots show: figures over the seconds of the run."""
    found: dict[str, Points] = {
        name: []
        for name in (
            "answers_per_s",
            "shed_per_s",
            "server_cpu_percent",
            "store_cpu_percent",
            "server_mib",
            *QUANTILES,
        )
    }
    for before, after in zip(outcome.samples, outcome.samples[1:], strict=False):
        seconds = max(after.at_us - before.at_us, 1) / 1e6
        if seconds < 0.1:
            continue
        at = round(after.at_us / 1e6, 2)
        found["answers_per_s"].append((at, round((after.answered - before.answered) / seconds)))
        found["shed_per_s"].append((at, round((after.shed - before.shed) / seconds)))
        for name, spent in (
            ("server_cpu_percent", after.server_cpu_us - before.server_cpu_us),
            ("store_cpu_percent", after.store_cpu_us - before.store_cpu_us),
        ):
            found[name].append((at, round(spent / seconds / 1e4, 1)))
        found["server_mib"].append((at, round(after.server_kib / 1024, 1)))
        histogram = latency_between(before, after)
        for name, place in QUANTILES.items():
            found[name].append((at, histogram.quantile(place)))
    return found


def as_html(data: dict[str, Any]) -> str:
    """The page of a run, from its JSON data."""
    series = data["series"]
    where = data["circumstances"]
    rows = "".join(
        f"<tr><td>{escape(each['name'])}</td>"
        + "".join(f"<td>{each.get(key, '')}</td>" for key in COLUMNS)
        + "</tr>"
        for each in data["windows"]
    )
    head = "".join(f"<th>{escape(name)}</th>" for name in ("window", *COLUMNS.values()))
    charts = [
        line_chart(
            "Answers", "s", "a second", {"answered": series["answers_per_s"], "3004": series["shed_per_s"]}
        ),
        line_chart(
            "Latency", "s", "µs", {name.removesuffix("_us"): series[name] for name in QUANTILES}, log_y=True
        ),
        line_chart(
            "CPU",
            "s",
            "% of a core",
            {"server": series["server_cpu_percent"], "store": series["store_cpu_percent"]},
        ),
        line_chart("Memory of the server", "s", "MiB", {"resident": series["server_mib"]}),
    ]
    run = data["run"]
    verdict = (
        "all answers well-formed, none missing" if run["ok"] else f"NOT WELL: {run['trouble'] or run['faults']}"
    )
    facts = f"commit {where['commit']}, {'compiled' if where['compiled'] else 'interpreted'}, {where['time']}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Load run</title>'
        f"<style>{STYLE}</style><h1>{escape(data['server'])}</h1>"
        f"<p>{escape(machine_line(where['machine']))}; {escape(facts)}</p>"
        f"<p><code>{escape(data['command'])}</code></p>"
        f"<p>{run['answers']:,} answers; {escape(verdict)}. {escape(books_line(data))}</p>"
        f"<table><tr>{head}</tr>{rows}</table>{''.join(charts)}</html>"
    )


def books_line(data: dict[str, Any]) -> str:
    """What the audit after the run said; empty without one."""
    books = data.get("books")
    if books is None:
        return ""
    return "Books balance." if books["clean"] else f"BOOKS DIFFER: {books['differences']}"
