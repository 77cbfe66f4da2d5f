"""What may stand under ``holidays`` and ``calendars``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from config.tariff_text import parse_years
from config.text_pieces import Piece, Text, Texts, one_text, text_schema, unread


class HolidayText(Piece):
    """Public holidays of a country, as the library holidays knows them."""

    country: Text = Field(description="ISO 3166, such as DE", examples=["DE"])
    subdivision: Text | None = Field(None, description="a part of it, such as BE")
    years: Annotated[
        range, PlainValidator(lambda v: parse_years(one_text(v))), text_schema("the years", "2024-2030")
    ]


class BandText(Piece):
    """When a band holds. Days without a word: every day; hours without a word: all of them."""

    days: Texts | None = Field(None, description="mon-fri, sat, all, or a name under holidays")
    hours: Texts | None = Field(None, description="08:00-20:00")
    except_: Texts | None = Field(None, alias="except", description="days on which it does not hold")


class CalendarText(Piece):
    """Bands that cut every day, in local time: of the network, or of the subscriber."""

    zone: Annotated[Literal["network", "subscriber"], BeforeValidator(one_text)] = "network"
    bands: Annotated[Any, unread(dict[str, BandText | Literal["otherwise"]])]
