"""From an account's customers, usage and history to its bill. Pure: the same input gives the same bill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from config.bill_discounts_file import BillDiscounts
from config.tax_file import TaxTable
from ocs.billing.accounts import Account, BillingError, LastBilled, Party
from ocs.billing.coins import digits_of, divided, rounded
from ocs.billing.draft import Draft, DraftAccount, DraftFee, DraftOnline, DraftSegment
from ocs.billing.fees import FeeBill, FeeCharge, FeeHistory
from ocs.billing.invoice import (
    INVOICE,
    ONE_OFF,
    RECURRING,
    USAGE,
    FrozenInput,
    Invoice,
    InvoiceLine,
    InvoiceParty,
)
from ocs.billing.periods import Cycle, day_before, local_day, start_ms
from ocs.billing.segments import segments_of
from ocs.billing.taxes import TaxRules, discount_lines
from ocs.billing.terms import ADDON, CatalogueTerms, OfferTerms
from ocs.billing.usage import UsageSum, Window
from rating.fees import ONCE


@dataclass(frozen=True, slots=True)
class BillingInput:
    """What all bills of a run have in common: the period's end, the day of issue, and the frozen input."""

    cycle: Cycle
    to_day: date
    issue_day: str
    frozen: FrozenInput
    terms: CatalogueTerms
    taxes: TaxTable
    discounts: BillDiscounts

    @property
    def to_ms(self) -> int:
        """The moment the period ends."""
        return start_ms(self.to_day, self.cycle.time_zone)


@dataclass(frozen=True, slots=True)
class PayerInput:
    """What one bill is made of. ``brought_forward_micros`` is what was open before it."""

    members: list[Account]
    party: Party
    last: Mapping[str, LastBilled]
    history: Mapping[str, FeeHistory]
    brought_forward_micros: int


def window_of(account: Account, last: LastBilled, given: BillingInput) -> DraftAccount:
    """The days and the usage of an account's next bill. BillingError where a later run has billed it."""
    if last.lake_cut > given.frozen.lake_cut:
        raise BillingError(f"account {account.account_id}: a later run has billed it")
    from_day = max(last.to_day, account.opened_day)
    from_ms = start_ms(date.fromisoformat(from_day), given.cycle.time_zone)
    window = Window(
        account.account_id,
        account.payer_id,
        last.lake_cut,
        last.to_ms,
        given.frozen.lake_cut,
        from_ms,
        given.to_ms,
    )
    return DraftAccount(from_day, given.to_day.isoformat(), window)


class BillDrafter:
    """Makes the bill of one payer; ``given`` is the run's."""

    def __init__(self, given: BillingInput, payer: PayerInput) -> None:
        self._given = given
        self._payer = payer
        self._head = next(one for one in payer.members if one.account_id == one.payer_id)
        self._numbers = {
            (row.account_id, row.msisdn): row.subscription_id
            for one in payer.members
            for row in one.subscriptions
        }
        self._accounts = tuple(
            window_of(one, payer.last.get(one.account_id, LastBilled()), given) for one in payer.members
        )
        self._periods = {one.window.account_id: one for one in self._accounts}

    def draft(self, usage: Iterable[UsageSum]) -> Draft:
        """The bill with this usage. BillingError where something it needs is missing or contradicts itself."""
        for account in self._payer.members:
            if account.currency != self._head.currency:
                raise BillingError(
                    f"account {account.account_id} is in {account.currency}, "
                    f"{self._head.account_id}, which pays for it, in {self._head.currency}"
                )
        charges, segments = self._fees()
        usage = list(usage)
        lines: list[tuple[InvoiceLine, FeeCharge | None]]
        lines = [(self._fee_line(charge), charge) for charge in charges]
        lines += [(self._usage_line(found), None) for found in merged(usage)]
        lines.sort(key=_order)
        taxes = TaxRules(self._given.taxes, self._head.tax_jurisdiction, self._head.tax_status)
        own = [line for line, _ in lines]
        last_day = day_before(self._given.to_day.isoformat())
        own += discount_lines(own, self._given.discounts, taxes, self._head, last_day)
        numbered = [taxes.rated(line, number) for number, line in enumerate(own, 1)]
        fees = tuple(
            _draft_fee(charge, number) for number, (_, charge) in enumerate(lines, 1) if charge is not None
        )
        invoice = self._invoice(numbered, taxes) if numbered else None
        return Draft(self._head.account_id, invoice, self._accounts, fees, segments, charged_online(usage))

    def _fees(self) -> tuple[list[FeeCharge], tuple[DraftSegment, ...]]:
        charges: list[FeeCharge] = []
        looked_at: list[DraftSegment] = []
        for account in self._payer.members:
            bill = FeeBill(
                self._given.cycle,
                date.fromisoformat(account.opened_day),
                self._given.to_day,
                self._payer.history.get(account.account_id, FeeHistory()),
                self._offer_at,
            )
            segments = segments_of(account, self._given.cycle.time_zone, self._given.to_ms)
            charges += [
                charge if charge.account_id else replace(charge, account_id=account.account_id)
                for charge in bill.charges(segments)
            ]
            looked_at += [
                DraftSegment(*segment.key, segment.account_id, seen.through.isoformat(), seen.ended)
                for segment, seen in bill.seen(segments)
            ]
        return charges, tuple(looked_at)

    def _offer_at(self, origin: str, at_ms: int) -> OfferTerms | None:
        if origin.startswith(ADDON):
            return self._given.terms.of_addon(origin.removeprefix(ADDON))
        return self._given.terms.of_plan(origin, at_ms)

    def _plan_name(self, plan_id: str) -> str:
        offer = self._offer_at(plan_id, self._given.to_ms - 1) if plan_id else None
        return plan_id if offer is None else offer.name

    def _converted(self, micros: int, currency: str) -> int:
        """An amount in the account's currency, at the rate of the period's last moment."""
        if currency == self._head.currency or micros == 0:
            return micros
        rate = self._given.terms.rate_at(currency, self._head.currency, self._given.to_ms - 1)
        if rate is None:
            raise BillingError(
                f"account {self._head.account_id} is in {self._head.currency}, and the catalogue has no rate "
                f"for {currency} on {day_before(self._given.to_day.isoformat())}"
            )
        return divided(micros * rate.numerator, rate.denominator)

    def _fee_line(self, charge: FeeCharge) -> InvoiceLine:
        kind = ONE_OFF if charge.terms.every == ONCE else RECURRING
        days = (charge.shown[1] - charge.shown[0]).days
        item = charge.terms.fee_id.rsplit("/", 1)[-1]
        if charge.origin.startswith(ADDON):
            item = f"{charge.origin.removeprefix(ADDON)}/{item}"
        amount = self._converted(charge.amount_micros, charge.terms.currency)
        return InvoiceLine(
            0, kind, item, charge.account_id, charge.subscription_id, charge.msisdn, charge.plan_id,
            self._plan_name(charge.plan_id), "", charge.shown[0].isoformat(), charge.shown[1].isoformat(), days,
            "days", 0, False, charge.terms.tax, amount, charge.amount_micros, charge.terms.currency,
        )  # fmt: skip

    def _usage_line(self, found: UsageSum) -> InvoiceLine:
        period = self._periods[found.account_id]
        begin, end = period.from_day, period.to_day
        if found.late:
            zone = self._given.cycle.time_zone
            begin = local_day(found.first_ms, zone).isoformat()
            end = (local_day(found.last_ms, zone) + timedelta(days=1)).isoformat()
        amount = self._converted(found.amount_micros, found.currency)
        return InvoiceLine(
            0, USAGE, found.service, found.account_id, self._numbers.get((found.account_id, found.msisdn), ""),
            found.msisdn, found.plan_id, self._plan_name(found.plan_id), found.direction, begin, end,
            found.units, found.unit_kind, found.records, found.late, found.tax, amount, found.amount_micros,
            found.currency or self._head.currency,
        )  # fmt: skip

    def _invoice(self, lines: list[InvoiceLine], taxes: TaxRules) -> Invoice:
        given, head = self._given, self._head
        digits = digits_of(head.currency)
        tax_lines = taxes.lines(lines, digits)
        net = sum(line.amount_micros for line in lines)
        tax = sum(line.tax_micros for line in tax_lines)
        total = rounded(net + tax, digits)
        due_day = date.fromisoformat(given.issue_day) + timedelta(days=head.payment_terms_days)
        party = self._payer.party
        return Invoice(
            kind=INVOICE, number="", corrects="", reason="", account_id=head.account_id,
            party=InvoiceParty(
                party.name, party.address_lines, party.country, party.email, party.tax_number
            ),
            language=head.language, currency=head.currency, digits=digits, cycle_id=given.cycle.cycle_id,
            time_zone=given.cycle.time_zone, period_from_day=self._periods[head.account_id].from_day,
            period_to_day=given.to_day.isoformat(), issue_day=given.issue_day, due_day=due_day.isoformat(),
            tax_status=head.tax_status, tax_jurisdiction=head.tax_jurisdiction, lines=tuple(lines),
            taxes=tax_lines, net_micros=net, tax_micros=tax, rounding_micros=total - net - tax,
            total_micros=total,
            brought_forward_micros=self._payer.brought_forward_micros,
            due_micros=total + self._payer.brought_forward_micros, frozen=given.frozen,
        )  # fmt: skip


def charged_online(usage: Iterable[UsageSum]) -> tuple[DraftOnline, ...]:
    """What each account was charged online for this usage; what other systems counted is not in it."""
    found: dict[tuple[str, str], int] = {}
    for one in usage:
        if one.online_micros:
            key = (one.account_id, one.currency)
            found[key] = found.get(key, 0) + one.online_micros
    return tuple(DraftOnline(*key, micros) for key, micros in sorted(found.items()) if micros)


def merged(usage: Iterable[UsageSum]) -> list[UsageSum]:
    """The sums; one that costs nothing and names no tax, as what a bundle covered, joins its service's."""
    found: dict[tuple[object, ...], UsageSum] = {}
    free: list[UsageSum] = []
    for one in usage:
        if one.tax or one.amount_micros:
            found[(*one[:9], one.tax)] = one
        else:
            free.append(one)
    for one in free:
        key = next((key for key in found if key[:9] == one[:9]), (*one[:9], ""))
        found[key] = _joined(found[key], one) if key in found else one
    return list(found.values())


def _joined(one: UsageSum, other: UsageSum) -> UsageSum:
    return one._replace(
        records=one.records + other.records,
        units=one.units + other.units,
        first_ms=min(one.first_ms, other.first_ms),
        last_ms=max(one.last_ms, other.last_ms),
        online_micros=one.online_micros + other.online_micros,
    )


def _order(entry: tuple[InvoiceLine, FeeCharge | None]) -> tuple[object, ...]:
    """By account and number, fees before usage; what is equal in all of it keeps its order."""
    line = entry[0]
    kinds: tuple[str, ...] = (RECURRING, ONE_OFF, USAGE)
    return (
        line.account_id, line.subscription_id, line.msisdn, kinds.index(line.kind), line.item, line.late,
        line.from_day, line.plan, line.direction, line.unit_kind, line.tax, line.original_currency,
    )  # fmt: skip


def _draft_fee(charge: FeeCharge, number: int) -> DraftFee:
    return DraftFee(
        charge.subscription_id, charge.from_ms, charge.origin, charge.terms.fee_id,
        charge.period[0].isoformat(), charge.period[1].isoformat(), charge.covered[0].isoformat(),
        charge.covered[1].isoformat(),
        charge.terms.to_json(), charge.amount_micros, charge.account_id, number,
    )  # fmt: skip
