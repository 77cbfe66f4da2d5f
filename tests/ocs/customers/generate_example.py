"""Writes the example operator's customers: ``python -m tests.ocs.customers.generate_example``.

200 customers: people in five countries with five languages and four currencies, ten companies whose departments
are on the company's invoice. In October some join, some leave, some change their plan; all deterministic.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from config.settings_schema import EXAMPLE_OPERATOR
from ocs.customers.loading.csv_pieces import COLUMNS

CUSTOMERS: Final = EXAMPLE_OPERATOR / "customers.csv"
FIRST_MSISDN: Final = 447700200000
FIRST_IMSI: Final = 234150000200000
PEOPLE: Final = 190
COMPANIES: Final = 10

Row = dict[str, str]


class Country(NamedTuple):
    """Where customers live, what they are billed in, and what they are called."""

    code: str
    language: str
    currency: str
    plans: tuple[str, ...]
    share: int  # of 19
    given: tuple[str, ...]
    family: tuple[str, ...]
    addresses: tuple[str, ...]
    family_first: bool = False


COUNTRIES: Final = (
    Country(
        "GB", "en", "GBP", ("contract-gbp",), 6,
        ("Alice", "Ben", "Chloe", "Daniel", "Emily", "Farid", "Grace", "Harry", "Isla", "Jack"),
        ("Adams", "Baker", "Clarke", "Davies", "Evans", "Foster", "Green"),
        ("{n} High Street|Leeds LS1 4AP", "{n} Mill Lane|Bristol BS1 6XN", "{n} Station Road|London E3 5SA"),
    ),
    Country(
        "DE", "de", "EUR", ("contract-small", "contract-large"), 6,
        ("Anna", "Björn", "Clara", "David", "Elif", "Felix", "Greta", "Hannes", "Ines", "Jörg"),
        ("Bauer", "Fischer", "Groß", "Huber", "Krüger", "Möller", "Schäfer"),
        ("Lindenstraße {n}|10969 Berlin", "Am Markt {n}|28195 Bremen", "Schillerplatz {n}|70173 Stuttgart"),
    ),
    Country(
        "GR", "el", "EUR", ("contract-large", "contract-small"), 4,
        ("Ελένη", "Γιώργος", "Μαρία", "Νίκος", "Σοφία", "Δημήτρης", "Κατερίνα"),
        ("Παπαδάκη", "Ιωαννίδης", "Γεωργίου", "Νικολάου", "Αντωνίου"),
        ("Ερμού {n}|105 63 Αθήνα", "Τσιμισκή {n}|546 24 Θεσσαλονίκη"),
    ),
    Country(
        "JP", "ja", "JPY", ("contract-jpy",), 2,
        ("花子", "太郎", "美咲", "健一"), ("山田", "佐藤", "鈴木", "高橋", "田中"),
        ("東京都千代田区丸の内{n}丁目|100-0005", "大阪府大阪市北区梅田{n}丁目|530-0001"), family_first=True,
    ),
    Country(
        "KW", "ar", "KWD", ("contract-kwd",), 1,
        ("فاطمة", "أحمد", "مريم", "يوسف"), ("العلي", "الصباح", "المطيري"),
        ("شارع الخليج {n}|مدينة الكويت",),
    ),
)  # fmt: skip

_COMPANIES: Final = (
    ("alder", "Alder & Finch Logistics Ltd", "GB", "en", "Unit {n}, Dock Road|Liverpool L3 4AE"),
    ("birke", "Birke Maschinenbau GmbH", "DE", "de", "Industriestraße {n}|44137 Dortmund"),
    ("cedar", "Cedar Care Homes Ltd", "GB", "en", "{n} Park Row|Nottingham NG1 6GR"),
    ("delphi", "Δελφοί Ναυτιλιακή", "GR", "el", "Ακτή Μιαούλη {n}|185 38 Πειραιάς"),
    ("eiche", "Eiche Apotheken KG", "DE", "de", "Hauptstraße {n}|69117 Heidelberg"),
    ("farne", "Farne Island Ferries Ltd", "GB", "en", "Harbour {n}|Seahouses NE68 7RN"),
    ("ginkgo", "Ginkgo Software GmbH", "DE", "de", "Torstraße {n}|10119 Berlin"),
    ("hestia", "Εστία Ξενοδοχεία", "GR", "el", "Πανεπιστημίου {n}|106 71 Αθήνα"),
    ("ivy", "Ivy Street Theatre Trust", "GB", "en", "{n} Ivy Street|York YO1 8AQ"),
    ("jade", "Jade Reisen GmbH", "DE", "de", "Hafenkante {n}|26382 Wilhelmshaven"),
)
_DEPARTMENTS: Final = ("sales", "service", "fleet")
_FARNE_PAYS_ITSELF: Final = ("farne", "fleet")


class _Numbers:
    """Numbers in a row."""

    def __init__(self) -> None:
        self._next = 0

    def take(self) -> Row:
        """The next subscriber's."""
        self._next += 1
        return {"msisdn": str(FIRST_MSISDN + self._next - 1), "imsi": str(FIRST_IMSI + self._next - 1)}


def example_rows() -> Iterator[Row]:
    """All rows, by column."""
    numbers = _Numbers()
    countries = [country for country in COUNTRIES for _ in range(country.share)]
    for index in range(PEOPLE):
        yield from _person(index, countries[index * 7 % len(countries)], numbers)
    for index in range(COMPANIES):
        yield from _company(index, numbers)


def _person(index: int, country: Country, numbers: _Numbers) -> Iterator[Row]:
    given = country.given[index % len(country.given)]
    family = country.family[index // 3 % len(country.family)]
    account = f"c{index + 1:03d}"
    opened = f"2026-10-{2 + index % 26:02d}" if index % 19 == 4 else "2026-10-01"
    leaves = f"2026-10-{30 - index % 5:02d}" if index % 37 == 9 and opened == "2026-10-01" else ""
    plan = country.plans[index // 2 % len(country.plans)]
    row = {
        "account": account,
        "name": f"{family} {given}" if country.family_first else f"{given} {family}",
        "address": country.addresses[index % len(country.addresses)].format(n=1 + index % 40),
        "country": country.code,
        "language": country.language,
        "email": f"{account}@customers.example",
        "currency": country.currency,
        **_cycle(mid_month=index % 29 == 11),
        "jurisdiction": country.code,
        "opened": "2026-09-15" if index % 29 == 11 else opened,
        "closed": leaves,
        "plan": plan,
        **numbers.take(),
    }
    if plan == "contract-large" and index % 3 == 0:
        row["addons"] = "roam-week@2026-10-09"
    yield row
    if index % 11 == 3 and len(country.plans) > 1 and not leaves and opened == "2026-10-01":
        other = country.plans[1 - country.plans.index(plan)]
        yield {
            "account": account,
            "msisdn": row["msisdn"],
            "imsi": row["imsi"],
            "plan": other,
            "from": "2026-10-17",
        }
    if index % 8 == 5:  # a second number in the family
        yield {"account": account, "plan": plan, **numbers.take()}


def _company(index: int, numbers: _Numbers) -> Iterator[Row]:
    name, title, country, language, address = _COMPANIES[index]
    billed = {"currency": "EUR", **_cycle(mid_month=False), "jurisdiction": country, "opened": "2026-10-01"}
    yield {
        "account": name,
        "name": title,
        "kind": "organisation",
        "address": address.format(n=3 + 4 * index),
        "country": country,
        "language": language,
        "email": f"accounts@{name}.example",
        "tax_number": f"{country}{100000000 + index * 11111111}",
        **billed,
        "payment_terms": "30",
        "tax_status": "reverse_charge" if country == "GR" else "exempt" if name == "ivy" else "",
    }
    for department in _DEPARTMENTS:
        own = (name, department) == _FARNE_PAYS_ITSELF
        for seat in range(2 + (index + len(department)) % 4):
            first = seat == 0
            said = {
                "account": f"{name}-{department}",
                "party": name,
                "parent": name,
                "payer": "account" if own else "",
                **billed,
                "tax_status": "reverse_charge" if country == "GR" else "exempt" if name == "ivy" else "",
            }
            yield {
                **(said if first else {"account": f"{name}-{department}"}),
                "plan": "business",
                "group": department,
                **numbers.take(),
            }


def _cycle(*, mid_month: bool) -> Row:
    if mid_month:
        return {"cycle": "mid-month", "cycle_day": "15", "cycle_time_zone": "Europe/Berlin"}
    return {"cycle": "monthly", "cycle_day": "1", "cycle_time_zone": "Europe/London"}


def example_text() -> str:
    """The file."""
    rows = list(example_rows())
    columns = [column for column in COLUMNS if any(row.get(column) for row in rows)]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: row.get(column, "") for column in columns} for row in rows)
    return text.getvalue()


def write(path: Path = CUSTOMERS) -> None:
    """Write the file."""
    path.write_text(example_text(), encoding="utf-8")


if __name__ == "__main__":
    write()
