"""A statement with everything that can be on one, for tests of what is printed."""

from __future__ import annotations

from ocs.settlement.statement import (
    CONNECTION,
    INCOMING,
    NO_UNITS,
    OUTGOING,
    USAGE,
    Conversion,
    DirectionTotal,
    FrozenInput,
    Net,
    Statement,
    StatementLine,
    StatementParty,
    UnratedUsage,
)
from ocs.settlement.tables import STATEMENT

PARTNERS = {
    "": StatementParty("northtel", "NorthTel AB", ("Storgatan 1", "111 22 Stockholm"), ""),
    "en": StatementParty("northtel", "NorthTel AB", ("Storgatan 1", "111 22 Stockholm"), "", "en"),
    "de": StatementParty("sued", "Südtelefon GmbH", ("Ring 1", "80331 München"), "", "de"),
    "el": StatementParty("notos", "Νότος Τηλεπικοινωνίες", ("Οδός Ερμού 12", "105 63 Αθήνα"), "", "el"),
    "ja": StatementParty("pacific", "太平洋通信株式会社", ("東京都千代田区丸の内1-1",), "", "ja"),
    "ar": StatementParty("gulf", "شركة الخليج للاتصالات", ("شارع الخليج العربي 12",), "", "ar"),
}


def line(
    number: int, direction: str, kind: str = USAGE, destination: str = "Small MVNO mobile"
) -> StatementLine:
    """A price's units: an hour and a second at two cents a minute, late every third time."""
    late = number % 3 == 0
    units, kinds = (17, "calls") if kind == CONNECTION else (3_601, "seconds")
    return StatementLine(
        number, direction, kind, "voice", "2026-10" if late else "2026-11", late, destination, "peak", 2, 17,
        units, kinds, 20_000, 60, 1_200_333, "EUR",
    )  # fmt: skip


def statement(language: str, count: int = 4) -> Statement:
    """Traffic of both ways in two currencies, with usage that has no price."""
    lines = [
        line(index, INCOMING, CONNECTION if index == 2 else NO_UNITS if index == 4 else USAGE)
        for index in range(1, count + 1)
    ]
    lines += [line(count + 1, OUTGOING, destination="Saint Helena, Ascension and Tristan da Cunha premium")]
    usage = count * 1_200_333
    return Statement(
        STATEMENT, "S-2026-000001", "", "", StatementParty("", "Small MVNO Ltd", ("London",), ""),
        PARTNERS[language], "northtel.yaml", "2026-11", "Europe/Stockholm", "2026-11-01T00:00:00+01:00",
        "2026-12-01T00:00:00+01:00", "2026-12-02", "2027-01-01", tuple(lines),
        (UnratedUsage(INCOMING, "mms", "no rate for mms", 3, 3),),
        (
            DirectionTotal(INCOMING, "EUR", 2, 68, usage, 0, usage, 0, usage),
            DirectionTotal(OUTGOING, "EUR", 2, 17, 1_200_333, -333, 1_200_000, 0, 1_200_000),
        ),
        (Conversion(OUTGOING, 1_300_000, "USD", "0.92", "2026-11-30", 1_200_000, "EUR"),),
        (Net("EUR", 2, usage, 1_200_000, usage - 1_200_000),),
        FrozenInput(0, 0, 42, "ab12cd34"),
    )  # fmt: skip
