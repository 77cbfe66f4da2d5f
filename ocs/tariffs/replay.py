"""Past records under a new price list: revenue, winners and losers by plan.

Records are those of the charging server's files (JSON Lines), or of a usage lake in order of their beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from balance.quantity import format_micros
from config.issues import ConfigError, Issue
from ocs.cdr.files import list_record_files
from ocs.tariffs.replay_files import replay_files
from ocs.tariffs.replay_lake import replay_lake
from ocs.tariffs.replay_totals import AccountTotals, PlanTotals
from ocs.tariffs.replaying import Replay
from ocs.uncollected import without_collection
from rating.catalogue import Catalogue


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
    with without_collection():
        if any(directory.glob("day=*/*.parquet")):
            replay_lake(replay, directory)
        elif list_record_files(directory):
            replay_files(replay, directory)
        else:
            names = "files such as cdr-p0-000000000001-000000100000.jsonl"
            hint = f"a folder of {names}, or a usage lake with folders day=YYYY-MM-DD"
            raise ConfigError([Issue(directory, 0, 0, "there are no records here", hint)])
    return ReplayReport(catalogue.version, replay.plans, replay.accounts, top)
