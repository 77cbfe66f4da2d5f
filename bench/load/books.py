"""The books after a run: the audit's own proof, and what was acknowledged against what was debited."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.machine import ROOT
from bench.servers import MEMORY, RunningServer
from ocs.simulation.tally import Tally

CURRENCY = "EUR"


def audit_books(server: RunningServer, tally: Tally) -> dict[str, Any]:
    """Audit the store of a server that this bench started, where each unit costs one micro.

    What is given back has ``clean``, ``differences``, and both sums.
    """
    if server.data is None or server.kind.startswith(MEMORY):
        return {"clean": False, "differences": ["only a durable server that was started here can be audited"]}
    command = [sys.executable, "-m", "ocs", "audit", "--json", "--data", str(server.data)]
    if server.store_url:
        command += ["--store", server.store_url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return {"clean": False, "differences": [f"ocs audit: {done.stderr.strip()}"]}
    acknowledged = sum(sums.acknowledged for sums in tally.units)
    debited = report.get(CURRENCY, {}).get("debited_micros", 0)
    differences = list(report["differences"])
    if debited != acknowledged:
        differences.append(f"{acknowledged} units were acknowledged, {debited} micros debited")
    return {
        "clean": done.returncode == 0 and not differences,
        "accounts": report["accounts"],
        "open_sessions": report["sessions"],
        "records": report["records"],
        "acknowledged_units": acknowledged,
        "debited_micros": debited,
        "differences": differences,
    }
