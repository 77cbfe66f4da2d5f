"""Past records by chance, as files of the charging server and as a usage lake: the same in both."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from ocs.cdr.files import sealed_name
from ocs.cdr.lake.appending import ROWS
from ocs.cdr.lake.columns import TABLE_COLUMNS
from ocs.cdr.lake.record_rows import insert_records

STARTED: Final = datetime(2026, 11, 1, tzinfo=UTC)
DAY_MS: Final = 86_400_000
DAYS: Final = 30
ACCOUNTS: Final = 10_000
NETWORKS: Final = ("23415", "23415", "23415", "26202", "20801", "22801", "310260")
CALLED: Final = ("4420", "4477", "4930", "30210", "331", "813", "61", "3906", "1212")

_LINE: Final = (
    '{{"sequence":{sequence},"record_id":"gateway-1.example.net;3891;{sequence}#1","record_version":1,'
    '"session_id":"gateway-1.example.net;3891;{sequence}","account":"{account}","msisdn":"{account}",'
    '"imsi":"23415{account}","plan":"{plan}","service":"{service}","service_context":"32251@3gpp.org",'
    '"origin_host":"gateway-1.example.net","origin_realm":"example.net","apn":"{apn}","payment":"prepaid",'
    '"network":"{network}"{call},"rating_group":{group},"service_identifier":null,"opened_at":"{opened}",'
    '"closed_at":"{closed}","cause":"normal","partial":false,"unit_kind":"{kind}","used_units":{used},'
    '"used_octets":{octets},"input_octets":{down},"output_octets":{up},"time_s":{seconds},'
    '"specific_units":{units},"amount_micros":{amount},"written_off_micros":0,"currency":"EUR","charges":['
    '{{"rule":"{plan}/{service}","price_micros":1000000,"per_units":1000000,"increment":1,"rounding":0,'
    '"units":{used},"amount_micros":{amount},"catalogue":"3f786850e387550f"}}],"buckets":[],'
    '"requests":{{"first":0,"last":4,"count":5}},"balance_micros":18034064}}\n'
)


class Chance(random.Random):
    """What comes by chance, of so many accounts."""

    def __init__(self, seed: int, accounts: int) -> None:
        super().__init__(seed)
        self.accounts = accounts


def write_files(folder: Path, records: int, *, mixed: bool, accounts: int = ACCOUNTS, days: int = DAYS) -> None:
    """A file of so many records, in the order of their beginning; data on ``payg``, or a mix."""
    chance = Chance(records, accounts)
    with (folder / sealed_name(1, records)).open("w") as stream:
        for sequence in range(1, records + 1):
            at = STARTED + timedelta(milliseconds=sequence * days * DAY_MS // records)
            stream.write(mixed_line(sequence, at, chance) if mixed else data_line(sequence, at, chance, "payg"))


def data_line(sequence: int, at: datetime, chance: Chance, plan: str) -> str:
    """A record of a data session; its amount is what ``payg`` costs."""
    octets = chance.randrange(1, 20_000_000)
    measures = {"kind": "octets", "used": octets, "octets": octets}
    return _line(sequence, at, chance, plan, "data", apn="internet", group=10, **measures)


def mixed_line(sequence: int, at: datetime, chance: Chance) -> str:
    """A call, a message or a data session of a subscriber with a plan that has all of them."""
    plan = chance.choice(("talk", "comfort"))
    dice = chance.random()
    if dice < 0.5:
        return data_line(sequence, at, chance, plan)
    called = chance.choice(CALLED) + str(chance.randrange(10**7, 10**8))
    call = f',"direction":"outgoing","called":"{called}"'
    if dice < 0.8:
        seconds = chance.randrange(1, 600)
        return _line(
            sequence, at, chance, plan, "voice", call=call, kind="seconds", used=seconds, seconds=seconds
        )
    return _line(sequence, at, chance, plan, "sms", call=call, kind="units", used=1, units=1)


def write_lake(files: Path, folder: Path) -> None:
    """The records of a folder of files as a lake (without a manifest, which a replay does not ask)."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"CREATE TABLE {ROWS} ({TABLE_COLUMNS})")
    for path in sorted(files.glob("*.jsonl")):
        connection.execute(insert_records(path, "online-p0"))
    day = folder / f"day={STARTED:%Y-%m-%d}"
    day.mkdir(parents=True)
    connection.execute(f"COPY {ROWS} TO '{day / 'records.parquet'}' (FORMAT parquet)")


def _line(sequence: int, at: datetime, chance: Chance, plan: str, service: str, **fields: object) -> str:
    given = {"call": "", "apn": "", "group": "null", "octets": 0, "seconds": 0, "units": 0} | fields
    octets = int(str(given["octets"]))
    account = 447_700_000_000 + chance.randrange(chance.accounts)
    if plan != "payg":
        account = account // 2 * 2 + (plan == "talk")
    return _LINE.format(
        sequence=sequence,
        account=account,
        plan=plan,
        service=service,
        network=chance.choice(NETWORKS),
        opened=_text(at),
        closed=_text(at + timedelta(seconds=chance.randrange(1, 3600))),
        down=octets // 2,
        up=octets - octets // 2,
        amount=int(str(given["used"])),
        **given,
    )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
