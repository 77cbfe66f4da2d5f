"""Invoices that tests make."""

from dataclasses import replace

from ocs.billing.invoice import (
    FROM_BALANCE,
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


def sample_invoice() -> Invoice:
    """A fee and a call, taxed at 19 %, with one call that was paid before."""
    fee = InvoiceLine(
        1, RECURRING, "monthly", "A1", "S1", "4915100000001", "talk", "Talk", "", "2026-11-01", "2026-12-01",
        30, "days", 0, False, "telecom", 9_990_000, 9_990_000, "EUR",
    )  # fmt: skip
    calls = InvoiceLine(
        2, USAGE, "voice", "A1", "S1", "4915100000001", "talk", "Talk", "outgoing", "2026-11-01", "2026-12-01",
        120, "seconds", 1, False, "telecom", 180_000, 180_000, "EUR",
    )  # fmt: skip
    call = UsageItem(
        2, "session;1#1", 0, "A1", "4915100000001", "voice", "outgoing", "2026-11-17T14:03:22.000+01:00",
        1_794_920_602_000, "4930123456", "germany", "", 120, "seconds", "talk/germany", "peak", "", 180_000,
        "EUR", ON_BILL,
    )  # fmt: skip
    paid = replace(call, invoice_line=0, record_id="session;2#1", amount_micros=90_000, paid=FROM_BALANCE)
    frozen = FrozenInput(7, "ab12", (SeriesRange("online-p0", 1, 40),), "cd34", "ef56", "0a1b")
    return Invoice(
        kind=INVOICE, number="2026-000001", corrects="", reason="", account_id="A1",
        party=InvoiceParty("Ada Example", ("Main Street 1", "10115 Berlin"), "DE", "ada@example.com"),
        language="en", currency="EUR", digits=2, cycle_id="monthly", time_zone="Europe/Berlin",
        period_from_day="2026-11-01", period_to_day="2026-12-01", issue_day="2026-12-01", due_day="2026-12-15",
        tax_status="standard", tax_jurisdiction="DE", lines=(fee, calls),
        taxes=(TaxLine("DE", "telecom", 190_000, "", 10_170_000, 1_930_000),), net_micros=10_170_000,
        tax_micros=1_930_000, rounding_micros=0, total_micros=12_100_000, brought_forward_micros=0,
        due_micros=12_100_000, frozen=frozen, usage=(call, paid),
    )  # fmt: skip
