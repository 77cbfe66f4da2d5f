"""The fast way of reading a column gives what the careful way does, or leaves it to that."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from config.column_texts import TimeColumn
from config.quantity_text import LIMIT_UNITS
from ocs.usage_import.lines import split_columns, split_lines
from ocs.usage_import.moments import Moments
from ocs.usage_import.plain_columns import plain_numbers, whole_numbers
from ocs.usage_import.refusal import Refusal
from ocs.usage_import.texts import moment_parser, number_parser, octets_parser
from rating.numbering import Numbering

NUMBERINGS = [None, Numbering(b"49"), Numbering(b"1", b"", b"011"), Numbering(b"44", b"0", b"")]
NUMBERINGS.append(Numbering(b"47", b"", b"00", frozenset([5, 8])))
number_texts = st.one_of(
    st.from_regex(r"\+?(00|0|011)?[0-9]{0,22}", fullmatch=True), st.text("0123+ -x*#²٣", max_size=24)
)
moment_texts = st.one_of(
    st.datetimes().map(lambda at: at.isoformat(" ", "seconds")),
    st.from_regex(r"2026-(03-29|10-25|11-03)[T ]0[0-9](:[0-6][0-9]){2}(\.[0-9]{1,3})?(Z|[+-]0[0-9]:[03]0)?",
                  fullmatch=True),
)  # fmt: skip


@given(st.lists(number_texts, max_size=5), st.sampled_from(NUMBERINGS))
def test_plain_numbers_are_those_of_the_parser(texts: list[str], numbering: Numbering | None) -> None:
    """A number of the usual form is the parser's; what the parser refuses or takes otherwise is odd."""
    parse = number_parser(numbering, "called", service_numbers=False, any_text=False)
    odd: list[int] = []
    found = plain_numbers(tuple(texts), numbering, odd)
    for place, text in enumerate(texts):
        value = parse(text)
        if place in odd:
            assert found[place] == ""
            assert isinstance(value, Refusal) or not text.removeprefix("+").isdigit()
        else:
            assert found[place] == value


@given(
    st.lists(st.one_of(st.integers(0, 1 << 64).map(str), st.text("0123456789.²٣-", max_size=20)), max_size=4)
)
def test_whole_numbers_are_those_of_the_parser(texts: list[str]) -> None:
    """All texts are whole numbers below the limit, and these are their values; else there is no answer."""
    values = [octets_parser("B")(text) for text in texts]
    found = whole_numbers(tuple(texts), 0, LIMIT_UNITS)
    plain = all(text.isdigit() and text.isascii() and len(text) < 19 for text in texts)
    if plain and not any(isinstance(value, Refusal) for value in values):
        assert found == values
    else:
        assert found is None


@example(["0001-01-01 00:00:00", "9999-12-31 23:59:59"], "%Y-%m-%d %H:%M:%S", "first")
@given(
    st.lists(moment_texts, max_size=6),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "iso"]),
    st.sampled_from(["first", "second"]),
)
def test_moments_are_those_of_the_parser(texts: list[str], form: str, twice: str) -> None:
    """Hours that are remembered change no moment, not where clocks change, nor what is refused."""
    column = TimeColumn.model_validate(
        {"column": "T", "format": form, "time_zone": "Europe/Berlin", "twice": twice}
    )
    parse = moment_parser(column)
    refused: dict[int, Refusal] = {}
    found = Moments(column).read(tuple(texts), list(range(len(texts))), refused)
    for place, (text, value) in enumerate(zip(texts, found, strict=True)):
        wanted = parse(text)
        assert (place in refused) == isinstance(wanted, Refusal)
        assert isinstance(wanted, Refusal) or value == wanted


@given(st.lists(st.lists(st.text("a1 ,", max_size=3), min_size=1, max_size=4), max_size=6))
@example([["a", "1"], ["", ""]])
@example([["", "", "", ""], [""], ["", ""]])
@example([["a", "b", "c"], ["d"], ["e", "f", "g", "h", "i"]])
def test_columns_are_those_of_the_lines(rows: list[list[str]]) -> None:
    """A text that is split at once has the fields of its lines, or is left to be split line by line."""
    texts = [";".join(row) for row in rows]
    columns = split_columns("\n".join(texts), ";")
    of_lines, _ = split_lines(texts, list(range(len(texts))), ";", {}, plain=True)
    if columns:
        assert list(map(list, zip(*columns, strict=True))) == of_lines
    else:
        assert len({len(row) for row in of_lines}) != 1 or len(of_lines[0]) == 1 or "" in texts
