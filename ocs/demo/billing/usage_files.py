"""Usage written as other systems write it: the forms that the mappings of the examples describe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ocs.demo.billing.usage_month import Call, DataUse, Message, UsageMonth

SWITCH_ZONE: Final = ZoneInfo("Europe/Berlin")
"""Whose local time the example's switch and trunks write."""
HOME_NETWORK: Final = "23415"
MISTAKES: Final = (
    "MSC1,9900001,2026-10-05 10:00:00,61,00447700999999,004930123456,MOC,23415,16",
    "MSC1,9900002,2026-10-05 10:00:00,a minute,00447700200000,004930123456,MOC,23415,16",
    "MSC1,9900003,2026-10-32 10:00:00,61,00447700200000,004930123456,MOC,23415,16",
)
"""Lines of a switch that nobody can charge: a number of nobody, a duration of words, a day that is none."""


class UsageFile(NamedTuple):
    """A file, the mapping that reads it, and how many records are in it."""

    path: Path
    mapping: str
    records: int


def write_usage(folder: Path, month: UsageMonth) -> list[UsageFile]:
    """Write the files of a month."""
    folder.mkdir(parents=True, exist_ok=True)
    answered = [call for call in month.calls if call.seconds]
    trunks = [call for call in answered if call.trunk]
    return [
        _write(folder / "calls.csv", "voice", _calls(month.calls), len(answered)),
        _write(folder / "messages.txt", "sms", _messages(month.messages), len(month.messages)),
        _write(folder / "data.psv", "data", _data(month.data), len(month.data)),
        _write(folder / "trunks.csv", "trunk", _trunks(trunks), len(trunks)),
    ]


def _write(path: Path, mapping: str, lines: Iterable[str], records: int) -> UsageFile:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return UsageFile(path, mapping, records)


def _calls(calls: list[Call]) -> Iterable[str]:
    yield "SWITCH,CALL_ID,ANSWER_TIME,DURATION,A_NUMBER,B_NUMBER,TYPE,PLMN,CAUSE"
    for number, call in enumerate(calls, 8_800_001):
        at = f"{_local(call.started_ms):%Y-%m-%d %H:%M:%S}"
        ours, other = f"00{call.msisdn}", f"00{call.other}"
        numbers = f"{ours},{other},MOC" if call.outgoing else f"{other},{ours},MTC"
        yield f"MSC1,{number},{at},{call.seconds},{numbers},{HOME_NETWORK},{call.cause}"
    yield from MISTAKES


def _messages(messages: list[Message]) -> Iterable[str]:
    for number, message in enumerate(messages, 1):
        yield f"{number}\t{message.at_ms}\t+{message.msisdn}\t+{message.called}\t{message.parts}"


def _data(containers: list[DataUse]) -> Iterable[str]:
    yield "CHARGING_ID|SEQUENCE|START|STOP|MSISDN|APN|RG|UPLINK|DOWNLINK|PLMN|RAT"
    for number, use in enumerate(containers, 4001):
        start, stop = _utc(use.started_ms), _utc(use.ended_ms)
        octets = f"{use.uplink}|{use.downlink}"
        yield f"{number}|1|{start}|{stop}|{use.msisdn}|internet|{use.rating_group}|{octets}|{HOME_NETWORK}|NR"


def _trunks(calls: list[Call]) -> Iterable[str]:
    yield "RECORD;TRUNK;DIRECTION;SEIZED;ANSWERED_S;A;B"
    for number, call in enumerate(calls, 900_001):
        at = f"{_local(call.started_ms):%d.%m.%Y %H:%M:%S}"
        ours, other = f"+{call.msisdn}", f"+{call.other}"
        way = (
            f"OUT;{at};{call.seconds};{ours};{other}"
            if call.outgoing
            else f"IN;{at};{call.seconds};{other};{ours}"
        )
        yield f"{number};{call.trunk};{way}"


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, SWITCH_ZONE)


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()
