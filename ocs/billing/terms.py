"""What plans and add-ons ask for beside usage: their fees, as the catalogue had them on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from rating.catalogue import Catalogue
from rating.exchange import ExchangeRate
from rating.fees import Fee, prorate
from rating.periods import DAY

POSTPAID: Final = frozenset({"postpaid", "hybrid"})
"""The payment of plans whose fees are on the bill."""
ADDON: Final = "addon:"
"""What the origin of an add-on's fee begins with; that of a plan's is the plan."""


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """A fee and whose it is. ``every`` and ``event`` are those of rating.fees."""

    fee_id: str
    amount_micros: int
    every: int
    event: int
    prorate: bool
    in_advance: bool
    tax: str
    currency: str

    def costs(self, period: tuple[date, date], begin: date, end: date) -> int:
        """What the days [begin, end) of a period cost, in micros; a daily fee costs so much for each."""
        first, last = max(begin, period[0]), min(end, period[1])
        if last <= first:
            return 0
        if self.every == DAY:
            return self.amount_micros * (last - first).days
        fee = Fee(self.fee_id, self.amount_micros, self.every, self.event, prorate=self.prorate)
        return prorate(fee, *(day.toordinal() for day in (*period, first, last)))

    def to_json(self) -> str:
        """As it is kept beside what was billed by it."""
        return msgspec.json.encode(self).decode()


_DECODER: Final = msgspec.json.Decoder(FeeTerms)


def parse_terms(text: str) -> FeeTerms:
    """The terms of their JSON."""
    return _DECODER.decode(text)


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """A plan or add-on on a day: its name, and the fees it asks for."""

    name: str
    fees: tuple[FeeTerms, ...]


class CatalogueTerms:
    """The terms of all plans and add-ons of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.version = catalogue.version
        self._made: dict[int, OfferTerms] = {}

    def of_plan(self, plan_id: str, at_ms: int) -> OfferTerms | None:
        """The version of a plan that holds at a moment; None = there is none. Prepaid plans bill no fees."""
        plan = self.catalogue.plan_at(plan_id, at_ms)
        if plan is None:
            return None
        made = self._made.get(id(plan))
        if made is None:
            fees = plan.fees if plan.payment in POSTPAID else []
            made = self._made[id(plan)] = OfferTerms(plan.name, _terms(fees, plan.currency, plan.tax))
        return made

    def of_addon(self, addon_id: str) -> OfferTerms | None:
        """An add-on's terms; None where the catalogue does not have it."""
        addon = self.catalogue.addons.get(addon_id)
        return None if addon is None else OfferTerms(addon.name, _terms(addon.fees, addon.currency, ""))

    def rate_at(self, source: str, target: str, at_ms: int) -> ExchangeRate | None:
        """The exchange rate between two currencies at a moment; None where the catalogue has none."""
        return self.catalogue.exchange.rate_at(source, target, at_ms)


def _terms(fees: list[Fee], currency: str, tax: str) -> tuple[FeeTerms, ...]:
    return tuple(
        FeeTerms(
            fee.fee_id,
            fee.amount_micros,
            fee.every,
            fee.event,
            fee.prorate,
            fee.in_advance,
            fee.tax or tax,
            currency,
        )
        for fee in fees
    )
