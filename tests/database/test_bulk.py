"""Many rows at once arrive as they were given, on both databases."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, select

from ocs.database.bulk import insert_rows, select_rows
from ocs.database.schema import MOMENT, TEXT
from ocs.database.transaction import writing

THING = Table(
    "thing", MetaData(), Column("n", MOMENT, primary_key=True), Column("word", TEXT), Column("size", MOMENT)
)
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12
) | st.sampled_from(["", "\\N", "\\", "a\tb", "a\nb\r\n", "\\\\n", "\\.", "ΑΒΓ \U0001f600"])
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.none() | TEXTS, st.none() | NUMBERS), max_size=30))
def test_rows_come_back_as_they_were(empty_engine: Engine, values: list[tuple[str | None, int | None]]) -> None:
    """Texts with tabs, line ends, backslashes and NULL among them."""
    rows = [(number, *value) for number, value in enumerate(values)]
    with writing(empty_engine) as connection:
        THING.drop(connection, checkfirst=True)
        THING.create(connection)
        assert insert_rows(connection, THING, ["n", "word", "size"], iter(rows)) == len(rows)
    with empty_engine.connect() as connection:
        assert list(select_rows(connection, select(THING).order_by(THING.c.n))) == rows
        assert [tuple(row) for row in connection.execute(select(THING).order_by(THING.c.n))] == rows


def test_rows_are_part_of_the_transaction(empty_engine: Engine) -> None:
    """What fails later takes them back."""
    with writing(empty_engine) as connection:
        THING.create(connection)
    with empty_engine.connect() as connection, connection.begin() as transaction:
        insert_rows(connection, THING, ["n"], [(1,), (2,)])
        transaction.rollback()
    with empty_engine.connect() as connection:
        assert list(select_rows(connection, select(THING))) == []
