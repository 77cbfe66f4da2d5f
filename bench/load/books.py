"""The books after a run: the audit's own proof, and what was acknowledged against what was debited."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.machine import ROOT
from bench.servers import MEMORY, RunningServer

CURRENCY = "EUR"


def audit_books(server: RunningServer, acknowledged_octets: int) -> dict[str, Any]:
    """Audit the store of a server that this bench started, where an octet costs one micro.

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
    debited = report.get(CURRENCY, {}).get("debited_micros", 0)
    differences = list(report["differences"])
    if debited != acknowledged_octets:
        differences.append(f"{acknowledged_octets} octets were acknowledged, {debited} micros debited")
    return {
        "clean": done.returncode == 0 and not differences,
        "accounts": report["accounts"],
        "open_sessions": report["sessions"],
        "records": report["records"],
        "acknowledged_octets": acknowledged_octets,
        "debited_micros": debited,
        "differences": differences,
    }
