"""Looking at suspects again: only what a quiet moment confirms is a difference.

While a server charges, the audit's passes see an account, its sessions and its records at different moments. So
an account that seems wrong is read once more: its state and its open sessions, then all new records, then its
state and sessions again. Were both readings the same octets, nothing happened to it in between (every record is
written together with its session's state), and what was read belongs together.
"""

import asyncio

from balance.account import decode_account
from balance.keys import account_key, session_key
from balance.packing import PackingError
from balance.store import StateStore, load_states
from ocs.audit.books import differences_of
from ocs.audit.ledger import RecordLedger
from ocs.audit.report import AuditReport
from ocs.audit.sums import AccountSums
from ocs.charging.session_octets import decode_session

ROUNDS = 40
"""How often a suspect is looked at before it counts as unsettled."""
_WIDEST = 256
_PAUSE_S = 0.02

_Reading = dict[str, list[bytes | None]]


async def recheck_accounts(
    store: StateStore, ledger: RecordLedger, suspects: list[str], report: AuditReport
) -> None:
    """Judge the suspects, in ever smaller groups because a smaller group is read faster."""
    waiting = suspects
    width = _WIDEST
    for round_number in range(ROUNDS):
        if not waiting:
            return
        if round_number:
            await asyncio.sleep(_PAUSE_S)
        restless: list[str] = []
        for start in range(0, len(waiting), width):
            restless += await _judge(store, ledger, waiting[start : start + width], report)
        waiting = restless
        width = max(1, width // 2)
    report.unsettled += len(waiting)


async def _judge(store: StateStore, ledger: RecordLedger, group: list[str], report: AuditReport) -> list[str]:
    """Report on the accounts of a group that kept still; the others are returned."""
    before = await _read(store, group)
    await ledger.advance(store)
    after = await _read(store, group)
    restless = []
    for account_id in group:
        if before[account_id] != after[account_id]:
            restless.append(account_id)
        else:
            for sentence in _differences(account_id, after[account_id], ledger):
                report.differ(f"account {account_id}: {sentence}")
    return restless


async def _read(store: StateStore, group: list[str]) -> _Reading:
    """Of each account its state, followed by the states of its open sessions."""
    indexes = await asyncio.gather(*(store.open_sessions(account_id.encode()) for account_id in group))
    keys: list[bytes] = []
    for account_id, session_ids in zip(group, indexes, strict=True):
        keys.append(account_key(account_id))
        keys.extend(session_key(session_id) for session_id in session_ids)
    states = await load_states(store, keys)
    reading: _Reading = {}
    at = 0
    for account_id, session_ids in zip(group, indexes, strict=True):
        reading[account_id] = states[at : at + 1 + len(session_ids)]
        at += 1 + len(session_ids)
    return reading


def _differences(account_id: str, states: list[bytes | None], ledger: RecordLedger) -> list[str]:
    try:
        return _differences_of_states(account_id, states, ledger)
    except PackingError as error:
        return [f"its state or an open session's can not be read: {error}"]


def _differences_of_states(account_id: str, states: list[bytes | None], ledger: RecordLedger) -> list[str]:
    sums = AccountSums()
    for state in states[1:]:
        if state is not None:
            sums.add_session(decode_session(state))
    recorded = ledger.accounts.get(account_id)
    if recorded is not None:
        sums = sums.plus(recorded)
    if states[0] is None:
        return ["sessions or records name it, but it does not exist"]
    return differences_of(decode_account(states[0]), sums)
