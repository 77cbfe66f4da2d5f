"""One subscriber, found by MSISDN or IMSI."""

from balance.keys import imsi_key, subscriber_key
from balance.store import StateStore, load_states
from balance.subscriber import ACTIVE, Subscriber, decode_subscriber
from ocs.charging.record import time_octets


async def find_subscriber(store: StateStore, identity: str) -> Subscriber | None:
    """The subscriber of ``MSISDN`` or ``imsi:IMSI``, None where there is none; StoreError as the store says."""
    if identity.lower().startswith("imsi:"):
        states = await load_states(store, [imsi_key(identity[5:].encode())])
        if states[0] is None or len(states[0]) == 8:
            return None
        key = subscriber_key(states[0][8:])
    else:
        key = subscriber_key(identity.removeprefix("+").encode())
    states = await load_states(store, [key])
    return decode_subscriber(states[0]) if states[0] is not None else None


def subscriber_view(subscriber: Subscriber) -> dict[str, object]:
    """The subscriber as JSON types."""
    return {
        "msisdn": subscriber.msisdn.decode(),
        "imsi": subscriber.imsi.decode(),
        "account": subscriber.account_id,
        "plan": subscriber.plan_id,
        "status": "active" if subscriber.status == ACTIVE else "barred",
        "group": subscriber.group.decode(),
        "time_zone": subscriber.time_zone,
        "activated_at": time_octets(subscriber.activated_ms).decode() if subscriber.activated_ms else None,
    }
