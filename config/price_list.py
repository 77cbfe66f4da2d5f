"""A catalogue in words, as an operator would print it."""

from __future__ import annotations

from config.offer_words import bundle_text, offer_lines
from config.quantity_text import Quantity, format_quantity
from config.rule_words import condition_words, price_words, terms_words
from config.tariff_text import format_money, format_rate, moment_text
from protocol.messages import ABSENT
from rating.calendar import FAR_MS, UTC, Zone
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    NO_RATING_GROUP,
    Catalogue,
    GrantPolicy,
    Plan,
    Rule,
)


def describe_catalogue(catalogue: Catalogue) -> str:
    """The price list: services, emergency access points, zones, then each plan's bundles, prices and grants."""
    lines = [f"catalogue {catalogue.version}", ""]
    for service in sorted(set(catalogue.service_contexts.values())):
        suffixes = [suffix.decode() for suffix, name in catalogue.service_contexts.items() if name == service]
        lines.append(f"{service}: Service-Context-Id {', '.join(sorted(suffixes))}")
    if catalogue.emergency_apns:
        lines.append(
            f"free of charge: APN {', '.join(sorted(apn.decode() for apn in catalogue.emergency_apns))}"
        )
    lines += _shared_lines(catalogue)
    for plan_id in sorted(catalogue.plans):
        for plan in catalogue.versions.get(plan_id, [catalogue.plans[plan_id]]):
            lines += ["", *_plan_lines(catalogue, plan)]
    for addon_id, addon in sorted(catalogue.addons.items()):
        whom = "all plans" if addon.plans is None else ", ".join(sorted(addon.plans))
        fees = sum(fee.amount_micros for fee in addon.fees)
        price = format_money(fees, addon.currency) if fees else "free"
        lines += ["", f"add-on {addon_id}: {addon.name} ({price}, for {whom})"]
        lines += [f"  {bundle_text(bundle, addon.currency)}" for bundle in addon.bundles]
    return "\n".join(lines) + "\n"


def _shared_lines(catalogue: Catalogue) -> list[str]:
    lines = []
    if catalogue.zone is not UTC:
        lines.append(f"time zone: {catalogue.zone.name}")
    for name, table in (
        ("destinations", catalogue.destinations),
        ("networks", catalogue.networks),
        ("locations", catalogue.locations),
    ):
        if table is not None:
            zones = len(table.names)
            lines.append(
                f"{name}: {_count(table.prefixes.count, 'prefix', 'prefixes')} in {_count(zones, 'zone')}"
            )
    for deck_id, deck in sorted(catalogue.decks.items()):
        different = _count(deck.prefixes.different, "prefix", "prefixes")
        lines.append(f"rate deck {deck_id}: {different} from {deck.source}")
    for _, targets in sorted(catalogue.exchange.pairs.items()):
        for _, rates in sorted(targets.items()):
            for rate in reversed(rates):
                since = f" from {_local(rate.valid_from_ms, catalogue.zone)}" if rate.valid_from_ms else ""
                times = format_rate(rate.numerator, rate.denominator)
                lines.append(f"1 {rate.source} = {times} {rate.target}{since}")
    return lines


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _local(instant_ms: int, zone: Zone) -> str:
    seconds = instant_ms // 1000
    return moment_text(seconds + zone.offset_s(seconds))


def _plan_lines(catalogue: Catalogue, plan: Plan) -> list[str]:
    overdraft = "overuse may overdraw" if plan.overdraft_allowed else "never below zero"
    facts = [plan.currency, overdraft]
    if plan.payment != "prepaid":
        facts.insert(1, plan.payment)
    if plan.credit_limit_micros:
        facts.append(f"credit up to {format_money(plan.credit_limit_micros, plan.currency)}")
    if plan.valid_from_ms:
        facts.append(f"from {_local(plan.valid_from_ms, catalogue.zone)}")
    lines = [f"{plan.plan_id}: {plan.name} ({', '.join(facts)})"]
    lines += [f"  {bundle_text(bundle, plan.currency)}" for bundle in plan.bundles]
    lines += [f"  {line}" for line in offer_lines(plan)]
    lines += _table_lines(plan, plan.rules, "")
    for apn in sorted(plan.apn_rules):
        lines += _table_lines(plan, plan.apn_rules[apn], f" on APN {apn.decode()}")
    return lines + _selected_lines(catalogue, plan)


def _table_lines(plan: Plan, tables: dict[str, dict[int, Rule]], where: str) -> list[str]:
    rows = []
    for service, table in tables.items():
        groups_of: dict[str, set[int]] = {}
        rules = {}
        for group, rule in table.items():
            groups_of.setdefault(rule.rule_id, set()).add(group)
            rules[rule.rule_id] = rule
        for rule_id, rule in rules.items():
            what = f"{service}{where}, {_groups_text(groups_of[rule_id])}"
            terms = [terms_words(rule, plan.currency), _grant_text(rule)]
            rows.append((what, price_words(rule, plan.currency), ", ".join(filter(None, terms))))
    return _columns(rows)


def _selected_lines(catalogue: Catalogue, plan: Plan) -> list[str]:
    """Rules with conditions, the strongest first, each once."""
    rows = []
    for service, selector in plan.selectors.items():
        for rule in selector.all_rules():
            words = ", ".join([service, *condition_words(rule)])
            for word, instant in (("from", rule.valid_from_ms), ("until", rule.valid_until_ms)):
                if 0 < instant < FAR_MS:
                    words += f" {word} {_local(instant, catalogue.zone)}"
            rows.append((words, price_words(rule, plan.currency), terms_words(rule, plan.currency)))
    return _columns(rows)


def _columns(rows: list[tuple[str, str, str]]) -> list[str]:
    if not rows:
        return []
    widths = [min(60, max(len(row[column]) for row in rows)) for column in (0, 1)]
    return [f"  {what:{widths[0]}}  {price:{widths[1]}}  {grant}".rstrip() for what, price, grant in rows]


def _groups_text(groups: set[int] | frozenset[int]) -> str:
    if ANY_RATING_GROUP in groups:
        return "any rating group or none"
    numbers = [str(group) for group in sorted(groups) if group >= 0]
    words = [f"rating group {', '.join(numbers)}"] if numbers else []
    if NO_RATING_GROUP in groups:
        words.append("no rating group")
    return " or ".join(words)


def _grant_text(rule: Rule) -> str:
    if rule.action != CHARGE:
        return ""
    grant: GrantPolicy = rule.grant
    sizes = [
        format_quantity(Quantity(rule.rate.unit_kind, n)) for n in (grant.default_units, grant.maximum_units)
    ]
    parts = [f"grants {sizes[0]} to {sizes[1]}", f"valid {format_quantity(Quantity(2, grant.validity_time_s))}"]
    if grant.threshold_percent:
        parts.append(f"asked again at {grant.threshold_percent} % left")
    if grant.quota_holding_time_s == 0:
        parts.append("held without end when idle")
    elif grant.quota_holding_time_s != ABSENT:
        parts.append(f"returned after {format_quantity(Quantity(2, grant.quota_holding_time_s))} idle")
    return ", ".join(parts)
