"""What an answer has wrong beside its request. HOT PATH: compiled."""

from mypy_extensions import i64

from ocs.simulation.answer import NONE, Answer, read_number32
from ocs.simulation.session import NO_RATING_GROUP, SessionKind, SimulatedSession


def fault_of(session: SimulatedSession, message: bytes, answer: Answer) -> str:
    """What the answer's form or echo has wrong, "" where nothing."""
    if answer.fault:
        return answer.fault
    if read_number32(message, 16) != session.end_to_end:
        return "another End-to-End identifier"
    if answer.session_id and answer.session_id != session.session_id:
        return "another Session-Id"
    if answer.error:
        return ""
    if answer.request_type != session.request_type or answer.request_number != session.request_number:
        return "another CC-Request-Type or CC-Request-Number"
    seen: i64 = 0
    for service in answer.services:
        place = place_of(session.kind, service.rating_group)
        if place == NONE:
            return f"Rating-Group {service.rating_group} was not asked for"
        if seen >> place & 1:
            return f"Rating-Group {service.rating_group} is answered twice"
        seen |= i64(1) << place
    return ""


def place_of(kind: SessionKind, rating_group: i64) -> i64:
    """The index of a rating group among those asked for; NONE where it was not."""
    first = kind.first_rating_group
    if first == NO_RATING_GROUP:
        return 0 if rating_group == NONE else NONE
    place = rating_group - first
    return place if 0 <= place < kind.services else NONE
