"""What a subscriber can buy beside a plan, and what is given for loyalty."""

from typing import Final

from mypy_extensions import i64

from rating.bundles import BundleDefinition
from rating.fees import Fee
from rating.tariff import Counter

COUNTER_REACHED: Final = 0
AT_ACTIVATION: Final = 1
TOP_UP: Final = 2
REFERRAL: Final = 3
ACTIVE_FOR: Final = 4
BOTH: Final = 0
REFERRER: Final = 1
REFERRED: Final = 2
"""To whom of two a bonus of a referral goes."""


class Addon:
    """Bundles for a fee, for ``valid_for_ms`` (0 = without end), to subscribers of ``plans`` (None = all)."""

    def __init__(
        self,
        addon_id: str,
        name: str,
        currency: str,
        fees: list[Fee],
        bundles: list[BundleDefinition],
        valid_for_ms: i64 = 0,
        plans: frozenset[str] | None = None,
        place: str = "",
    ) -> None:
        self.addon_id = addon_id
        self.name = name
        self.currency = currency
        self.fees = fees
        self.bundles = bundles
        self.valid_for_ms = valid_for_ms
        self.plans = plans
        self.place = place


class Bonus:
    """``give_micros`` of credit or a bundle, when a counter reaches ``reaches`` or something else happens.

    Of ACTIVE_FOR, ``reaches`` is the milliseconds since the subscription's activation.
    ``at_least_micros`` is the least top-up that counts; of it ``part_numerator / part_denominator`` are given
    too. ``credit`` is the money-like bundle that money with an end goes to; None = the balance.
    ``valid_for_ms`` 0 = without end. ``gives_to`` is for referrals: BOTH, REFERRER or REFERRED.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        bonus_id: str,
        when: i64,
        counter: Counter | None = None,
        reaches: int = 0,
        at_least_micros: int = 0,
        give_micros: int = 0,
        give_bundle: BundleDefinition | None = None,
        valid_for_ms: i64 = 0,
        place: str = "",
        *,
        part_numerator: int = 0,
        part_denominator: int = 1,
        credit: BundleDefinition | None = None,
        gives_to: i64 = BOTH,
    ) -> None:
        self.bonus_id = bonus_id
        self.when = when
        self.counter = counter
        self.reaches = reaches
        self.at_least_micros = at_least_micros
        self.give_micros = give_micros
        self.give_bundle = give_bundle
        self.valid_for_ms = valid_for_ms
        self.place = place
        self.part_numerator = part_numerator
        self.part_denominator = part_denominator
        self.credit = credit
        self.gives_to = gives_to

    def money_micros(self, amount_micros: int) -> int:
        """The money that it gives for a top-up of an amount; a part of it is rounded half up."""
        whole: int = self.part_denominator
        return self.give_micros + (2 * amount_micros * self.part_numerator + whole) // (2 * whole)


def bonuses_of_event(bonuses: list[Bonus], when: i64, amount_micros: int = 0) -> list[Bonus]:
    """The bonuses that an activation, or a top-up of an amount, brings."""
    return [bonus for bonus in bonuses if bonus.when == when and amount_micros >= bonus.at_least_micros]


def bonuses_of_referral(bonuses: list[Bonus], to: i64) -> list[Bonus]:
    """The bonuses that a referral brings the REFERRER, or the REFERRED."""
    return [bonus for bonus in bonuses if bonus.when == REFERRAL and bonus.gives_to in (BOTH, to)]
