"""Local times of a price list as instants; a time that no clock ever shows is an error."""

from __future__ import annotations

from config.issues import TextError
from config.named import refuse
from config.piece_reader import IssueCollector
from config.tariff_text import DAY_S, Moment, moment_text
from config.time_zones import epoch_ms
from config.yaml_nodes import Document, Location
from rating.calendar import Zone


def read_instant(
    issues: IssueCollector, document: Document, location: Location, zone: Zone, moment: Moment
) -> int:
    """The instant (ms) of a local time that stands at a place; an issue where the clocks leave it out."""
    error = left_out(zone, moment)
    if error is not None:
        refuse(issues, document, location, error)
    return epoch_ms(zone, moment)


def left_out(zone: Zone, moment: Moment) -> TextError | None:
    """What is wrong with a local time that the clocks leave out; None where it exists.

    The beginning of a day always does: where clocks go forward at midnight, it is the first time after it.
    """
    local_s = moment.day * DAY_S + moment.second
    at_s = epoch_ms(zone, moment) // 1000
    shown_s = at_s + zone.offset_s(at_s)
    if moment.second == 0 or shown_s == local_s:
        return None
    message = f"{moment_text(local_s)} does not exist in {zone.name}: the clocks go forward over it"
    return TextError(message, f"the time after it is {moment_text(shown_s)}", "T205")
