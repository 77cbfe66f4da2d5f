"""What a column of a file of records may be: words, moments, durations and volumes."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, PlainValidator, Tag

from config.issues import TextError
from config.quantity_text import UNITS
from config.text_pieces import Piece, Text, Texts, one_text
from config.time_zones import zone_named

_DIGITS: Final = re.compile(r"[0-9]{0,8}")
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_DELIMITERS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_FLAGS: Final = {"yes": True, "true": True, "no": False, "false": False}
_CLOCKS: Final = ("epoch", "epoch_ms", "iso")
_OCTET_UNITS: Final = tuple(name for name, (kind, _) in UNITS.items() if kind == UNITS["B"][0])
_TRY_TIME: Final = datetime(2024, 2, 29, 13, 5, 9)  # noqa: DTZ001 - a local time, to try a format


def _delimiter(value: object) -> str:
    text = value if isinstance(value, str) else one_text(value)
    found = _DELIMITERS.get(text, text)
    if len(found) != 1 or found in '"\r\n' or found.isalnum():
        raise TextError(f"{text!r} is not a delimiter", "one character, or tab, comma, semicolon, pipe")
    return found


def _encoding(value: object) -> str:
    text = one_text(value)
    try:
        name = codecs.lookup(text).name
        plain = "\n".encode(name) == b"\n"
    except LookupError:
        plain = False
        name = ""
    if not plain:
        raise TextError(f"{text!r} is not an encoding we read", "write it such as utf-8 or iso-8859-15")
    return name


def _flag(value: object) -> bool:
    if not isinstance(value, str) or value not in _FLAGS:
        raise TextError(f"{value!r} is neither yes nor no")
    return _FLAGS[value]


def _digits(value: object) -> str:
    if not isinstance(value, str) or _DIGITS.fullmatch(value) is None:
        raise TextError(f"{value!r} is not the beginning of a number", "digits only")
    return value


def _count(value: object) -> int:
    text = one_text(value)
    if _WHOLE.fullmatch(text) is None:
        raise TextError(
            f"{text!r} is neither a column nor a whole number", "write it such as {column: SEGMENTS}"
        )
    return int(text)


def _time_format(value: object) -> str:
    text = one_text(value)
    if text in _CLOCKS:
        return text
    tried = _TRY_TIME.replace(tzinfo=UTC) if "%z" in text else _TRY_TIME
    try:
        same = datetime.strptime(tried.strftime(text), text)  # noqa: DTZ007 - a local time, or with its offset
    except ValueError:
        same = None
    if same is None or same.replace(second=9) != tried:
        raise TextError(
            f"{text!r} does not tell day and time", f"as in strptime, or one of {', '.join(_CLOCKS)}"
        )
    return text


def _octet_unit(value: object) -> str:
    text = one_text(value)
    if text not in _OCTET_UNITS:
        raise TextError(f"{text!r} is not a unit of volume", f"one of {', '.join(_OCTET_UNITS)}")
    return text


class ColumnText(Piece):
    """A column, named as in the header, or by its number from 1 where there is no header."""

    column: Text


class ChosenColumn(Piece):
    """The column that a word of another one chooses by ``columns``; ``otherwise`` for all other words."""

    by: Text
    columns: dict[str, Text] = Field({})
    otherwise: Text | None = None

    def chosen(self) -> list[str]:
        """The columns that may be chosen, each once."""
        return list(dict.fromkeys([*self.columns.values(), *([self.otherwise] if self.otherwise else [])]))


class WordColumn(ColumnText):
    """A column of words; ``values`` says what each means, ``otherwise`` what all others do."""

    values: dict[str, Text] = Field({})
    otherwise: Text | None = None


class TimeColumn(ColumnText):
    """A moment; ``format`` as strptime knows it, ``epoch`` (seconds), ``epoch_ms`` or ``iso`` (with offset).

    Of a local time that comes twice when clocks are set back, the ``twice`` one is meant.
    """

    format: Annotated[str, PlainValidator(_time_format)] = "%Y-%m-%d %H:%M:%S"
    time_zone: Annotated[str, PlainValidator(lambda value: zone_named(one_text(value)).name)] = "UTC"
    twice: Annotated[Literal["first", "second"], BeforeValidator(one_text)] = "first"


class SecondsColumn(ColumnText):
    """A duration; begun seconds count. ``clock`` is HH:MM:SS."""

    unit: Annotated[Literal["s", "ms", "min", "clock"], BeforeValidator(one_text)] = "s"


class OctetsColumn(ColumnText):
    """A volume, whole or with a decimal point; begun octets count."""

    unit: Annotated[str, PlainValidator(_octet_unit)] = "B"


class NumbersText(Piece):
    """How the file writes numbers that are not international yet."""

    country: Annotated[str, PlainValidator(_digits)]
    national_prefix: Annotated[str, PlainValidator(_digits)] = "0"
    international_prefix: Annotated[str, PlainValidator(_digits)] = "00"


class WhereText(ColumnText):
    """Only lines with one of these words in a column are usage; the others are counted and left out."""

    values: Texts


_BY_FORM: Final = Discriminator(
    lambda value: "(column)" if isinstance(value, (dict, ColumnText)) else "(constant)"
)
"""A mapping is a column, a text is the same for all lines."""
Word = Annotated[
    Annotated[WordColumn, Tag("(column)")] | Annotated[str, BeforeValidator(one_text), Tag("(constant)")],
    _BY_FORM,
]


def _is_chosen(value: object) -> bool:
    return isinstance(value, ChosenColumn) or (isinstance(value, dict) and "by" in value)


NumberColumn = Annotated[
    Annotated[ColumnText, Tag("(column)")] | Annotated[ChosenColumn, Tag("(chosen)")],
    Discriminator(lambda value: "(chosen)" if _is_chosen(value) else "(column)"),
]
"""A column, or one of several for each line."""
Units = Annotated[
    Annotated[ColumnText, Tag("(column)")] | Annotated[int, PlainValidator(_count), Tag("(constant)")],
    _BY_FORM,
]
Delimiter = Annotated[str, PlainValidator(_delimiter)]
Flag = Annotated[bool, PlainValidator(_flag)]
Encoding = Annotated[str, PlainValidator(_encoding)]
