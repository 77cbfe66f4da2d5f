"""From the octets of a CCA to the words of an answer line, read without the code under test."""

from tests.protocol.base_builder import avps as read_avps

_MSCC, _GRANTED, _FINAL_UNIT, _FAILED = 456, 431, 430, 279
_GRANTED_KINDS = {421: "", 420: "time ", 417: "units "}


def hop_by_hop_of(message: bytes) -> int:
    """The Hop-by-Hop Identifier."""
    return int.from_bytes(message[12:16], "big")


def answer_text(message: bytes) -> str:
    """``2001 : rg 10 2001 granted 10000000 valid 3600`` of a CCA."""
    avps = read_avps(message[20:])
    text = str(_number(avps, 268))
    failed = _data(avps, _FAILED)
    if failed is not None:
        text += f" failed {read_avps(failed)[0][0]}"
    parts = [_service_text(read_avps(data)) for code, data in avps if code == _MSCC]
    if any(code in {_GRANTED, _FINAL_UNIT, 448} for code, _ in avps):
        parts.append("command" + _units_text(avps))
    return text + "".join(f" {';' if at else ':'} {part}" for at, part in enumerate(parts))


def _service_text(avps: list[tuple[int, bytes]]) -> str:
    group = _number(avps, 432)
    text = "-" if group is None else f"rg {group}"
    identifier = _number(avps, 439)
    if identifier is not None:
        text += f" si {identifier}"
    code = _number(avps, 268)
    return text + (" no-code" if code is None else f" {code}") + _units_text(avps)


def _units_text(avps: list[tuple[int, bytes]]) -> str:
    text = ""
    granted = _data(avps, _GRANTED)
    if granted is not None:
        for code, data in read_avps(granted):
            text += f" granted {_GRANTED_KINDS[code]}{int.from_bytes(data, 'big')}"
    for name, code in (("valid", 448), ("threshold", 869), ("threshold", 868), ("holding", 871)):
        value = _number(avps, code)
        if value is not None:
            text += f" {name} {value}"
    final = _data(avps, _FINAL_UNIT)
    if final is not None:
        action = _number(read_avps(final), 449)
        text += " final" if action == 0 else f" final-action {action}"
    return text


def _data(avps: list[tuple[int, bytes]], code: int) -> bytes | None:
    return next((data for each, data in avps if each == code), None)


def _number(avps: list[tuple[int, bytes]], code: int) -> int | None:
    data = _data(avps, code)
    return None if data is None else int.from_bytes(data, "big")
