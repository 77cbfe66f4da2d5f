"""From the words of a request line to the octets of a CCR."""

from dataclasses import dataclass

from tests.protocol.ccr_builder import build_ccr, mscc, ps_information, u32, units
from tests.scenarios.script import Statement, number_of

TYPES = {"I": 1, "U": 2, "T": 3, "E": 4}
_KINDS = {
    "time": "time_s",
    "in": "input_octets",
    "out": "output_octets",
    "total": "octets",
    "units": "specific_units",
}
_REASONS = {"threshold": 0, "qht": 1, "final": 2, "exhausted": 3, "validity": 4}


@dataclass(frozen=True)
class Request:
    """A CCR, and what names it: session, type letter and number."""

    octets: bytes
    name: tuple[str, str, int]
    hop_by_hop: int


class _Words:
    """Words that are taken one after the other."""

    def __init__(self, text: str) -> None:
        self._words = text.split()

    def more(self) -> bool:
        return bool(self._words)

    def take(self) -> str:
        return self._words.pop(0)

    def take_number(self, default: int | None = None) -> int:
        if default is not None and not (self._words and self._words[0][0].isdigit()):
            return default
        return number_of(self.take())

    def take_amounts(self) -> dict[str, int]:
        """``5M`` is a total; ``in 1M out 2M time 60`` names its kinds."""
        if self._words and self._words[0][0].isdigit():
            return {"octets": self.take_number()}
        amounts = {}
        while self._words and self._words[0] in _KINDS:
            kind = _KINDS[self.take()]
            amounts[kind] = self.take_number()
        return amounts


def read_request(statement: Statement, sequence: int, msisdn: str) -> Request:
    """A request line: ``> U 1 session s2 T : rg 10 used 3M want ; rg 20 want``.

    ``sequence`` numbers the hop and, where the line names none, the end-to-end identifier.
    """
    head, _, body = statement.rest.partition(":")
    words = _Words(head)
    letter = words.take()
    number = words.take_number()
    session, imsi, apn, context = "s1", None, "internet", "32251@3gpp.org"
    host, end_to_end, flags = "gw.example.net", sequence, 0xC0
    called: str | None = msisdn
    network = "00101"
    while words.more():
        match words.take():
            case "session":
                session = words.take()
            case "from":
                called = words.take()
            case "imsi":
                called, imsi = None, words.take()
            case "apn":
                apn = words.take()
            case "context":
                context = words.take()
            case "network":
                network = words.take()
            case "host":
                host = words.take()
            case "e2e":
                end_to_end = words.take_number()
            case "T":
                flags |= 0x10
            case other:
                raise ValueError(f"{statement.place}: {other!r} is no word of a request")
    parts = [_Words(part) for part in body.split(";") if part.strip()]
    at_command_level = body.split()[:1] == ["command"]
    octets = build_ccr(
        session_id=f"gw.example.net;1;{session}",
        origin_host=host,
        service_context_id=context,
        request_type=TYPES[letter],
        request_number=number,
        requested_action=0 if letter == "E" else None,
        termination_cause=1 if letter == "T" else None,
        msisdn=called,
        imsi=imsi,
        mscc=[] if at_command_level else [_mscc(part, statement) for part in parts],
        extra=_command_units(parts[0], statement) if at_command_level else (),
        service_information=ps_information(called_station_id=apn, sgsn_mcc_mnc=network),
        flags=flags,
        hop_by_hop=sequence,
        end_to_end=end_to_end,
    )
    return Request(octets, (session, letter, number), sequence)


class _Units:
    """What one part of a request asks for and reports."""

    def __init__(self) -> None:
        self.rating_group: int | None = None
        self.service_identifier: int | None = None
        self.requested: dict[str, int] | None = None
        self.used: list[dict[str, int]] = []
        self.reason: int | None = None


def _units(words: _Words, statement: Statement) -> _Units:
    found = _Units()
    while words.more():
        match words.take():
            case "-" | "command":
                pass
            case "rg":
                found.rating_group = words.take_number()
            case "si":
                found.service_identifier = words.take_number()
            case "want":
                found.requested = words.take_amounts()
            case "used":
                found.used.append(words.take_amounts())
            case reason if reason in _REASONS:
                found.reason = _REASONS[reason]
            case other:
                raise ValueError(f"{statement.place}: {other!r} is no word of a service")
    return found


def _mscc(words: _Words, statement: Statement) -> bytes:
    found = _units(words, statement)
    requested = found.requested if found.requested != {} else True
    return mscc(
        rating_group=found.rating_group,
        service_identifier=found.service_identifier,
        requested=requested,
        used=list(found.used),
        reporting_reason=found.reason,
    )


def _command_units(words: _Words, statement: Statement) -> list[bytes]:
    found = _units(words, statement)
    avps = [units(446, used) for used in found.used]
    if found.requested is not None:
        avps.append(units(437, found.requested))
    if found.service_identifier is not None:
        avps.append(u32(439, found.service_identifier))
    return avps
