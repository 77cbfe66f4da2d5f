"""Online credit that came back: what SQL posted and what the store has taken are the same, number by number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, func, select

from balance.account import decode_account
from balance.keys import account_key
from balance.packing import PackingError
from balance.quantity import format_micros
from balance.restored import RESTORED_PREFIX, decode_restored, restored_key
from balance.store import StateStore, load_states
from ocs.payments.tables import CREDIT_RESTORATION

DIFFERENCES_SHOWN: Final = 20
_AT_ONCE: Final = 500


@dataclass(slots=True)
class RestoredReport:
    """The outcome: accounts that got credit back, how much by currency, and what waits for delivery."""

    accounts: int = 0
    restored: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)

    def differ(self, sentence: str) -> None:
        """Note a difference; the first DIFFERENCES_SHOWN are kept, all are counted."""
        self.difference_count += 1
        if len(self.differences) < DIFFERENCES_SHOWN:
            self.differences.append(sentence)

    @property
    def clean(self) -> bool:
        """Whether store and SQL agree."""
        return self.difference_count == 0

    def to_json(self) -> dict[str, object]:
        """The report as JSON types."""
        return {
            "clean": self.clean,
            "accounts": self.accounts,
            "restored_micros": self.restored,
            "waiting": self.waiting,
            "difference_count": self.difference_count,
            "differences": self.differences,
        }

    def to_text(self) -> str:
        """The report for people."""
        sums = "".join(f", {format_micros(m)} {currency}" for currency, m in sorted(self.restored.items()))
        lines = [f"online credit given back: {self.accounts} accounts{sums}"]
        if self.waiting:
            lines.append(f"{self.waiting} restorations wait for the store: `ocs payment deliver`")
        if self.clean:
            lines.append("What was given back is what was paid for.")
        else:
            lines.append(f"{self.difference_count} differences of restored credit:")
            lines.extend(f"  {sentence}" for sentence in self.differences)
        return "\n".join(lines)


async def audit_restored(store: StateStore, engine: Engine) -> RestoredReport:
    """Compare the store with SQL. StoreError where the store fails.

    Works beside payments and deliveries: SQL is read before the store for what it must have, and after it for
    what it may have.
    """
    report = RestoredReport()
    delivered = _last_delivered(engine)
    taken = await _taken(store, sorted(delivered), report)
    posted = _posted(engine)
    for account_id, number in sorted(delivered.items()):
        if taken.get(account_id, (0, 0))[0] < number:
            report.differ(f"account {account_id}: restoration {number} was delivered, the store has it not")
    for account_id, (number, total_micros) in sorted(taken.items()):
        sums = posted.get(account_id, [])
        if number > len(sums):
            report.differ(f"account {account_id}: the store took restoration {number}, {len(sums)} were posted")
        elif total_micros != (said := sum(micros for _, micros in sums[:number])):
            report.differ(f"account {account_id}: {total_micros} micros were given back, {said} were posted")
        elif number:
            report.accounts += 1
            currency = sums[0][0]
            report.restored[currency] = report.restored.get(currency, 0) + total_micros
    report.waiting = sum(max(0, len(sums) - taken.get(one, (0, 0))[0]) for one, sums in posted.items())
    return report


async def _taken(
    store: StateStore, account_ids: list[str], report: RestoredReport
) -> dict[str, tuple[int, int]]:
    """The last number and the sum of every account that took any; none took more than it was charged."""
    found = dict.fromkeys(account_ids, (0, 0))
    async for chunk in store.scan(RESTORED_PREFIX):
        names = [key.removeprefix(RESTORED_PREFIX).decode() for key, _ in chunk]
        keys = [key for name in names for key in (account_key(name), restored_key(name))]
        states = iter(await load_states(store, keys))
        for name, state, restored in zip(names, states, states, strict=True):
            try:
                known = decode_restored(restored)
                account = None if state is None else decode_account(state)
            except PackingError as error:
                report.differ(f"account {name}: it, or what was given back to it, can not be read: {error}")
                continue
            found[name] = (known.number, known.total_micros)
            if account is None:
                report.differ(f"account {name}: credit was given back to it, but it does not exist")
            elif not 0 <= known.total_micros <= account.debited_micros:
                report.differ(
                    f"account {name}: {known.total_micros} micros were given back of the "
                    f"{account.debited_micros} it was charged"
                )
    return found


def _last_delivered(engine: Engine) -> dict[str, int]:
    restored = CREDIT_RESTORATION.c
    query = (
        select(restored.account_id, func.max(restored.number))
        .where(restored.delivered_ms.is_not(None))
        .group_by(restored.account_id)
    )
    with engine.connect() as connection:
        return {account_id: int(number) for account_id, number in connection.execute(query)}


def _posted(engine: Engine) -> dict[str, list[tuple[str, int]]]:
    """Currency and micros of each account's restorations in their order."""
    restored = CREDIT_RESTORATION.c
    query = select(
        restored.account_id, restored.currency, restored.amount_micros
    ).order_by(restored.account_id, restored.number)  # fmt: skip
    found: dict[str, list[tuple[str, int]]] = {}
    with engine.connect() as connection:
        rows: Any = connection.execution_options(yield_per=5000).execute(query)
        for account_id, currency, micros in rows:
            found.setdefault(account_id, []).append((currency, micros))
    return found
