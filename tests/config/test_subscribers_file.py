"""Subscribers out of CSV: what right rows mean, and the line and words of every wrong one."""

from pathlib import Path

import pytest

from balance.subscriber import ACTIVE, BARRED
from config.issues import ConfigError
from config.subscribers_file import MOST_LISTED_ISSUES, SubscriberRow, check_subscribers, read_subscribers
from rating.catalogue import Plan

PLANS = {
    "payg": Plan("payg", "Pay as you go", "EUR", True, {}, {}, []),
    "junior": Plan("junior", "Junior", "EUR", False, {}, {}, []),
    "dollar": Plan("dollar", "Dollar", "USD", True, {}, {}, []),
}
HEADER = "msisdn,imsi,account,plan,balance\n"


def _rows(folder: Path, text: str | bytes) -> list[SubscriberRow]:
    path = folder / "s.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    rows = list(read_subscribers(path, PLANS))
    assert check_subscribers(path, PLANS) == len(rows)
    return rows


def _words(folder: Path, text: str | bytes) -> list[str]:
    path = folder / "s.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        check_subscribers(path, PLANS)
    return [str(issue).replace(str(path), "s") for issue in caught.value.issues]


def test_row_means_a_subscriber(tmp_path: Path) -> None:
    """A row gives identities, account, plan, currency, exact opening and status."""
    rows = _rows(tmp_path, HEADER + "447700000001,234150000000001,family-1,payg,12.345678\n")
    assert rows == [
        SubscriberRow(
            line=2,
            subscriber_id=b"447700000001",
            msisdn=b"447700000001",
            imsi=b"234150000000001",
            account_id="family-1",
            plan_id="payg",
            currency="EUR",
            opening_micros=12_345_678,
            status=ACTIVE,
        )
    ]


def test_order_of_columns_is_free_and_status_may_follow(tmp_path: Path) -> None:
    """Columns are found by name, whatever their order and case; a status bars."""
    text = "\ufeffStatus,plan,balance,account,imsi,MSISDN\r\n"
    text += "barred,payg,5,,,447700000001\r\n,junior,,,,447700000002\r\n"
    rows = _rows(tmp_path, text)
    found = [(row.msisdn, row.imsi, row.account_id, row.opening_micros, row.status) for row in rows]
    assert found == [
        (b"447700000001", b"", "447700000001", 5_000_000, BARRED),
        (b"447700000002", b"", "447700000002", 0, ACTIVE),
    ]


def test_subscriber_without_msisdn_is_known_by_imsi(tmp_path: Path) -> None:
    """Without an MSISDN, subscriber and account are called by the IMSI."""
    (row,) = _rows(tmp_path, HEADER + ",001010000000001,,payg,1.00\n")
    assert (row.subscriber_id, row.account_id, row.msisdn) == (
        b"imsi-001010000000001",
        "imsi-001010000000001",
        b"",
    )


def test_rows_of_one_account_share_its_opening(tmp_path: Path) -> None:
    """The first row of an account says what it opens with; later ones say the same or nothing."""
    text = HEADER + "44770001,,fam,payg,9.00\n44770002,,fam,payg,\n44770003,,fam,junior,9\n"
    text += "44770004,,,payg,3\n44770005,,44770004,payg,\n"
    rows = _rows(tmp_path, text)
    found = [(row.account_id, row.opening_micros) for row in rows]
    assert found == [("fam", 9_000_000)] * 3 + [("44770004", 3_000_000)] * 2


def test_empty_lines_count_but_are_left_out(tmp_path: Path) -> None:
    """Lines are numbered as an editor does, quoted fields are read, and an overdraft may open below zero."""
    rows = _rows(tmp_path, HEADER + '\n44770001,,"fam",payg,-1.50\n\n44770002,,,payg,0\n')
    assert [(row.line, row.opening_micros) for row in rows] == [(3, -1_500_000), (5, 0)]


HEADERS = [
    ("", ["s:1: the header is missing\n    hint: the first line is msisdn,imsi,account,plan,balance"]),
    (
        "msisdn,imsi,account,plan,balance,statu\n",
        ["s:1: unknown column 'statu'\n    hint: did you mean 'status'?"],
    ),
    ("msisdn,imsi,account,plan,balance,plan\n", ["s:1: column 'plan' is here twice"]),
    (
        "msisdn,imsi,account,plan\n",
        [
            (
                "s:1: column 'balance' is missing\n"
                "    hint: columns are msisdn,imsi,account,plan,balance; status, group, time_zone are optional"
            )
        ],
    ),
]


@pytest.mark.parametrize(("text", "words"), HEADERS)
def test_mistake_in_the_header(tmp_path: Path, text: str, words: list[str]) -> None:
    """Without its columns a file is not read further."""
    assert _words(tmp_path, text) == words


ROWS = [
    ("44770001,,,payg", ["4 fields, the header has 5"]),
    (",,,payg,1", ["neither a msisdn nor an imsi"]),
    ("+44770001,,,payg,1", ["msisdn '+44770001' is not digits\n    hint: the E.164 number without plus"]),
    ("4477,,,payg,1", ["msisdn '4477' has 4 digits, not 5 to 15"]),
    ("٤٤٧٧٠٠,,,payg,1", ["msisdn '٤٤٧٧٠٠' is not digits\n    hint: digits only"]),
    (",2341500000000011,,payg,1", ["imsi '2341500000000011' has 16 digits, not 6 to 15"]),
    (
        "44770001,,a b,payg,1",
        ["account 'a b' is not an account id\n    hint: up to 64 letters, digits, '.', '_', '@', '+' and '-'"],
    ),
    ("44770001,,,pay,1", ["plan 'pay' is not in the catalogue\n    hint: did you mean 'payg'?"]),
    ("44770001,,,payg,much", ["balance: 'much' is not a decimal amount"]),
    (
        '44770001,,,payg,"1,00"',
        ["balance: '1,00' is not a decimal amount\n    hint: a point before the decimals, no thousands"],
    ),
    ("44770001,,,payg,0.0000001", ["balance: '0.0000001' has more than six decimals"]),
    ("44770001,,,payg,NaN", ["balance: 'NaN' is not a decimal amount"]),
    ("44770001,,,payg,1e3", ["balance: '1e3' is not a decimal amount"]),
    ("44770001,,,payg,1_000", ["balance: '1_000' is not a decimal amount"]),
    ("44770001,,,payg,9007199255", ["balance: '9007199255' is beyond 9007199254 major units"]),
    ("44770001,,,junior,-1", ["balance -1 is below zero, which plan 'junior' forbids"]),
    (
        "x,y,,pay,1",
        [
            "msisdn 'x' is not digits\n    hint: digits only",
            "imsi 'y' is not digits\n    hint: digits only",
            "plan 'pay' is not in the catalogue\n    hint: did you mean 'payg'?",
        ],
    ),
]


@pytest.mark.parametrize(("row", "words"), ROWS)
def test_mistake_in_a_row(tmp_path: Path, row: str, words: list[str]) -> None:
    """A wrong row is told with its line and everything that is wrong with it."""
    text = f"{HEADER}44770009,,,payg,1\n{row}\n"
    assert _words(tmp_path, text) == [f"s:3: {word}" for word in words]


def test_unknown_status_is_told(tmp_path: Path) -> None:
    """A status is active, barred or empty."""
    text = "msisdn,imsi,account,plan,balance,status\n44770001,,,payg,1,asleep\n"
    assert _words(tmp_path, text) == ["s:2: status 'asleep' is not 'active' or 'barred'"]


def test_identity_may_be_there_once(tmp_path: Path) -> None:
    """A second row of an MSISDN or IMSI is told with the line of the first."""
    text = HEADER + "44770001,234151,,payg,1\n44770001,234152,,payg,1\n44770003,234151,,payg,1\n"
    assert _words(tmp_path, text) == [
        "s:3: msisdn 44770001 is in line 2 already",
        "s:4: imsi 234151 is in line 2 already",
    ]


def test_account_opens_once(tmp_path: Path) -> None:
    """Rows of one account that disagree about balance or currency are told."""
    text = HEADER + "44770001,,fam,payg,1\n44770002,,fam,payg,2\n44770003,,fam,dollar,\n"
    text += "44770004,,44770005,payg,7\n44770005,,,payg,\n"
    balance_hint = "leave the balance empty in all rows but the first"
    currency_hint = "all subscribers of an account have plans of one currency"
    assert _words(tmp_path, text) == [
        f"s:3: account fam opens with 1.00 by an earlier row, here with 2\n    hint: {balance_hint}",
        f"s:4: account fam is in EUR by an earlier row, plan 'dollar' is not\n    hint: {currency_hint}",
    ]


def test_octets_that_are_no_text_are_told(tmp_path: Path) -> None:
    """A row in another encoding is a mistake of that row."""
    text = HEADER.encode() + b"44770001,,,pay\xe9,1\n"
    assert _words(tmp_path, text) == [
        "s:2: plan 'pay\\udce9' is not in the catalogue\n    hint: did you mean 'payg'?"
    ]


def test_broken_quotes_are_told(tmp_path: Path) -> None:
    """What is no CSV ends the file with its line."""
    assert _words(tmp_path, HEADER + '44770001,,,payg,"1"x\n') == ["s:2: not CSV: ',' expected after '\"'"]
    assert _words(tmp_path, HEADER + '44770001,,,payg,"1\n') == ["s:2: not CSV: unexpected end of data"]


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is told like any other mistake."""
    with pytest.raises(ConfigError, match="can not be read: No such file or directory"):
        check_subscribers(tmp_path / "nowhere.csv", PLANS)


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    """A file that is wrong throughout has its first hundred issues listed and all of them counted."""
    path = tmp_path / "s.csv"
    path.write_text(HEADER + "x,,,payg,1\n" * 250)
    with pytest.raises(ConfigError) as caught:
        check_subscribers(path, PLANS)
    assert len(caught.value.issues) == MOST_LISTED_ISSUES
    assert "\n... and 150 more\n250 errors; nothing was loaded" in str(caught.value)


def test_reading_stops_at_the_first_mistake(tmp_path: Path) -> None:
    """A file that changed after its check yields nothing beyond what is wrong."""
    path = tmp_path / "s.csv"
    path.write_text(HEADER + "44770001,,,payg,1\nx,,,payg,1\n44770002,,,payg,1\n")
    rows = read_subscribers(path, PLANS)
    assert next(rows).line == 2
    with pytest.raises(ConfigError, match="msisdn 'x' is not digits"):
        next(rows)


def test_group_and_time_zone_are_optional(tmp_path: Path) -> None:
    """A subscriber may be in a group that tariffs select by, and live in a time zone of its own."""
    header = "msisdn,imsi,account,plan,balance,group,time_zone\n"
    rows = _rows(tmp_path, header + "447700000001,,,payg,0,staff,Europe/Lisbon\n447700000002,,,payg,0,,\n")
    assert [(row.group, row.time_zone) for row in rows] == [(b"staff", "Europe/Lisbon"), (b"", "")]
    assert _words(tmp_path, header + "447700000001,,,payg,0,a b,Europe/Lisbo\n") == [
        "s:2: group 'a b' is not a group's name\n    hint: up to 64 letters, digits, '.', '_' and '-'",
        "s:2: time_zone 'Europe/Lisbo' is not a time zone\n    hint: did you mean 'Europe/Lisbon'?",
    ]
