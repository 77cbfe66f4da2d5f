"""Bonuses of a plan: what an activation, a top-up, a referral or a counter that reaches something brings."""

from __future__ import annotations

from typing import Final

from balance.quantity import SPECIFIC_UNITS
from config.issues import TextError
from config.named import Entry, Named, refuse
from config.offer_schema import ActiveForText, BonusText, GivenBundleText, ReachedText
from config.owned_pieces import OwnedReader
from config.piece_reader import read_piece
from config.rule_conditions import EVERYTHING, Scope
from config.tariff_text import Money, parse_money, parse_share
from config.yaml_nodes import Data, Location
from rating.bundles import MONEY, BundleDefinition
from rating.offers import (
    ACTIVE_FOR,
    AT_ACTIVATION,
    BOTH,
    COUNTER_REACHED,
    REFERRAL,
    REFERRED,
    REFERRER,
    TOP_UP,
    Bonus,
)
from rating.tariff import MICROS, UNITS, USAGES, Counter

CREDIT: Final = "#credit"
"""Behind the name of a bonus: the credit that its money goes to where it ends; no catalogue can name it."""
_WHEN: Final = {"activation": AT_ACTIVATION, "top_up": TOP_UP, "referral": REFERRAL}
_TO: Final = {None: BOTH, "both": BOTH, "referrer": REFERRER, "referred": REFERRED}
_SECOND_MS: Final = 1000


class BonusReader(OwnedReader):
    """Reads the bonuses of one plan."""

    def read(
        self,
        data: dict[str, Data],
        counters: Named[tuple[Scope, Counter]],
        bundles: list[tuple[Scope, BundleDefinition]],
    ) -> tuple[list[Bonus], list[tuple[Scope, BundleDefinition]]]:
        """The bonuses under ``bonuses``, and the credits of those whose money ends."""
        found = []
        for entry in self._entries(data, "bonuses"):
            bonus = self._bonus(entry, counters, bundles)
            if bonus is not None:
                found.append(bonus)
        return found, [(EVERYTHING, bonus.credit) for bonus in found if bonus.credit is not None]

    def _bonus(
        self,
        entry: Entry,
        counters: Named[tuple[Scope, Counter]],
        bundles: list[tuple[Scope, BundleDefinition]],
    ) -> Bonus | None:
        text = read_piece(self._issues, self._document, BonusText, entry.data, entry.location)
        if text is None:
            return None
        bonus = Bonus(f"{self._owner}/{entry.name}", COUNTER_REACHED, place=self._place(entry))
        at = (*entry.location, "when")
        if isinstance(text.when, dict) and "active_for" in text.when:
            loyal = read_piece(self._issues, self._document, ActiveForText, text.when, at)
            bonus.when = ACTIVE_FOR
            bonus.reaches = 0 if loyal is None else loyal.active_for * _SECOND_MS
        elif isinstance(text.when, dict):
            self._reached(entry, text.when, bonus, counters)
        elif isinstance(text.when, str) and text.when in _WHEN:
            bonus.when = _WHEN[text.when]
        else:
            hint = f"{', '.join(_WHEN)}, {{counter: NAME, reaches: 20.00 EUR}} or {{active_for: 365 d}}"
            self._refuse(at, f"{text.when!r} is nothing that can happen", hint, "T105")
        if text.at_least is not None:
            bonus.at_least_micros = self._money(text.at_least, (*entry.location, "at_least"))
            if bonus.when != TOP_UP:
                self._refuse((*entry.location, "at_least"), "'at_least' belongs to 'when: top_up'")
        if text.to is not None and bonus.when != REFERRAL:
            self._refuse((*entry.location, "to"), "'to' belongs to 'when: referral'")
        bonus.gives_to = _TO[text.to]
        bonus.valid_for_ms = (text.valid_for or 0) * _SECOND_MS
        self._given(entry, text.give, bonus, bundles)
        return bonus

    def _reached(self, entry: Entry, data: Data, bonus: Bonus, counters: Named[tuple[Scope, Counter]]) -> None:
        at = (*entry.location, "when")
        text = read_piece(self._issues, self._document, ReachedText, data, at)
        if text is None:
            return
        found = counters.find(text.counter, self._document, (*at, "counter"))
        if found is None:
            return
        bonus.counter = found[1]
        kind = found[1].unit_kind
        if isinstance(text.reaches, Money):
            bonus.reaches = self._money(text.reaches, (*at, "reaches"))
            fits = found[1].measure == MICROS
        else:
            bonus.reaches = text.reaches.units
            usages = found[1].measure == USAGES and text.reaches.unit_kind == SPECIFIC_UNITS
            fits = usages or (found[1].measure == UNITS and kind == text.reaches.unit_kind)
        if not fits:
            self._refuse((*at, "reaches"), f"counter {text.counter!r} measures something else", code="T109")

    def _given(
        self, entry: Entry, data: Data, bonus: Bonus, bundles: list[tuple[Scope, BundleDefinition]]
    ) -> None:
        at = (*entry.location, "give")
        if isinstance(data, dict):
            text = read_piece(self._issues, self._document, GivenBundleText, data, at)
            if text is not None:
                by_name = {bundle.name: bundle for _, bundle in bundles}
                bonus.give_bundle = by_name.get(text.bundle)
                if bonus.give_bundle is None:
                    hint = f"known: {', '.join(by_name)}" if by_name else ""
                    self._refuse((*at, "bundle"), f"the plan has no bundle {text.bundle!r}", hint, "T201")
            return
        try:
            self._read_money(str(data), bonus, at)
        except TextError as error:
            refuse(self._issues, self._document, at, error)
        if bonus.valid_for_ms:
            name, life_s = f"{bonus.bonus_id}{CREDIT}", bonus.valid_for_ms // _SECOND_MS
            bonus.credit = BundleDefinition(
                name, MONEY, bonus.give_micros, None, life_s, name=entry.name, place=bonus.place
            )

    def _read_money(self, text: str, bonus: Bonus, at: Location) -> None:
        """An amount, or a part of the top-up; TextError where it is neither."""
        if not text.rstrip().endswith("%"):
            bonus.give_micros = self._money(parse_money(text), at)
            if bonus.give_micros == 0:
                raise TextError("a bonus of nothing", "an amount above 0", "T110")
            return
        part = parse_share(text)
        bonus.part_numerator, bonus.part_denominator = part.numerator, part.denominator
        if bonus.when != TOP_UP:
            raise TextError("a part of what?", "only 'when: top_up' has an amount to give a part of", "T108")
