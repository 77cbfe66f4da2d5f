"""The mark that a credit was given or an add-on bought: what a repeat finds, so that it does nothing."""

from typing import Final, NamedTuple

from librt.strings import BytesWriter

from balance.packing import PackingError, Unpacker, put_number, put_octet, put_text, put_varint

MARK_FORMAT: Final = 2
_WITHOUT_BONUSES: Final = 1
"""The format before top-ups had bonuses; it is still read."""


class Mark(NamedTuple):
    """An amount, when it was credited, the bonuses with it, and for referrals who brought the subscriber.

    Of a purchase the amount is not above zero, and ``bonuses`` has the add-on.
    """

    amount_micros: int
    given_ms: int
    bonuses: tuple[str, ...] = ()
    referrer: str = ""

    @property
    def addon(self) -> str:
        """The add-on that was bought; "" where something was credited."""
        return self.bonuses[0] if self.amount_micros <= 0 and self.bonuses else ""


def encode_mark(mark: Mark) -> bytes:
    """The stored octets of a mark; a mark is written once."""
    out = BytesWriter()
    put_number(out, 1)
    put_octet(out, MARK_FORMAT)
    put_number(out, mark.amount_micros)
    put_number(out, mark.given_ms)
    put_varint(out, len(mark.bonuses))
    for bonus_id in mark.bonuses:
        put_text(out, bonus_id)
    put_text(out, mark.referrer)
    return out.getvalue()


def decode_mark(state: bytes) -> Mark:
    """The mark that ``encode_mark`` wrote; PackingError where the octets are none."""
    octets = Unpacker(state, 8)
    kept_as = octets.octet()
    if kept_as < _WITHOUT_BONUSES or kept_as > MARK_FORMAT:
        raise PackingError(f"mark format {kept_as}, this version reads {MARK_FORMAT}")
    amount, given = octets.number(), octets.number()
    if kept_as == _WITHOUT_BONUSES:
        return Mark(amount, given)
    bonuses = tuple(octets.text() for _ in range(octets.varint()))
    return Mark(amount, given, bonuses, octets.text())
