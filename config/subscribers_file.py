"""Subscribers out of a CSV file: streamed, checked, with file:line for every mistake.

Columns, in any order: ``msisdn,imsi,account,plan,balance`` and optionally ``status`` (active or barred),
``group`` (a name tariffs select by) and ``time_zone`` (IANA; empty = the network's). One of msisdn and
imsi may be empty. An empty account means one of the subscriber's own, with the subscriber's id: the MSISDN, or
``imsi-`` and the IMSI where there is no MSISDN. The balance is what the account opens with, decimal text in the
plan's currency: the first row that names an account says it (empty = 0), later ones agree or are empty.
"""

from __future__ import annotations

import csv
import re
import zoneinfo
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from balance.quantity import AmountError, format_micros, parse_micros
from config.issues import ConfigError, Issue, did_you_mean
from rating.catalogue import Plan

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS: Final = ("msisdn", "imsi", "account", "plan", "balance", "status", "group", "time_zone")
REQUIRED_COLUMNS: Final = COLUMNS[:5]
MOST_LISTED_ISSUES: Final = 100
MOST_REMEMBERED_BALANCES: Final = 10_000
"""Different balance texts that need no second parsing."""
_STATUS: Final = {"": 0, "active": 0, "barred": 1}
"""The numbers of balance.subscriber, which is above this room's reach."""
_GROUP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


class SubscriberRow(NamedTuple):
    """One subscriber. ``subscriber_id`` keys it in the store; msisdn or imsi may be b""."""

    line: int
    subscriber_id: bytes
    msisdn: bytes
    imsi: bytes
    account_id: str
    plan_id: str
    currency: str
    opening_micros: int
    status: int
    group: bytes = b""
    time_zone: str = ""


@cache
def available_time_zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(zoneinfo.available_timezones())


def subscriber_id_of(msisdn: str, imsi: str) -> str:
    """The id of a subscriber, and of its own account: the MSISDN, else ``imsi-`` and the IMSI."""
    return msisdn or f"imsi-{imsi}"


def check_subscribers(path: Path, plans: Mapping[str, Plan]) -> int:
    """The number of rows of a whole file; ConfigError with its first 100 issues and their count."""
    reader = _RowReader(path, plans)
    rows = sum(1 for _ in reader.rows())
    reader.raise_issues()
    return rows


def read_subscribers(path: Path, plans: Mapping[str, Plan]) -> Iterator[SubscriberRow]:
    """The rows of a file one after the other; ConfigError at the first issue.

    ``check_subscribers`` before it makes sure that nothing is used of a file that is wrong further down.
    """
    reader = _RowReader(path, plans)
    for row in reader.rows():
        reader.raise_issues()
        yield row
    reader.raise_issues()


class _Opening(NamedTuple):
    micros: int
    currency: str


class _RowReader:
    """One pass over a file; what it found wrong is counted, the first of it kept."""

    def __init__(self, path: Path, plans: Mapping[str, Plan]) -> None:
        self._path = path
        self._plans = plans
        self._issues: list[Issue] = []
        self._count = 0
        self._openings_by_text: dict[tuple[str, str], _Opening] = {}
        self._openings: dict[str, _Opening] = {}
        self._msisdn_lines: dict[str, int] = {}
        self._imsi_lines: dict[str, int] = {}

    def raise_issues(self) -> None:
        """ConfigError where anything was wrong so far."""
        if self._count:
            raise ConfigError(self._issues, self._count - len(self._issues))

    def rows(self) -> Iterator[SubscriberRow]:
        """The rows that are right."""
        try:
            with self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                reader = csv.reader(file, strict=True)
                try:
                    header = next(reader, [])
                    order = self._columns(header)
                    if order:
                        for line, fields in _fields(reader):
                            row = self._row(line, fields, order, len(header))
                            if row is not None:
                                yield row
                except csv.Error as error:
                    self._refuse(reader.line_num, f"not CSV: {error}")
        except OSError as error:
            self._refuse(0, f"can not be read: {error.strerror}")

    def _refuse(self, line: int, message: str, hint: str = "") -> None:
        self._count += 1
        if len(self._issues) < MOST_LISTED_ISSUES:
            self._issues.append(Issue(self._path, line, 0, message, hint))

    def _columns(self, header: list[str]) -> list[int]:
        """Where the columns are in a row, one past its end for no status; [] where the header is wrong."""
        before = self._count
        names = [name.strip().lower() for name in header]
        if not any(names):
            self._refuse(1, "the header is missing", f"the first line is {','.join(REQUIRED_COLUMNS)}")
            return []
        for index, name in enumerate(names):
            if name not in COLUMNS:
                self._refuse(1, f"unknown column {name!r}", did_you_mean(name, COLUMNS))
            elif name in names[:index]:
                self._refuse(1, f"column {name!r} is here twice")
        for name in REQUIRED_COLUMNS:
            if name not in names:
                self._refuse(
                    1,
                    f"column {name!r} is missing",
                    f"columns are {','.join(REQUIRED_COLUMNS)}; {', '.join(COLUMNS[5:])} are optional",
                )
        if self._count > before:
            return []
        return [names.index(name) if name in names else len(names) for name in COLUMNS]

    def _row(self, line: int, fields: list[str], order: list[int], width: int) -> SubscriberRow | None:
        if len(fields) != width:
            self._refuse(line, f"{len(fields)} fields, the header has {width}")
            return None
        fields.append("")
        msisdn, imsi, account, plan_id, balance, status_word, group, time_zone = [fields[at] for at in order]
        plan = self._plans.get(plan_id)
        status = _STATUS.get(status_word)
        right = (
            plan is not None
            and status is not None
            and (not msisdn or (msisdn.isascii() and msisdn.isdigit() and 5 <= len(msisdn) <= 15))
            and (not imsi or (imsi.isascii() and imsi.isdigit() and 6 <= len(imsi) <= 15))
            and (msisdn or imsi)
            and (not account or _ACCOUNT.fullmatch(account) is not None)
            and (not group or _GROUP.fullmatch(group) is not None)
            and (not time_zone or time_zone in available_time_zones())
        )
        if not right or plan is None or status is None:
            self._explain(line, fields, order)
            return None
        own_id = subscriber_id_of(msisdn, imsi)
        if not self._identities_are_new(line, msisdn, imsi):
            return None
        opening = self._opening(line, account or own_id, balance, plan)
        if opening is None:
            return None
        micros, currency = opening
        return SubscriberRow(
            line,
            own_id.encode(),
            msisdn.encode(),
            imsi.encode(),
            account or own_id,
            plan_id,
            currency,
            micros,
            status,
            group.encode(),
            time_zone,
        )

    def _identities_are_new(self, line: int, msisdn: str, imsi: str) -> bool:
        before = self._count
        first = self._msisdn_lines.setdefault(msisdn, line) if msisdn else line
        if first != line:
            self._refuse(line, f"msisdn {msisdn} is in line {first} already")
        first = self._imsi_lines.setdefault(imsi, line) if imsi else line
        if first != line:
            self._refuse(line, f"imsi {imsi} is in line {first} already")
        return self._count == before

    def _opening(self, line: int, account_id: str, balance: str, plan: Plan) -> _Opening | None:
        """What the account opens with; None, and an issue, where rows of one account disagree."""
        first = self._openings.get(account_id)
        stated = self._openings_by_text.get((balance, plan.plan_id))
        if stated is None:
            stated = self._parse_opening(line, balance, plan)
            if stated is None:
                return None
        if first is None:
            self._openings[account_id] = stated
            return stated
        if first.currency != stated.currency:
            message = (
                f"account {account_id} is in {first.currency} by an earlier row, plan {plan.plan_id!r} is not"
            )
            self._refuse(line, message, "all subscribers of an account have plans of one currency")
            return None
        if balance and first.micros != stated.micros:
            message = f"account {account_id} opens with {format_micros(first.micros)} by an earlier row"
            self._refuse(
                line, f"{message}, here with {balance}", "leave the balance empty in all rows but the first"
            )
            return None
        return first

    def _parse_opening(self, line: int, balance: str, plan: Plan) -> _Opening | None:
        try:
            micros = parse_micros(balance) if balance else 0
        except AmountError as error:
            hint = "a point before the decimals, no thousands" if "," in balance else ""
            self._refuse(line, f"balance: {error}", hint)
            return None
        if micros < 0 and not plan.overdraft_allowed:
            self._refuse(line, f"balance {balance} is below zero, which plan {plan.plan_id!r} forbids")
            return None
        opening = _Opening(micros, plan.currency)
        if len(self._openings_by_text) < MOST_REMEMBERED_BALANCES:
            self._openings_by_text[(balance, plan.plan_id)] = opening
        return opening

    def _explain(self, line: int, fields: list[str], order: list[int]) -> None:
        """Say everything that is wrong with the words of a row."""
        msisdn, imsi, account, plan_id, _, status, group, time_zone = [fields[index] for index in order]
        if not (msisdn or imsi):
            self._refuse(line, "neither a msisdn nor an imsi")
        for name, value, least in (("msisdn", msisdn, 5), ("imsi", imsi, 6)):
            if value and not (value.isascii() and value.isdigit()):
                hint = "the E.164 number without plus" if value.startswith("+") else "digits only"
                self._refuse(line, f"{name} {value!r} is not digits", hint)
            elif value and not least <= len(value) <= 15:
                self._refuse(line, f"{name} {value!r} has {len(value)} digits, not {least} to 15")
        if account and _ACCOUNT.fullmatch(account) is None:
            hint = "up to 64 letters, digits, '.', '_', '@', '+' and '-'"
            self._refuse(line, f"account {account!r} is not an account id", hint)
        if group and _GROUP.fullmatch(group) is None:
            hint = "up to 64 letters, digits, '.', '_' and '-'"
            self._refuse(line, f"group {group!r} is not a group's name", hint)
        if time_zone and time_zone not in available_time_zones():
            hint = did_you_mean(time_zone, available_time_zones()) if len(time_zone) < 64 else ""
            hint = hint if hint.startswith("did") else "write it such as Europe/Berlin"
            self._refuse(line, f"time_zone {time_zone!r} is not a time zone", hint)
        if plan_id not in self._plans:
            self._refuse(line, f"plan {plan_id!r} is not in the catalogue", did_you_mean(plan_id, self._plans))
        if status not in _STATUS:
            self._refuse(line, f"status {status!r} is not 'active' or 'barred'")


def _fields(reader: Reader) -> Iterator[tuple[int, list[str]]]:
    """The rows with their line, empty lines left out."""
    for fields in reader:
        if fields:
            yield reader.line_num, fields
