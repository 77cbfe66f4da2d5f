"""What belongs to one plan or add-on: its named pieces, amounts in its currency, and what is wrong."""

from __future__ import annotations

from config.issues import TextError
from config.named import Entry
from config.piece_reader import IssueCollector, read_mapping
from config.tariff_text import Money
from config.text_pieces import identifier
from config.yaml_nodes import Data, Document, Location


class OwnedReader:
    """Reads pieces of the plan or add-on ``owner``, with whose name their ids begin."""

    def __init__(
        self, issues: IssueCollector, document: Document, owner: str, location: Location, currency: str
    ) -> None:
        self._issues = issues
        self._document = document
        self._owner = owner
        self._location = location
        self._currency = currency

    def _entries(self, data: dict[str, Data], key: str) -> list[Entry]:
        """The named pieces under a key."""
        at = (*self._location, key)
        if data.get(key) is None:
            return []
        found = []
        for name, value in read_mapping(self._issues, self._document, data[key], at).items():
            try:
                identifier(name)
            except TextError as error:
                issue = self._document.issue((*at, name), str(error), error.hint, "T106", at_key=True)
                self._issues.add(issue)
            found.append(Entry(self._document, (*at, name), name, value))
        return found

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T108") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))

    def _place(self, entry: Entry) -> str:
        line, _ = self._document.mark(entry.location, at_key=True)
        return f"{self._document.source.name}:{line}"

    def _money(self, money: Money, location: Location) -> int:
        """The micros of an amount; an issue where it is not in the owner's currency."""
        if money.currency != self._currency and self._currency:
            message = f"an amount in {money.currency}, but the plan's currency is {self._currency}"
            self._refuse(location, message, code="T109")
        return money.micros
