"""How fast invoices become PDFs on one core: ``python -m bench.documents [--count 200] [--tagged]``.

CPU time of this process, all its threads together; every invoice is another one, none is rendered twice.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

os.environ.setdefault("RAYON_NUM_THREADS", "1")  # as the processes of a run have it

from ocs.billing.document.invoice_renderer import InvoiceRenderer
from ocs.billing.invoice import (
    DISCOUNT,
    INVOICE,
    ON_BILL,
    RECURRING,
    USAGE,
    FrozenInput,
    Invoice,
    InvoiceLine,
    InvoiceParty,
    SeriesRange,
    TaxLine,
    UsageItem,
)
from ocs.documents.branding import Branding, load_branding

ITEMS = (0, 20, 50, 100, 200)
_WARM_UP = 5
_BATCHES = 5


def sample(number: int, items: int) -> Invoice:
    """A customer's invoice: a fee, a discount, calls and data, with so many usages item by item."""
    usage = tuple(_usage(number, index, items) for index in range(items))
    calls = sum(item.amount_micros for item in usage)
    lines = (
        _line(1, RECURRING, "monthly", 14_990_000),
        _line(2, USAGE, "voice", calls),
        _line(3, USAGE, "data", 0),
        _line(4, DISCOUNT, "loyalty", -1_500_000),
    )
    net = sum(line.amount_micros for line in lines)
    tax = net * 19 // 100 // 10_000 * 10_000
    total = -(-(net + tax) // 10_000) * 10_000
    return Invoice(
        kind=INVOICE, number=f"2026-{number:06d}", corrects="", reason="", account_id=f"A{number}",
        party=InvoiceParty(f"Erika Mustermann {number}", ("Heidestraße 17", "51147 Köln"), "DE", ""),
        language="de", currency="EUR", digits=2, cycle_id="m", time_zone="UTC", period_from_day="2026-11-01",
        period_to_day="2026-12-01", issue_day="2026-12-02", due_day="2026-12-16", tax_status="standard",
        tax_jurisdiction="DE", lines=lines, taxes=(TaxLine("DE", "standard", 190_000, "", net, tax),),
        net_micros=net, tax_micros=tax, rounding_micros=total - net - tax, total_micros=total,
        brought_forward_micros=0, due_micros=total,
        frozen=FrozenInput(42, "ab12", (SeriesRange("online-p0", 1, 123_456),), "cd34", "ef56", "0a1b"),
        usage=usage,
    )  # fmt: skip


def _line(number: int, kind: str, item: str, micros: int) -> InvoiceLine:
    return InvoiceLine(
        number, kind, item, "A", "S", "4915100000001", "allin", "All In M", "", "2026-11-01", "2026-12-01", 30,
        "days", 0, False, "standard", micros, micros, "EUR",
    )  # fmt: skip


def _usage(number: int, index: int, items: int) -> UsageItem:
    """Calls and data by turns, spread over the month; every invoice has its own numbers and amounts."""
    call = index % 2 == 0
    mixed = (number * 1_000_003 + index * 7_919) % 1_000_000
    started = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=(index * 2_592_000 + mixed) // items)
    return UsageItem(
        2 if call else 3, f"r{index}", 0, "A", "4915100000001", "voice" if call else "data",
        "outgoing" if call else "", started.isoformat(), int(started.timestamp() * 1000),
        f"4930{mixed:08d}" if call else "internet", "Germany mobile" if call else "", "26201",
        mixed % 3600 if call else mixed * 1000, "seconds" if call else "octets", "r", "peak" if call else "",
        "" if call else "big data", mixed if call else 0, "EUR", ON_BILL,
    )  # fmt: skip


def cost_ms(branding: Branding, items: int, count: int) -> tuple[float, float, int]:
    """Milliseconds of CPU for an invoice: of the best batch, and on average; and octets of a PDF."""
    octets = 0
    batches = []
    with InvoiceRenderer(branding) as renderer:
        for number in range(_WARM_UP):
            renderer.render(sample(number + 1, items))
        size = max(1, count // _BATCHES)
        for batch in range(_BATCHES):
            invoices = [sample(_WARM_UP + 1 + batch * size + index, items) for index in range(size)]
            begin = time.process_time()
            for invoice in invoices:
                octets = len(renderer.render(invoice))
            batches.append((time.process_time() - begin) * 1000 / size)
    return min(batches), sum(batches) / len(batches), octets


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each number of usages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="invoices of each kind")
    parser.add_argument("--tagged", action="store_true", help="as screen readers need them")
    chosen = parser.parse_args(arguments)
    branding = load_branding()
    if chosen.tagged:
        branding.file = branding.file.model_copy(update={"tagged": True})
    print("usages  ms best  ms mean  PDFs/s best  PDFs/s mean  octets")
    for items in ITEMS:
        best, mean, octets = cost_ms(branding, items, chosen.count)
        print(f"{items:6}  {best:7.1f}  {mean:7.1f}  {1000 / best:11.0f}  {1000 / mean:11.0f}  {octets:6}")


if __name__ == "__main__":
    main()
