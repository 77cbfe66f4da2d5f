"""What a plan has beside its rules, in words."""

from __future__ import annotations

from fractions import Fraction

from config.quantity_text import Quantity, format_quantity
from config.tariff_text import format_money, format_share
from rating.attributes import ATTRIBUTE_NAMES
from rating.bundles import MONEY, BundleDefinition
from rating.catalogue import NO_RATING_GROUP, Plan
from rating.conditions import Condition
from rating.fees import EVENT_NAMES, ONCE, OWE, Fee
from rating.offers import ACTIVE_FOR, BOTH, COUNTER_REACHED, REFERRAL, REFERRED, REFERRER, TOP_UP, Bonus
from rating.periods import EVER, PERIOD_NAMES, USAGE
from rating.tariff import MICROS, UNITS, Discount


def bundle_text(bundle: BundleDefinition, currency: str) -> str:
    """``1 GB included for all use, for 30 d``."""
    parts = [f"{_size(bundle.unit_kind, bundle.units, currency)} included for {_scope(bundle)}"]
    if bundle.recurs != EVER:
        parts.append(f"anew every {PERIOD_NAMES[bundle.recurs]}")
    if bundle.calendar is not None:
        parts.append(f"in band {' or '.join(bundle.calendar.bands[band] for band in sorted(bundle.bands))}")
    if bundle.valid_for_s:
        parts.append(f"for {format_quantity(Quantity(2, bundle.valid_for_s))}")
    if bundle.rollover_periods:
        left = _size(bundle.unit_kind, bundle.rollover_units, currency)
        plural = "" if bundle.rollover_periods == 1 else "s"
        parts.append(
            f"up to {left} kept for {bundle.rollover_periods} more {PERIOD_NAMES[bundle.recurs]}{plural}"
        )
    if bundle.shared:
        parts.append("shared by a group")
    return ", ".join(parts)


def offer_lines(plan: Plan) -> list[str]:
    """A line for each fee, cap, discount and bonus of a plan."""
    lines = [fee_text(fee, plan.currency) for fee in plan.fees]
    for cap in plan.caps:
        per = "usage" if cap.period == USAGE else PERIOD_NAMES[cap.period]
        lines.append(f"cap {cap.name}: at most {format_money(cap.amount_micros, plan.currency)} per {per}")
    lines += [_discount_text(discount, plan.currency) for discount in plan.discounts]
    lines += [_bonus_text(bonus, plan.currency) for bonus in plan.bonuses]
    return lines


def _size(unit_kind: int, units: int, currency: str) -> str:
    return format_money(units, currency) if unit_kind == MONEY else format_quantity(Quantity(unit_kind, units))


def _scope(bundle: BundleDefinition) -> str:
    words = sorted(bundle.services) if bundle.services is not None else []
    if bundle.rating_groups is not None:
        numbers = [str(group) for group in sorted(bundle.rating_groups) if group >= 0]
        if numbers:
            words.append(f"rating group {', '.join(numbers)}")
        if NO_RATING_GROUP in bundle.rating_groups:
            words.append("or no rating group" if numbers else "no rating group")
    text = " ".join([*_joined(words), *_conditions(bundle.conditions)])
    return text or "all use"


def _joined(words: list[str]) -> list[str]:
    return (
        [" ".join(words)] if words and words[-1].startswith("or ") else [" and ".join(words)] if words else []
    )


def _conditions(conditions: list[Condition]) -> list[str]:
    return [
        f"{ATTRIBUTE_NAMES[each.attribute].replace('_', ' ')} "
        f"{' or '.join(value.decode() or 'none' for value in sorted(each.values))}"
        for each in conditions
    ]


def fee_text(fee: Fee, currency: str) -> str:
    """``fee monthly: 9.99 EUR every month, in advance``."""
    name = fee.fee_id.partition("/")[2]
    amount = format_money(fee.amount_micros, currency)
    if fee.every == ONCE:
        parts = [f"fee {name}: {amount} at {EVENT_NAMES[fee.event].replace('_', ' ')}"]
    else:
        parts = [f"fee {name}: {amount} every {PERIOD_NAMES[fee.every]}"]
    if fee.in_advance:
        parts.append("in advance")
    if fee.prorate:
        parts.append("parts of a period in proportion")
    if fee.tax:
        parts.append(f"tax {fee.tax}")
    if fee.unpaid == OWE:
        parts.append("owed while it is unpaid")
    return ", ".join(parts)


def _discount_text(discount: Discount, currency: str) -> str:
    if discount.amount_micros:
        off = f"{format_money(discount.amount_micros, currency)} off each usage"
    else:
        off = f"{format_share(1 - Fraction(discount.numerator, discount.denominator))} off"
    parts = [f"discount {discount.name}: {off}"]
    if discount.every_nth:
        parts.append(f"every {discount.every_nth}th usage")
    if discount.first_ms:
        parts.append(f"in the first {format_quantity(Quantity(2, discount.first_ms // 1000))}")
    if discount.calendar is not None:
        bands = [discount.calendar.bands[band] for band in sorted(discount.bands)]
        parts.append(f"in band {' or '.join(bands)}")
    parts += [f"for {words}" for words in _conditions(discount.conditions)]
    return ", ".join(parts)


def _bonus_text(bonus: Bonus, currency: str) -> str:
    if bonus.when == COUNTER_REACHED and bonus.counter is not None:
        counter = bonus.counter
        reached = str(bonus.reaches)
        if counter.measure == MICROS:
            reached = format_money(bonus.reaches, currency)
        elif counter.measure == UNITS:
            reached = format_quantity(Quantity(counter.unit_kind, bonus.reaches))
        when = f"when {counter.counter_id.partition('/')[2]} reaches {reached}"
    elif bonus.when == ACTIVE_FOR:
        when = f"{format_quantity(Quantity(2, bonus.reaches // 1000))} after the activation"
    elif bonus.when == TOP_UP:
        least = f" of {format_money(bonus.at_least_micros, currency)} or more" if bonus.at_least_micros else ""
        when = f"at a top-up{least}"
    else:
        whose = {BOTH: "both", REFERRER: "who refers", REFERRED: "who is referred"}[bonus.gives_to]
        when = f"for a referral, to {whose}" if bonus.when == REFERRAL else "at the activation"
    given = format_money(bonus.give_micros, currency)
    if bonus.part_numerator:
        given = f"{format_share(Fraction(bonus.part_numerator, bonus.part_denominator))} of it"
    if bonus.give_bundle is not None:
        given = _size(bonus.give_bundle.unit_kind, bonus.give_bundle.units, currency)
    life = f", for {format_quantity(Quantity(2, bonus.valid_for_ms // 1000))}" if bonus.valid_for_ms else ""
    return f"bonus {bonus.bonus_id.partition('/')[2]}: {given} {when}{life}"
