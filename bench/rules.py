"""Catalogues of any size: the plan that is charged, and as many rules or rates of a deck as wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

HEAD: Final = """\
service_contexts:
  data: [32251@3gpp.org]
grant: { default: 10 MB, maximum: 100 MB, validity_time: 1 h }
plans:
"""
CONTEXTS_OF_MIX: Final = """\
  voice: [32260@3gpp.org]
  sms: [32274@3gpp.org]
"""
OF_DECK: Final = """\
    voice:
      - { deck: international }
rate_decks:
  international: { file: international.csv, currency: EUR }
"""
OF_MIX: Final = """\
    voice:
      - { rating_group: any, price: 1.00 EUR per 1000000 s, grant: { default: 1 min, maximum: 1 h } }
    sms:
      - { rating_group: any, price: 1.00 EUR per 1000000 units, grant: { default: 1 unit, maximum: 10 units } }
"""
DESTINATIONS: Final = 500
RULES_OF_A_PLAN: Final = 500
FIRST_RATING_GROUP: Final = 1000


def write_mix_catalogue(path: Path) -> Path:
    """Write a catalogue for data, calls and messages, each unit of which costs one micro."""
    head = HEAD.replace("grant:", CONTEXTS_OF_MIX + "grant:")
    path.write_text(head + _plan("payg", 0, "1.00") + OF_MIX, encoding="ascii")
    return path


def write_catalogue(path: Path, rules: int) -> Path:
    """Write a catalogue with so many rules, half of them of ``payg``, the rest of plans with 500 each."""
    own = max(rules // 2, 1)
    lines = [HEAD, _plan("payg", own - 1, "1.00")]
    left = rules - own
    number = 0
    while left > 0:
        count = min(left, RULES_OF_A_PLAN)
        lines.append(_plan(f"plan-{number}", count - 1, "2.00"))
        left -= count
        number += 1
    path.write_text("".join(lines), encoding="ascii")
    return path


def _plan(name: str, groups: int, price: str) -> str:
    """A plan with a rule for each of so many rating groups and one for all others."""
    lines = [f"  {name}:\n    name: {name}\n    currency: EUR\n    overdraft: allowed\n    data:\n"]
    lines += [
        f"      - {{ rating_group: {FIRST_RATING_GROUP + group}, price: 0.{group % 90 + 10} EUR per 1 MB }}\n"
        for group in range(groups)
    ]
    lines.append(f"      - {{ rating_group: any, price: {price} EUR per 1 MB }}\n")
    return "".join(lines)


def write_deck(folder: Path, rates: int, edition: int) -> Path:
    """Write a catalogue whose calls are priced by a deck of so many prefixes.

    Each edition has other prices for nearly all, and another hundredth of the prefixes has a digit more: no two
    editions have much in common.
    """
    folder.mkdir(exist_ok=True)
    rows = []
    for row in range(rates):
        more = str(edition % 10) if row % 100 == edition % 100 else ""
        price = (row * 31 + edition * (row % 97 + 1)) % 90 + 10
        rows.append(f"{100_000 + row}{more},to {row % DESTINATIONS},0.{price}\n")
    (folder / "international.csv").write_text("prefix,destination,price\n" + "".join(rows), encoding="ascii")
    services = HEAD.replace("plans:", "services: [voice]\nplans:")
    (folder / "catalogue.yaml").write_text(services + _plan("payg", 0, "1.00") + OF_DECK, encoding="ascii")
    return folder
