"""The numbers of what can be wrong with a catalogue: stable, so that scripts and pages may name them."""

from __future__ import annotations

from typing import Final

ISSUE_CODES: Final = {
    "T001": "a file or folder is not there, or can not be read",
    "T002": "a file is not UTF-8, or has characters that text has not",
    "T003": "a file is not YAML",
    "T004": "an anchor, alias, tag, second document or key that is no plain text",
    "T005": "a key stands twice in one mapping",
    "T006": "nested too deeply",
    "T007": "a file, line or list is larger than any price list",
    "T101": "a key is missing",
    "T102": "an unknown key",
    "T103": "a text, list or mapping is expected",
    "T104": "a text can not be read as what it should be",
    "T105": "a value that is none of those known",
    "T106": "a name that is none",
    "T107": "something is here twice",
    "T108": "keys that contradict each other",
    "T109": "kinds of unit, or currencies, that do not fit",
    "T110": "a number beyond what can be counted",
    "T201": "a name that nothing has",
    "T202": "groups that contain each other",
    "T203": "a currency without an exchange rate",
    "T204": "an unknown time zone, country or subdivision",
    "T205": "a local time that the clocks leave out",
    "T301": "a calendar leaves hours without a band",
    "T302": "a calendar has two bands for the same hours",
    "T401": "two rules fit the same usage",
    "T402": "a time that ends before it begins",
    "T501": "the columns of a deck",
    "T502": "a cell of a deck",
    "T503": "two rows of a deck for one prefix at one time",
    "T601": "an example can not be rated",
    "T602": "an example costs something else",
    "T901": "a rule that is never chosen",
    "T902": "something that nothing uses",
    "T903": "a price a hundred times that of its neighbours",
    "T904": "a band that never holds",
    "T905": "something is said twice, with the same meaning",
    "T906": "usage that has no price",
    "T907": "received usage with the price of the subscriber's own zone",
}
"""Code to meaning. T0 is the form of files, T1 single values, T2 names, T3 calendars, T4 rules, T5 decks, T6
examples; T9 are warnings."""
