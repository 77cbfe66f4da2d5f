"""A trial in words and as JSON types."""

from __future__ import annotations

from balance.quantity import UNIT_NAMES
from config.charge_text import describe_charge
from ocs.tariffs.trial import Trial


def trial_words(trial: Trial) -> list[str]:
    """The price first, then each step of the reasoning with the file and line of its rule.

    What can not be rated has no price: only the steps to its refusal.
    """
    steps = describe_charge(trial.charge, trial.example.zone)
    if trial.charge.refusal:
        return steps
    summed = steps[-1:] if trial.charge.due_micros == trial.charge.amount_micros else steps[-2:]
    return [", ".join(summed), "", *steps]


def trial_json(trial: Trial) -> dict[str, object]:
    """What scripts want of a trial. Amounts in micros."""
    charge = trial.charge
    return {
        "plan": trial.example.plan_id,
        "rule": None if charge.rule is None else charge.rule.rule_id,
        "place": None if charge.rule is None else charge.rule.place,
        "refusal": charge.refusal or None,
        "currency": charge.currency,
        "amount_micros": charge.amount_micros,
        "due_micros": charge.due_micros,
        "tax": charge.tax,
        "unit_kind": UNIT_NAMES[charge.unit_kind],
        "used_units": charge.used_units,
        "counted_units": charge.counted_units,
        "lines": [
            {
                "rule": line.rule_id,
                "band": line.band,
                "tier": line.tier + 1,
                "discounts": line.discounts,
                "units": line.units,
                "price_micros": line.price_micros,
                "per_units": line.per_units,
                "amount_micros": line.amount_micros,
            }
            for line in charge.lines
        ],
        "buckets": [{"bundle": use.bundle_id, "units": use.units} for use in charge.pot_uses],
        "counters": [
            {"counter": change.counter_id, "period": change.period_number, "adds": change.amount}
            for change in charge.counter_changes
        ],
        "bonuses": [bonus.bonus_id for bonus in charge.bonuses],
        "reasoning": describe_charge(charge, trial.example.zone),
    }
