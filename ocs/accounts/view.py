"""One account with its buckets, fees and open sessions, for people and scripts."""

from balance.account import Account, AccountCounter, decode_account
from balance.keys import account_key, session_key
from balance.quantity import UNIT_NAMES, format_micros
from balance.restored import decode_restored, restored_key
from balance.store import StateStore, load_states
from config.tariff_text import day_text
from ocs.charging.fees import DUE, LEFT_MS
from ocs.charging.record import time_octets
from ocs.charging.session import OPEN, ChargingSession
from ocs.charging.session_octets import decode_session
from rating.bundles import MONEY

JsonObject = dict[str, object]


async def account_view(store: StateStore, account_id: str) -> JsonObject | None:
    """The account as JSON types; None where there is none. StoreError where the store fails.

    The units of a bucket of credit are micros of the account's currency.
    """
    states = await load_states(store, [account_key(account_id), restored_key(account_id)])
    if states[0] is None:
        return None
    session_ids = await store.open_sessions(account_id.encode())
    sessions = await load_states(store, [session_key(each) for each in session_ids])
    account = decode_account(states[0])
    view = _money(account)
    view["restored_micros"] = decode_restored(states[1]).total_micros
    view["buckets"] = [
        {
            "bucket": bucket.bucket_id,
            "unit_kind": "micros" if bucket.unit_kind == MONEY else UNIT_NAMES[bucket.unit_kind],
            "initial": bucket.initial,
            "remaining": bucket.remaining,
            "reserved": bucket.reserved,
            "expires_at": time_octets(bucket.expires_at_ms).decode() if bucket.expires_at_ms else None,
        }
        for bucket in account.buckets
    ]
    view["fees"] = [_fee(counter) for counter in account.counters if DUE in counter.counter_id]
    decoded = [decode_session(state) for state in sessions if state is not None]
    view["sessions"] = [_session(session) for session in decoded if session.state == OPEN]
    return view


def _money(account: Account) -> JsonObject:
    return {
        "account": account.account_id,
        "currency": account.currency,
        "balance": format_micros(account.balance_micros),
        "reserved": format_micros(account.reserved_micros),
        "available": format_micros(account.available_micros()),
        "balance_micros": account.balance_micros,
        "reserved_micros": account.reserved_micros,
        "credit_limit_micros": account.credit_limit_micros,
        "available_micros": account.available_micros(),
        "opening_micros": account.opening_micros,
        "credited_micros": account.credited_micros,
        "debited_micros": account.debited_micros,
        "version": account.version,
    }


def _fee(counter: AccountCounter) -> JsonObject:
    """A fee of a prepaid plan: whose, its first local day that is not paid, and from when on it is due.

    ``due_at`` is None where the subscriber has another plan now, ``unpaid_from`` of what is due once.
    """
    fee_id, _, subscriber = counter.counter_id.partition(DUE)
    left = counter.value == LEFT_MS
    return {
        "fee": fee_id,
        "subscriber": subscriber,
        "unpaid_from": day_text(counter.period) if counter.period else None,
        "due_at": None if left else time_octets(counter.value).decode(),
    }


def _session(session: ChargingSession) -> JsonObject:
    who = session.identity
    return {
        "session_id": who.session_id.decode(errors="replace"),
        "msisdn": who.msisdn.decode(errors="replace"),
        "plan": who.plan_id,
        "opened_at": time_octets(session.opened_ms).decode(),
        "last_request_at": time_octets(session.last_ms).decode(),
        "given_up_at": time_octets(session.deadline_ms).decode(),
        "requests": session.requests,
        "reserved_micros": session.reserved_micros(),
        "amount_micros": sum(service.amount_micros for service in session.services),
        "services": [
            {
                "rating_group": service.rating_group if service.rating_group >= 0 else None,
                "service_identifier": service.service_identifier if service.service_identifier >= 0 else None,
                "unit_kind": UNIT_NAMES[service.unit_kind],
                "granted": service.granted,
                "used_units": service.used_units,
                "reserved_micros": service.reservation.money_micros,
                "reserved_units": {hold.bucket_id: hold.units for hold in service.reservation.holds},
                "amount_micros": service.amount_micros,
            }
            for service in session.services
        ],
    }
