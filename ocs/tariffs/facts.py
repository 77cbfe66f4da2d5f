"""What a price list says beside its rules, a line each: of two lists what only one has changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.offer_words import bundle_text, fee_text, offer_lines
from config.quantity_text import Quantity, format_quantity
from config.tariff_text import clock_text, day_text, format_money, format_rate, moment_text
from rating.calendar import FAR_MS, HOLIDAY, Calendar, Zone
from rating.catalogue import Catalogue, Plan, Rule
from rating.periods import PERIOD_NAMES
from rating.tariff import MICROS, UNITS, Counter

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holidays")
MOST_NAMES: Final = 8
"""So many rules are named of those that a discount or counter is for."""


def rules_of(plan: Plan) -> list[tuple[str, Rule]]:
    """Every rule of a plan once, with its service."""
    found: dict[int, tuple[str, Rule]] = {}
    for service, selector in plan.selectors.items():
        for rule in selector.all_rules():
            found[id(rule)] = (service, rule)
    for tables in (plan.rules, *plan.apn_rules.values()):
        for service, table in tables.items():
            for rule in table.values():
                found.setdefault(id(rule), (service, rule))
    return list(found.values())


def plan_facts(plan: Plan) -> list[str]:
    """What a plan has beside its rules."""
    facts = [f"called {plan.name}", f"in {plan.currency}", plan.payment]
    facts.append("overuse may overdraw" if plan.overdraft_allowed else "never below zero")
    if plan.credit_limit_micros:
        facts.append(f"credit up to {format_money(plan.credit_limit_micros, plan.currency)}")
    if plan.zone is not None:
        facts.append(f"time zone {plan.zone.name}")
    facts += [
        f"bundle {bundle.bundle_id.partition('/')[2]}: {bundle_text(bundle, plan.currency)}"
        for bundle in plan.bundles
    ]
    return facts + offer_lines(plan) + list(_fed_by(plan))


def _fed_by(plan: Plan) -> Iterator[str]:
    """Which rules each discount and counter of a plan is for."""
    tariffs = [
        (rule.rule_id.partition("/")[2], rule.tariff) for _, rule in rules_of(plan) if rule.tariff is not None
    ]
    for discount in plan.discounts:
        names = [name for name, tariff in tariffs if discount in tariff.discounts]
        yield f"discount {discount.name} is for {_joined(names)}"
    for counter in plan.counters:
        names = [name for name, tariff in tariffs if counter in tariff.counts]
        yield f"counter {_counter_words(counter)} counts {_joined(names)}"


def _counter_words(counter: Counter) -> str:
    measure = "usages"
    if counter.measure == MICROS:
        measure = "money"
    elif counter.measure == UNITS:
        measure = format_quantity(Quantity(counter.unit_kind, 2)).removeprefix("2 ")
    return f"{counter.counter_id.partition('/')[2]} ({measure}, {PERIOD_NAMES[counter.period]})"


def _joined(names: list[str]) -> str:
    if not names:
        return "no rule"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(sorted(names)[:MOST_NAMES]) + more


def shared_facts(catalogue: Catalogue) -> list[str]:
    """What plans share: time, numbers, groups of zones, exchange rates, calendars, add-ons."""
    facts = [f"time zone {catalogue.zone.name}"]
    numbering = catalogue.numbering
    if numbering is not None:
        national = numbering.national_prefix.decode() or "none"
        digits = "".join(f", {count} digits" for count in sorted(numbering.national_digits))
        words = f"country {numbering.country.decode()}, national prefix {national}{digits}"
        facts.append(f"numbers: {words}, international {numbering.international_prefix.decode()}")
    for suffix, service in sorted(catalogue.service_contexts.items()):
        facts.append(f"Service-Context-Id {suffix.decode()} is {service}")
    facts += [f"APN {apn.decode()} is free of charge" for apn in sorted(catalogue.emergency_apns)]
    for name in ("destinations", "networks", "locations"):
        zones = getattr(catalogue, name)
        for group, members in sorted({} if zones is None else zones.groups.items()):
            facts.append(f"group {group.decode()} of {name}: {', '.join(sorted(map(bytes.decode, members)))}")
    facts += list(_exchange_rates(catalogue))
    for calendar in _calendars(catalogue):
        facts += list(_calendar_lines(calendar))
    for addon_id in sorted(catalogue.addons):
        facts += [f"add-on {addon_id} {words}" for words in _addon_words(catalogue, addon_id)]
    return facts


def _exchange_rates(catalogue: Catalogue) -> Iterator[str]:
    for source, targets in sorted(catalogue.exchange.pairs.items()):
        for target, rates in sorted(targets.items()):
            for rate in rates:
                words = validity_words(rate.valid_from_ms, rate.valid_until_ms, catalogue.zone)
                yield f"1 {source} is {format_rate(rate.numerator, rate.denominator)} {target}{words}"


def validity_words(from_ms: int, until_ms: int, zone: Zone) -> str:
    """`` from 2026-01-01 until 2027-01-01`` in local time, or less."""
    since = f" from {local_text(from_ms, zone)}" if from_ms else ""
    return f"{since} until {local_text(until_ms, zone)}" if until_ms < FAR_MS else since


def local_text(instant_ms: int, zone: Zone) -> str:
    """An instant in local time."""
    seconds = instant_ms // 1000
    return moment_text(seconds + zone.offset_s(seconds))


def _calendars(catalogue: Catalogue) -> list[Calendar]:
    """The calendars that prices, discounts and bundles ask for, by name."""
    found: dict[str, Calendar] = {}
    for newest in catalogue.plans.values():
        for plan in catalogue.versions.get(newest.plan_id, [newest]):
            asked = [rule.tariff.calendar for _, rule in rules_of(plan) if rule.tariff is not None]
            asked += [discount.calendar for discount in plan.discounts]
            asked += [bundle.calendar for bundle in plan.bundles]
            found.update({calendar.name: calendar for calendar in asked if calendar is not None})
    return [found[name] for name in sorted(found)]


def _calendar_lines(calendar: Calendar) -> Iterator[str]:
    """Its bands, the same for days that are cut alike, and its holidays."""
    where = "the subscriber's" if calendar.in_subscriber_zone else "the network's"
    alike: dict[str, list[str]] = {}
    for kind, switches in enumerate(calendar.days):
        if kind == HOLIDAY and not calendar.holidays:
            continue
        words = ", ".join(f"{clock_text(second)} {calendar.bands[band]}" for second, band in switches)
        alike.setdefault(words, []).append(_DAYS[kind])
    for words, days in alike.items():
        yield f"calendar {calendar.name}, {where} time, {' '.join(days)}: {words}"
    years: dict[str, list[str]] = {}
    for day in sorted(calendar.holidays):
        years.setdefault(day_text(day)[:4], []).append(day_text(day)[5:])
    for year, days in years.items():
        yield f"calendar {calendar.name}, holidays of {year}: {', '.join(days)}"


def _addon_words(catalogue: Catalogue, addon_id: str) -> Iterator[str]:
    addon = catalogue.addons[addon_id]
    whom = "all plans" if addon.plans is None else ", ".join(sorted(addon.plans))
    life = f", for {format_quantity(Quantity(2, addon.valid_for_ms // 1000))}" if addon.valid_for_ms else ""
    yield f"({addon.name}) for {whom}{life}"
    yield from (f"{fee_text(fee, addon.currency)}" for fee in addon.fees)
    for bundle in addon.bundles:
        yield f"bundle {bundle.bundle_id.partition('/')[2]}: {bundle_text(bundle, addon.currency)}"
