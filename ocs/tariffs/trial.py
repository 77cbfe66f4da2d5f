"""One usage on a price list: of a plan in a state that is told, or of a subscriber as the store has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from balance.account import Account, decode_account
from balance.keys import account_key
from balance.operations import Reservation
from balance.store import StateStore, load_states
from balance.subscriber import Subscriber
from config.catalogue_examples import read_trial
from config.catalogue_file import CheckedCatalogue
from config.example_reader import Example
from config.issues import ConfigError, Issue
from config.tariff_text import moment_text
from config.time_zones import zone_named
from config.yaml_nodes import Data, Document, Location
from ocs.charging.metering import purse_of
from ocs.charging.session import SessionIdentity
from ocs.subscribers.view import find_subscriber
from rating.calendar import UTC
from rating.charge import Charge
from rating.engine import price
from rating.usage import Context, Standing

_OPTIONS: Final = {"plan": "--plan", "state": "--state", "usage": "--usage"}


class _Told(Document):
    """What was told on the command line: messages name the option instead of a place in a file."""

    def issue(
        self, location: Location, message: str, hint: str = "", code: str = "T104", *, at_key: bool = False
    ) -> Issue:
        option = "--at" if location[-1:] == ("at",) else _OPTIONS.get(str(location[0]) if location else "", "")
        found = super().issue(location, message, hint, code, at_key=at_key)
        return replace(found, source=Path(option or "--usage"), line=0, column=0)


@dataclass(frozen=True)
class Trial:
    """A usage that was priced, and its charge with the reasoning."""

    example: Example
    charge: Charge


_SUCH_AS: Final = {
    "--usage": "service=voice, called=+49301234567, duration=5 min",
    "--state": "counters.month-minutes=90 min, buckets=full",
}


def pairs(text: str, option: str) -> dict[str, Data]:
    """``called=+49301234567, duration=5 min`` as a mapping; ``counters.month-minutes=90 min`` goes one deeper.

    ConfigError where a part has no ``=`` or a name stands twice.
    """
    found: dict[str, Data] = {}
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not name:
            hint = f"write it such as '{_SUCH_AS.get(option, _SUCH_AS['--usage'])}'"
            raise ConfigError([Issue(Path(option), 0, 0, f"{part.strip()!r} is not NAME=VALUE", hint)])
        outer, _, inner = name.partition(".")
        into = found
        if inner:
            nested = found.setdefault(outer, {})
            if not isinstance(nested, dict):
                raise ConfigError([Issue(Path(option), 0, 0, f"{outer!r} is here twice")])
            into, outer = nested, inner
        if outer in into:
            raise ConfigError([Issue(Path(option), 0, 0, f"{name!r} is here twice")])
        into[outer] = value
    return found


def try_usage(checked: CheckedCatalogue, plan_id: str, usage: dict[str, Data], state: dict[str, Data]) -> Trial:
    """Price a usage that is written as in an example. ConfigError with all that is wrong with it."""
    catalogue, conditions = checked.catalogue, checked.conditions
    if catalogue is None or conditions is None:
        raise ConfigError(checked.issues, checked.unlisted)
    data: dict[str, Data] = {"plan": plan_id, "usage": usage}
    if state:
        data["state"] = state
    example = read_trial(_Told(Path("--usage")), data, catalogue, conditions)
    context = Context(catalogue, plan_id, standing=example.standing, trace=True)
    return Trial(example, price(example.usage, context))


async def try_usage_of_subscriber(
    store: StateStore, checked: CheckedCatalogue, identity: str, usage: dict[str, Data], now_ms: int
) -> Trial:
    """Price a usage of a subscriber as the store has it: plan, group, counters and what is left in buckets.

    ConfigError where there is no such subscriber, or the usage is wrong.
    """
    subscriber = await find_subscriber(store, identity)
    if subscriber is None:
        raise ConfigError([Issue(Path("--msisdn"), 0, 0, f"there is no subscriber {identity}")])
    state: dict[str, Data] = {}
    if subscriber.group:
        state["subscriber_group"] = subscriber.group.decode()
    usage.setdefault("at", local_text(checked, now_ms))
    example = try_usage(checked, subscriber.plan_id, usage, state).example
    example.standing = await _standing(store, subscriber, now_ms)
    catalogue = checked.catalogue
    assert catalogue is not None  # noqa: S101  (try_usage fails otherwise)
    return Trial(
        example,
        price(example.usage, Context(catalogue, subscriber.plan_id, standing=example.standing, trace=True)),
    )


def local_text(checked: CheckedCatalogue, now_ms: int) -> str:
    """An instant as the local time of the network, to the minute."""
    zone = UTC if checked.catalogue is None else checked.catalogue.zone
    seconds = now_ms // 60_000 * 60
    return moment_text(seconds + zone.offset_s(seconds))


async def _standing(store: StateStore, subscriber: Subscriber, now_ms: int) -> Standing:
    states = await load_states(store, [account_key(subscriber.account_id)])
    account = Account(subscriber.account_id, "", 0) if states[0] is None else decode_account(states[0])
    zone = zone_named(subscriber.time_zone) if subscriber.time_zone else None
    who = SessionIdentity(b"", subscriber.account_id, b"", b"", subscriber.plan_id, "", b"")
    who.activated_ms = subscriber.activated_ms
    return purse_of(account, who, zone, Reservation(), now_ms).standing
