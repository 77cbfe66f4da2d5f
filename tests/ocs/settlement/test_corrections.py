"""What was stated stays; corrections and agreed amounts are documents and numbers of their own."""

from __future__ import annotations

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from config.settlement_file import load_agreements
from config.settlement_terms import PartnerAgreements
from ocs.settlement import SettlementError
from ocs.settlement.statement import Statement
from ocs.settlement.stored import stored_documents
from ocs.settlement.tables import SETTLEMENT_STATEMENT
from tests.ocs.settlement.second_by_second import recomputed
from tests.ocs.settlement.trunk_lake import (
    LONG_AFTER_MS,
    PARTNERS,
    append,
    at,
    call,
    example_agreements,
    random_calls,
    settlement_of,
)

DAY = "2026-12-20"


def changed_agreements(folder: Path, old: str, new: str, name: str = "northtel.yaml") -> PartnerAgreements:
    """NorthTel's agreement with one text changed."""
    copy = folder / "changed"
    if not copy.exists():
        shutil.copytree(PARTNERS, copy)
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new))
    return load_agreements(copy)["northtel"]


def due(statement: Statement, direction: str) -> Decimal:
    """What a document says is due in a direction."""
    return sum(
        (Decimal(total.due_micros) / 1_000_000 for total in statement.totals if total.direction == direction),
        Decimal(0),
    )


def test_a_correction_states_the_difference(tmp_path: Path, engine: Engine) -> None:
    """By the agreement as it is now; a second correction counts the first; the statement stays as it was."""
    records = list(random_calls(31, 80))
    append(tmp_path, engine, records)
    settlement = settlement_of(tmp_path, engine)
    first = settlement.run(example_agreements(), "2026-11", LONG_AFTER_MS, issue_day=DAY)
    dearer = changed_agreements(tmp_path, "peak: 0.0120 EUR", "peak: 0.0240 EUR")
    second = settlement.correct(dearer, first.statement.number, "the peak price was wrong", DAY)
    peaks = {key: amount for key, (_, amount) in recomputed(records).items() if key[2] == "peak"}
    assert all(tier == 1 for direction, _, _, tier in peaks if direction == "incoming")
    more = due(second.statement, "incoming")
    exact = sum((amount for key, amount in peaks.items() if key[0] == "incoming"), Decimal(0))
    assert abs(more - exact) <= Decimal("0.01")
    assert due(second.statement, "outgoing") == 0
    back = changed_agreements(tmp_path, "peak: 0.0240 EUR", "peak: 0.0120 EUR")
    third = settlement.correct(back, first.statement.number, "it was right", DAY)
    assert due(third.statement, "incoming") == -more
    assert [document.statement.number for document in (second, third)] == ["C-2026-000001", "C-2026-000002"]
    with pytest.raises(SettlementError, match="nothing to correct"):
        settlement.correct(back, first.statement.number, "again", DAY)
    with pytest.raises(SettlementError, match="is a correction itself: correct S-2026-000001"):
        settlement.correct(back, second.statement.number, "of a correction", DAY)
    again = settlement.run(example_agreements(), "2026-11", LONG_AFTER_MS)
    assert again.statement == first.statement
    for number in ("C-2026-000001", "C-2026-000002"):
        assert settlement.again(number).repeated


def test_a_correction_of_the_currency_takes_back_one_and_states_the_other(
    tmp_path: Path, sqlite_engine: Engine
) -> None:
    """What was stated in dollars comes back converted, once, beside what is due in yen."""
    append(
        tmp_path,
        sqlite_engine,
        [call("one", partner="pacific", trunk="PV-OUT", direction="outgoing", called="8190")],
    )
    settlement = settlement_of(tmp_path, sqlite_engine)
    first = settlement.run(example_agreements("pacific"), "2026-11", LONG_AFTER_MS, issue_day=DAY).statement
    changed_agreements(
        tmp_path,
        "outgoing:\n  trunks: [PV-OUT]\n  currency: USD\n",
        "outgoing:\n  trunks: [PV-OUT]\n",
        "pacific.yaml",
    )
    in_yen = load_agreements(tmp_path / "changed")["pacific"]
    found = settlement.correct(in_yen, first.number, "it is in yen", DAY).statement
    stated = {total.currency: total.due_micros for total in found.totals if total.direction == "outgoing"}
    (taken_back,) = found.conversions

    assert stated["USD"] == -first.conversions[0].due_micros
    assert taken_back.converted_micros == -first.conversions[0].converted_micros
    (net,) = found.net
    assert net.payable_micros == stated["JPY"] + taken_back.converted_micros


def test_an_agreed_amount_is_a_document(tmp_path: Path, engine: Engine) -> None:
    """It has one line, its reason, and the sign of who gets it."""
    append(tmp_path, engine, [call("one")])
    settlement = settlement_of(tmp_path, engine)
    first = settlement.run(example_agreements(), "2026-11", LONG_AFTER_MS, issue_day=DAY)
    credit = settlement.credit(
        example_agreements(), first.statement.number, "incoming", -1_230_000, "dispute 7 settled", DAY
    ).statement
    assert (credit.kind, credit.number, credit.corrects) == ("credit", "C-2026-000001", "S-2026-000001")
    assert due(credit, "incoming") == Decimal("-1.23")
    assert credit.net[0].net_micros == -1_230_000
    assert credit.lines[0].text == "dispute 7 settled"
    with pytest.raises(SettlementError, match="nothing"):
        settlement.credit(example_agreements(), first.statement.number, "incoming", 0, "", DAY)
    with pytest.raises(SettlementError, match=r"C-2026-000001 of .* stated the same for the same reason"):
        settlement.credit(
            example_agreements(), first.statement.number, "incoming", -1_230_000, "dispute 7 settled", DAY
        )
    again = settlement.credit(
        example_agreements(), first.statement.number, "incoming", -1_230_000, "dispute 8 settled", DAY
    )
    assert again.statement.number == "C-2026-000002"


def test_the_agreement_of_a_statement_is_kept(tmp_path: Path, sqlite_engine: Engine) -> None:
    """It is made again by the agreement as it was; without that copy, or with another, it is refused."""
    append(tmp_path, sqlite_engine, random_calls(32, 10))
    settlement = settlement_of(tmp_path, sqlite_engine)
    agreements = changed_agreements(tmp_path, "0.0200 EUR per message", "0.0210 EUR per message")
    first = settlement.run(agreements, "2026-11", LONG_AFTER_MS, issue_day=DAY)
    shutil.rmtree(tmp_path / "changed")
    assert settlement.again(first.statement.number).statement == first.statement
    kept = tmp_path / "settlement" / ".agreements" / f"northtel-{first.statement.agreement}"
    deck = kept / "decks" / "northtel-a-z.csv"
    deck.write_text(deck.read_text().replace("0.0090", "0.0190"))
    with pytest.raises(SettlementError, match="was changed"):
        settlement.again(first.statement.number)
    shutil.rmtree(kept)
    with pytest.raises(SettlementError, match="is gone"):
        settlement.again(first.statement.number)


def test_late_usage_after_a_correction_goes_on_where_the_correction_ended(
    tmp_path: Path, sqlite_engine: Engine
) -> None:
    """A correction that counts more seconds moves the tiers of what comes late."""
    long = [call(f"a{n}", started_ms=at("2026-11-03 10:00:00") + n, used_units=59_941) for n in range(2)]
    append(tmp_path, sqlite_engine, long)
    settlement = settlement_of(tmp_path, sqlite_engine)
    first = settlement.run(example_agreements(), "2026-11", LONG_AFTER_MS, issue_day=DAY)
    by_minute = changed_agreements(tmp_path, "increment: 1/1\n", "increment: 60/60\n")
    settlement.correct(by_minute, first.statement.number, "by the minute", DAY)
    append(tmp_path, sqlite_engine, [call("late", started_ms=at("2026-11-04 10:00:00"), used_units=60)])
    december = settlement.run(by_minute, "2026-12", LONG_AFTER_MS, issue_day=DAY).statement
    assert [(line.month, line.tier, line.units) for line in december.lines] == [("2026-11", 2, 60)]


def test_numbers_have_no_gaps(tmp_path: Path, engine: Engine) -> None:
    """Refused runs and corrections use none up; each series counts by itself, by year."""
    append(tmp_path, engine, [call("one"), call("p", partner="pacific", trunk="PV-IN", called="44771")])
    settlement = settlement_of(tmp_path, engine)
    with pytest.raises(SettlementError):
        settlement.run(example_agreements(), "2026-13", LONG_AFTER_MS)
    settlement.run(example_agreements(), "2026-11", LONG_AFTER_MS, issue_day="2026-12-31")
    append(tmp_path, engine, [call("bad", started_ms=at("2026-12-02 10:00:00"), called="1")])
    with pytest.raises(SettlementError, match="without a price"):
        settlement.run(example_agreements(), "2026-12", LONG_AFTER_MS, issue_day="2027-01-02")
    settlement.run(example_agreements("pacific"), "2026-11", LONG_AFTER_MS, issue_day="2026-12-31")
    settlement.run(example_agreements(), "2026-12", LONG_AFTER_MS, issue_day="2027-01-02", leave_unrated=True)
    settlement.credit(example_agreements(), "S-2026-000001", "outgoing", 5, "x", "2027-01-03")
    with engine.connect() as connection:
        numbers = connection.execute(
            select(SETTLEMENT_STATEMENT.c.number).order_by(SETTLEMENT_STATEMENT.c.statement_id)
        ).scalars()
        assert list(numbers) == ["S-2026-000001", "S-2026-000002", "S-2027-000001", "C-2027-000001"]
        kinds = Counter(stored.statement.kind for stored in stored_documents(connection, "northtel"))
    assert kinds == {"statement": 2, "credit": 1}
