"""The itemised usage of an invoice: one list for each number and service, every usage with its own price."""

from __future__ import annotations

from typing import Any, Final

from ocs.billing.invoice import FROM_BALANCE, Invoice, UsageItem
from ocs.documents.language import Language
from ocs.documents.listing import Columns, Measure, listing_rows
from ocs.documents.number_text import decimals_needed

Json = dict[str, Any]
Key = tuple[str, str, str, str, str, str]
_SHORTEST_INTERNATIONAL: Final = 9
COLUMNS: Final = Columns((31, 29, 59, 20, 22), size=8)
"""When, with whom, where to and at which tariff, how much, what it cost."""
EXTRAS: Final = {"connection": "connection fee", "cap": "cap", "discount": "discount", "bonus": "bonus"}
"""What an amount is for, if not for units, as the languages name it; the key stands in the rule of its line."""


def usage_lists(invoice: Invoice, language: Language, measure: Measure, *, tagged: bool) -> list[Json]:
    """The lists in the order in which their first usage stands on the invoice."""
    groups: dict[Key, list[UsageItem]] = {}
    for item in invoice.usage:
        key = (item.account_id, item.msisdn, item.service, item.direction, item.paid, item.currency)
        groups.setdefault(key, []).append(item)
    found = []
    for items in groups.values():
        decimals = max(decimals_needed(item.amount_micros, invoice.digits) for item in items)
        rows = (_cells(item, language, decimals) for item in items)
        found.append(
            {
                **_head(items, language, decimals),
                "columns_mm": COLUMNS.widths_mm,
                "rows": listing_rows(rows, COLUMNS, measure, tagged=tagged),
            }
        )
    return found


def _head(items: list[UsageItem], language: Language, decimals: int) -> Json:
    """What stands above and below a list."""
    first = items[0]
    kinds = dict.fromkeys(item.unit_kind for item in items)
    quantities = [
        language.quantity(
            sum(item.units for item in items if item.unit_kind == kind and not _extra(item)), kind
        )
        for kind in kinds
    ]
    paid = "paid from the balance when it was used"
    return {
        "title": _title(first, language),
        "number": f"+{first.msisdn}" if first.msisdn else first.account_id,
        "note": language.text(paid) if first.paid == FROM_BALANCE else "",
        "currency": first.currency,
        "quantity": ", ".join(quantities),
        "sum": language.numbers.amount(sum(item.amount_micros for item in items), decimals),
    }


def _title(item: UsageItem, language: Language) -> str:
    service = language.text(item.service)
    if not item.direction:
        return service
    direction = language.text(item.direction)
    return language.text("{service}, {direction}", service=service, direction=direction)


def _number(other_party: str, language: Language) -> str:
    """An international number with its plus; access points, short and national numbers as they are."""
    international = (
        len(other_party) >= _SHORTEST_INTERNATIONAL and other_party.isdigit() and other_party[0] != "0"
    )
    if not international:
        return other_party
    return f"\N{LEFT-TO-RIGHT MARK}+{other_party}" if language.right_to_left else f"+{other_party}"


def _cells(item: UsageItem, language: Language, decimals: int) -> tuple[str, ...]:
    return (
        language.moment(item.started_at),
        _number(item.other_party, language),
        _destination_and_tariff(item, language),
        "" if _extra(item) else language.quantity(item.units, item.unit_kind),
        language.numbers.amount(item.amount_micros, decimals),
    )


def _extra(item: UsageItem) -> str:
    """What an amount is for, if not for units: a key of EXTRAS, of some with a name: ``discount-NAME``."""
    return item.rule.partition("#")[2]


def _extra_text(extra: str, language: Language) -> str:
    kind, _, name = extra.partition("-")
    text = language.text(EXTRAS.get(kind, kind))
    return f"{text} {language.isolate(language.text(name))}" if name else text


def _destination_and_tariff(item: UsageItem, language: Language) -> str:
    """Where it went, and the bundle that covered it, the band of its price, or what else it is for."""
    parts = [language.isolate(language.text(item.destination))] if item.destination else []
    if item.bucket:
        parts.append(language.text("included in {name}", name=language.text(item.bucket)))
    elif _extra(item):
        parts.append(_extra_text(_extra(item), language))
    elif item.band:
        parts.append(language.text(item.band))
    return " · ".join(part for part in parts if part)
