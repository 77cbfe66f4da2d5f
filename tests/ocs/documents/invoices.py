"""Invoices of every kind for tests of what is printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ocs.billing.invoice import (
    CREDIT_NOTE,
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

PARTIES = {
    "en": InvoiceParty("Ada Example", ("12 Main Street", "London EC1A 1AA"), "GB", ""),
    "de": InvoiceParty("Jürgen Größe-Müßig", ("Heidestraße 17", "51147 Köln"), "DE", ""),
    "el": InvoiceParty("Γιώργος Παπαδόπουλος", ("Οδός Ερμού 12", "105 63 Αθήνα"), "GR", ""),
    "ja": InvoiceParty("山田 太郎", ("東京都千代田区丸の内一丁目1番1号",), "JP", ""),
    "ar": InvoiceParty("عبد الله محمد الصباح", ("شارع الخليج العربي 12",), "KW", ""),
}
CURRENCIES = {"en": ("GBP", 2), "de": ("EUR", 2), "el": ("EUR", 2), "ja": ("JPY", 0), "ar": ("KWD", 3)}


def line(number: int, kind: str = RECURRING, micros: int = 19_990_000, **changes: object) -> InvoiceLine:
    """A monthly fee, or what the changes make of it."""
    fee = InvoiceLine(
        number, kind, "monthly", "A-1", "S1", "447700900001", "allin", "All In M", "", "2026-11-01",
        "2026-12-01", 30, "days", 0, False, "standard", micros, micros, "EUR",
    )  # fmt: skip
    return replace(fee, **changes)  # type: ignore[arg-type]


def usage(index: int, micros: int, destination: str = "Germany mobile") -> UsageItem:
    """A call of the period, one every six minutes."""
    started = datetime(2026, 11, 1, 8, tzinfo=UTC) + timedelta(minutes=6 * index)
    return UsageItem(
        1, f"r{index}", 0, "A-1", "447700900001", "voice", "outgoing", started.isoformat(),
        int(started.timestamp() * 1000), f"4930{index:08d}", destination, "26201", 61 + index, "seconds", "r",
        "peak", "", micros, "EUR", ON_BILL,
    )  # fmt: skip


def invoice(language: str = "en", *lines: InvoiceLine, brought: int = 0, **changes: object) -> Invoice:
    """An invoice whose sums are right: 19 % tax on all lines, in the currency of the language's example."""
    currency, digits = CURRENCIES.get(language, ("EUR", 2))
    scale = 100 if digits == 0 else 1
    own = tuple(
        replace(
            one,
            amount_micros=one.amount_micros * scale,
            original_micros=one.original_micros * scale,
            original_currency=currency,
        )
        for one in lines or (line(1), line(2, DISCOUNT, -2_500_000, item="loyalty", quantity=0))
    )
    coin = 10 ** (6 - digits)
    net = sum(one.amount_micros for one in own)
    tax = round_to(net * 19 // 100, coin)
    total = round_to(net + tax, coin)
    made = Invoice(
        kind=INVOICE, number="2026-000042", corrects="", reason="", account_id="A-1",
        party=PARTIES.get(language, PARTIES["en"]), language=language, currency=currency, digits=digits,
        cycle_id="m", time_zone="UTC", period_from_day="2026-11-01", period_to_day="2026-12-01",
        issue_day="2026-12-02", due_day="2026-12-16", tax_status="standard", tax_jurisdiction="DE", lines=own,
        taxes=(TaxLine("DE", "standard", 190_000, "", net, tax),), net_micros=net, tax_micros=tax,
        rounding_micros=total - net - tax, total_micros=total, brought_forward_micros=brought,
        due_micros=total + brought,
        frozen=FrozenInput(42, "ab12cd34", (SeriesRange("online-p0", 1, 1234),), "c0ffee", "7a7a", "dd01"),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def round_to(micros: int, coin: int) -> int:
    """The nearest whole number of coins, halves away from zero."""
    whole = (2 * abs(micros) + coin) // (2 * coin) * coin
    return whole if micros >= 0 else -whole


def credit_note() -> Invoice:
    """A credit note on an invoice in German."""
    whole = replace(line(0, "credit", 5_000_000, quantity=0), item="credit")
    note = invoice("de", whole)
    return replace(note, kind=CREDIT_NOTE, number="C-2026-000007", corrects="2026-000042", reason="Kulanz")


def with_usage(made: Invoice, count: int, paid: str = ON_BILL) -> Invoice:
    """The invoice with so many calls, the n-th at n tenths of a cent, in no line of it."""
    items = (replace(usage(index, 1_000 * index), currency=made.currency, paid=paid) for index in range(count))
    return replace(made, usage=tuple(items))


def usage_line(number: int, micros: int) -> InvoiceLine:
    """Calls of one number on the bill."""
    return line(
        number, USAGE, micros, item="voice", direction="outgoing", quantity=3661, unit_kind="seconds", records=9
    )
