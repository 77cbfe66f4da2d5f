"""Past records under a new price list: revenue, winners and losers by plan.

Records are those of the charging server's files (JSON Lines), or of a usage lake in order of their beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from balance.quantity import format_micros
from config.issues import ConfigError, Issue
from ocs.cdr.files import list_record_files
from ocs.tariffs.replaying import AccountTotals, Instants, PlanTotals, Replay, usage_of
from rating.catalogue import Catalogue
from rating.conditions import Attributes
from rating.usage import Usage

_CHUNK: Final = 1 << 20
_FETCH: Final = 10_000


class _Record(msgspec.Struct, gc=False):
    """What is rated of a record of the charging server."""

    account: str
    plan: str
    service: str
    apn: str
    rating_group: int | None
    service_identifier: int | None
    opened_at: str
    closed_at: str
    used_octets: int
    input_octets: int
    output_octets: int
    time_s: int
    specific_units: int
    amount_micros: int
    currency: str
    network: str = ""


@dataclass(frozen=True)
class ReplayReport:
    """The outcome by plan and account; of winners and losers the ``top`` ones are told."""

    version: str
    plans: dict[str, PlanTotals]
    accounts: dict[str, AccountTotals]
    top: int

    def winners(self) -> list[tuple[str, AccountTotals]]:
        """Who pays less."""
        return self._sorted(-1)

    def losers(self) -> list[tuple[str, AccountTotals]]:
        """Who pays more."""
        return self._sorted(1)

    def _sorted(self, sign: int) -> list[tuple[str, AccountTotals]]:
        changed = [
            (sign * (each.new_micros - each.old_micros), account, each)
            for account, each in self.accounts.items()
        ]
        best = sorted((each for each in changed if each[0] > 0), key=lambda each: (-each[0], each[1]))
        return [(account, each) for _, account, each in best[: self.top]]

    def lines(self) -> list[str]:
        """What a pricing team reads."""
        records = sum(each.records for each in self.plans.values())
        found = [f"{records} records under catalogue {self.version}"]
        for plan_id, each in sorted(self.plans.items()):
            found += ["", f"plan {plan_id}: {each.records} records"]
            found.append(f"  revenue {_change(each.old_micros, each.new_micros, each.currency)}")
            less, same, more = self._counts(plan_id)
            found.append(f"  accounts: {less} pay less, {same} the same, {more} more")
            for reason, count in sorted(each.refusals.items()):
                found.append(f"  not rated any more: {count} records, {reason}")
        for title, accounts in (("pay less", self.winners()), ("pay more", self.losers())):
            if accounts:
                found += ["", f"accounts that {title} the most:"]
                found += [
                    f"  {account} ({each.plan_id}): "
                    + _change(each.old_micros, each.new_micros, self.plans[each.plan_id].currency)
                    for account, each in accounts
                ]
        return found

    def as_json(self) -> dict[str, object]:
        """The same as JSON types; amounts in micros."""
        plans = {}
        for plan_id, each in sorted(self.plans.items()):
            less, same, more = self._counts(plan_id)
            plans[plan_id] = {
                "records": each.records,
                "currency": each.currency,
                "old_micros": each.old_micros,
                "new_micros": each.new_micros,
                "accounts": {"less": less, "same": same, "more": more},
                "refusals": each.refusals,
            }
        return {
            "catalogue": self.version,
            "plans": plans,
            "winners": [_account_json(account, each) for account, each in self.winners()],
            "losers": [_account_json(account, each) for account, each in self.losers()],
        }

    def _counts(self, plan_id: str) -> tuple[int, int, int]:
        less = same = more = 0
        for each in self.accounts.values():
            if each.plan_id == plan_id:
                less += each.new_micros < each.old_micros
                same += each.new_micros == each.old_micros
                more += each.new_micros > each.old_micros
        return less, same, more


def _account_json(account: str, totals: AccountTotals) -> dict[str, object]:
    return {
        "account": account,
        "plan": totals.plan_id,
        "old_micros": totals.old_micros,
        "new_micros": totals.new_micros,
    }


def _change(old: int, new: int, currency: str) -> str:
    text = f"{format_micros(old)} -> {format_micros(new)} {currency}"
    if old == 0:
        return text
    permille = (new - old) * 2000 // old
    permille = (permille + 1) // 2 if permille >= 0 else -((-permille + 1) // 2)
    sign = "+" if permille >= 0 else "-"
    return f"{text} ({sign}{abs(permille) // 10}.{abs(permille) % 10} %)"


def replay_records(catalogue: Catalogue, directory: Path, top: int) -> ReplayReport:
    """Rate all records of a folder again. ConfigError where it has none, or a line is no record."""
    replay = Replay(catalogue)
    if any(directory.glob("day=*/*.parquet")):
        _replay_lake(replay, directory)
    elif list_record_files(directory):
        _replay_files(replay, directory)
    else:
        hint = "a folder of cdr-*.jsonl files, or a usage lake with folders day=YYYY-MM-DD"
        raise ConfigError([Issue(directory, 0, 0, "there are no records here", hint)])
    return ReplayReport(catalogue.version, replay.plans, replay.accounts, top)


def _replay_files(replay: Replay, directory: Path) -> None:
    decoder = msgspec.json.Decoder(_Record)
    instants = Instants({})
    for file in list_record_files(directory):
        line = 0
        for lines in _chunks(file.path):
            try:
                records = decoder.decode_lines(lines)
            except msgspec.DecodeError:
                raise ConfigError([_wrong_line(decoder, file.path, line, lines)]) from None
            line += len(records)
            for record in records:
                replay.rate(
                    record.account, record.plan, record.currency, _usage(record, instants), record.amount_micros
                )


def _wrong_line(decoder: msgspec.json.Decoder[_Record], path: Path, before: int, lines: bytes) -> Issue:
    """The first line that is no record; ``before`` of them came before these."""
    for number, text in enumerate(lines.splitlines(), before + 1):
        try:
            decoder.decode(text)
        except msgspec.DecodeError as error:
            return Issue(path, number, 0, f"not a record: {error}")
    return Issue(path, before + 1, 0, "not records from this line on")


def _chunks(path: Path) -> Iterator[bytes]:
    """Whole lines of a file, about a megaoctet at a time; a torn last one is left out."""
    rest = b""
    with path.open("rb") as stream:
        while octets := stream.read(_CHUNK):
            end = octets.rfind(b"\n") + 1
            if end == 0:
                rest += octets
                continue
            yield rest + octets[:end]
            rest = octets[end:]


def _usage(record: _Record, instants: Instants) -> Usage:
    usage = Usage(
        record.service,
        _instant(record.opened_at, instants),
        _instant(record.closed_at, instants),
        record.used_octets,
        record.input_octets,
        record.output_octets,
        record.time_s,
        record.specific_units,
    )
    found = usage.attributes
    if record.rating_group is not None:
        found.rating_group = b"%d" % record.rating_group
    if record.service_identifier is not None:
        found.service_identifier = b"%d" % record.service_identifier
    found.apn = record.apn.lower().encode()
    found.network = record.network.encode()
    return usage


def _instant(text: str, instants: Instants) -> int:
    if text[:10] not in instants.days:
        instants.days[text[:10]] = int(datetime.fromisoformat(text[:10]).replace(tzinfo=UTC).timestamp()) * 1000
    return instants.of(text)


def _replay_lake(replay: Replay, directory: Path) -> None:
    """Records of a lake that are not a partner's: those are priced by agreements, not by plans."""
    import duckdb  # noqa: PLC0415  (24 MB that a replay of files does not need)

    connection = duckdb.connect(config={"threads": 1})
    rows = connection.execute(
        "SELECT account, plan, currency, service, unit_kind, used_units, started_ms, ended_ms, apn, network, "
        "called, direction, rating_group, amount FROM ("
        "SELECT record_id, any_value(account) account, any_value(plan) plan, any_value(currency) currency, "
        "any_value(service) service, any_value(unit_kind) unit_kind, any_value(used_units) used_units, "
        "any_value(started_ms) started_ms, any_value(ended_ms) ended_ms, any_value(apn) apn, "
        "any_value(network) network, any_value(called) called, any_value(direction) direction, "
        "any_value(rating_group) rating_group, CAST(sum(amount_micros) AS BIGINT) amount "
        "FROM read_parquet($files, hive_partitioning = false) WHERE payment <> 'settlement' GROUP BY record_id"
        ") ORDER BY started_ms, account",
        {"files": str(directory / "day=*" / "*.parquet")},
    )
    while batch := rows.fetchmany(_FETCH):
        for row in batch:
            _replay_row(replay, row)


def _replay_row(replay: Replay, row: tuple[object, ...]) -> None:
    (
        account,
        plan,
        currency,
        service,
        kind,
        units,
        start,
        end,
        apn,
        network,
        called,
        direction,
        group,
        amount,
    ) = row
    attributes = Attributes(
        called=_octets(called),
        network=_octets(network),
        apn=_octets(apn).lower(),
        rating_group=_octets(group),
        direction=_octets(direction),
    )
    usage = usage_of(
        str(service), str(kind or "units"), _number(units), _number(start), _number(end), attributes
    )
    replay.rate(str(account), str(plan), str(currency), usage, _number(amount))


def _octets(value: object) -> bytes:
    return b"" if value is None else str(value).encode()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
