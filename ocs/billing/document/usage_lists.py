"""The itemised usage of an invoice: one list for each number and service, every usage with its own price."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from ocs.billing.invoice import FROM_BALANCE, Invoice, UsageItem
from ocs.documents.language import Language
from ocs.documents.number_text import decimals_needed

Json = dict[str, Any]
Key = tuple[str, str, str, str, str, str]
_SHORTEST_INTERNATIONAL: Final = 9
_CAPACITIES: Final = (20, 20, 34, 14, 15)
"""Letters that fit into each column on one line, an ideograph counting two."""


def usage_lists(invoice: Invoice, language: Language) -> list[Json]:
    """The lists in the order in which their first usage stands on the invoice."""
    groups: dict[Key, list[UsageItem]] = {}
    for item in invoice.usage:
        key = (item.account_id, item.msisdn, item.service, item.direction, item.paid, item.currency)
        groups.setdefault(key, []).append(item)
    return [_list(items, invoice, language) for items in groups.values()]


def _list(items: list[UsageItem], invoice: Invoice, language: Language) -> Json:
    first = items[0]
    decimals = max(decimals_needed(item.amount_micros, invoice.digits) for item in items)
    kinds = dict.fromkeys(item.unit_kind for item in items)
    quantities = [
        language.quantity(sum(item.units for item in items if item.unit_kind == kind), kind) for kind in kinds
    ]
    return {
        "title": _title(first, language),
        "number": f"+{first.msisdn}" if first.msisdn else first.account_id,
        "note": language.text("paid from the balance when it was used") if first.paid == FROM_BALANCE else "",
        "currency": first.currency,
        "rows": [_row(item, language, decimals) for item in items],
        "quantity": ", ".join(quantities),
        "sum": language.numbers.amount(sum(item.amount_micros for item in items), decimals),
    }


def _title(item: UsageItem, language: Language) -> str:
    service = language.text(item.service)
    if not item.direction:
        return service
    direction = {"in": "incoming", "out": "outgoing"}.get(item.direction, item.direction)
    return language.text("{service}, {direction}", service=service, direction=language.text(direction))


def _number(other_party: str) -> str:
    """An international number with its plus; access points, short and national numbers as they are."""
    international = (
        len(other_party) >= _SHORTEST_INTERNATIONAL and other_party.isdigit() and other_party[0] != "0"
    )
    return f"\N{LEFT-TO-RIGHT MARK}+{other_party}" if international else other_party


def _row(item: UsageItem, language: Language, decimals: int) -> Json:
    cells = [
        language.moment(item.started_at),
        _number(item.other_party),
        _destination_and_tariff(item, language),
        language.quantity(item.units, item.unit_kind),
        language.numbers.amount(item.amount_micros, decimals),
    ]
    long = any(_width(cell) > room for cell, room in zip(cells, _CAPACITIES, strict=True))
    return {"cells": cells, "long": long}


def _destination_and_tariff(item: UsageItem, language: Language) -> str:
    """Where it went, and the bundle that covered it or the band of its price."""
    parts = [language.isolate(language.text(item.destination))] if item.destination else []
    if item.bucket:
        parts.append(language.text("included in {name}", name=language.text(item.bucket)))
    elif item.band:
        parts.append(language.text(item.band))
    return " · ".join(part for part in parts if part)


def _width(text: str) -> int:
    """The room a text takes in letters of the Latin script."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
