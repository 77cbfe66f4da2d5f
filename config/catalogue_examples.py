"""Examples of a catalogue: usage and what it costs, read as data and proved with the engine that charges."""

from __future__ import annotations

from typing import Final

from config.charge_text import describe_charge
from config.example_reader import Example, ExampleReader
from config.example_schema import ExampleText
from config.issues import ConfigError, Issue
from config.piece_reader import IssueCollector, read_list, read_piece
from config.rule_conditions import ConditionReader
from config.tariff_text import format_money
from config.yaml_nodes import Data, Document, Location
from rating.catalogue import Catalogue
from rating.charge import Charge, Step
from rating.engine import price
from rating.usage import Context

MOST_STEPS: Final = 200_000
"""Of the prices of all examples together: each switch of price is one."""
MOST_TOLD: Final = 40
"""Steps of the reasoning that an error shows."""


def read_examples(
    issues: IssueCollector, documents: list[Document], catalogue: Catalogue, conditions: ConditionReader
) -> list[Example]:
    """Every example under ``examples`` that can be read; the others are issues."""
    found = []
    for document in documents:
        if "examples" not in document.data:
            continue
        for index, entry in enumerate(read_list(issues, document, document.data["examples"], ("examples",))):
            at: Location = ("examples", index)
            text = read_piece(issues, document, ExampleText, entry, at)
            if text is not None:
                example = ExampleReader(issues, document, at, catalogue, conditions).read(text)
                if example is not None:
                    found.append(example)
    return found


def read_trial(
    document: Document, data: dict[str, Data], catalogue: Catalogue, conditions: ConditionReader
) -> Example:
    """One usage of somebody in some state, written as an example is, without what it should cost.

    ConfigError with all that is wrong with it; ``document`` names in messages where a key was written.
    """
    issues = IssueCollector([])
    at: Location = ()
    text = read_piece(issues, document, ExampleText, {"name": "trial", **data}, at)
    example = None
    if text is not None:
        reader = ExampleReader(issues, document, at, catalogue, conditions, expects=False)
        example = reader.read(text)
    if example is None or issues.has_errors:
        raise ConfigError(issues.in_order())
    return example


def run_examples(catalogue: Catalogue, examples: list[Example]) -> list[Issue]:
    """An error for each example whose charge is not what it expects, with the reasoning of the charge.

    Those behind MOST_STEPS steps of pricing are not proved, which is an error too.
    """
    found = []
    steps = 0
    for example in examples:
        if steps > MOST_STEPS:
            message = f"the examples up to here take more than {MOST_STEPS} steps of pricing"
            hint = "shorter usages meet fewer switches of price"
            found.append(example.document.issue(example.location, message, hint, "T007"))
            break
        charge = price_example(catalogue, example)
        steps += len(charge.trace)
        wrong = _difference(example, charge)
        if wrong:
            key, message = wrong
            charge.trace = _shortened(charge.trace)
            reasoning = "\n          ".join(describe_charge(charge, example.zone))
            words = f"example {example.name!r}: {message}"
            code = "T601" if charge.refusal and not example.refused else "T602"
            found.append(example.document.issue((*example.location, key), words, reasoning, code))
    return found


def price_example(catalogue: Catalogue, example: Example) -> Charge:
    """The charge of an example, with its trace."""
    return price(example.usage, Context(catalogue, example.plan_id, standing=example.standing, trace=True))


def _shortened(steps: list[Step]) -> list[Step]:
    """The first and the last of many steps."""
    if len(steps) <= MOST_TOLD:
        return steps
    half = MOST_TOLD // 2
    return [*steps[:half], Step(f"... {len(steps) - 2 * half} more steps ...", "", "", []), *steps[-half:]]


def _difference(example: Example, charge: Charge) -> tuple[str, str] | None:
    """The key whose expectation is not met, and what is the case instead."""
    if example.refused:
        if not charge.refusal:
            return "refused", f"it costs {format_money(charge.due_micros, charge.currency)}, it is not refused"
        if example.refused not in {charge.refusal, "yes", "true"}:
            return "refused", f"it is refused for another reason: {charge.refusal}"
        return None
    if charge.refusal:
        about = f" ({charge.refusal_about})" if charge.refusal_about else ""
        return "costs", f"it can not be rated: {charge.refusal}{about}"
    if example.costs_micros is not None and charge.due_micros != example.costs_micros:
        got = format_money(charge.due_micros, charge.currency)
        return "costs", f"it costs {got}, not {format_money(example.costs_micros, example.currency)}"
    if example.uses is not None:
        used: dict[str, int] = {}
        for use in charge.pot_uses:
            used[use.bundle_id] = used.get(use.bundle_id, 0) + use.units
        for bundle_id in sorted({*used, *example.uses}):
            if used.get(bundle_id, 0) != example.uses.get(bundle_id, 0):
                name = bundle_id.partition("/")[2]
                message = f"it uses {used.get(bundle_id, 0)} of {name}, not {example.uses.get(bundle_id, 0)}"
                return "uses", message
    rule_id = "" if charge.rule is None else charge.rule.rule_id
    if example.rule and not _is_called(rule_id.partition("/")[2], example.rule):
        return "rule", f"its rule is {rule_id.partition('/')[2]!r}, not {example.rule!r}"
    return None


def _is_called(name: str, expected: str) -> bool:
    """Whether a rule has a name, or asks for it: ``germany`` is in ``voice-germany-outgoing``."""
    return name == expected or f"-{expected}-" in f"-{name}-"
