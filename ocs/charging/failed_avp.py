"""What Failed-AVP holds when the decision itself finds fault with a request (RFC 6733, 7.5)."""

from librt.strings import BytesWriter
from mypy_extensions import i64

from protocol import codes
from protocol.avp import put_avp, put_u32
from protocol.codes import MANDATORY_FLAG
from protocol.messages import ABSENT, MultipleServicesCreditControl


def mscc_octets(mscc: MultipleServicesCreditControl) -> bytes:
    """The MSCC as Failed-AVP holds it: the group with nothing but what identifies it."""
    inner = BytesWriter()
    if mscc.service_identifier != ABSENT:
        put_u32(inner, codes.SERVICE_IDENTIFIER, MANDATORY_FLAG, mscc.service_identifier)
    if mscc.rating_group != ABSENT:
        put_u32(inner, codes.RATING_GROUP, MANDATORY_FLAG, mscc.rating_group)
    return octets_avp(codes.MULTIPLE_SERVICES_CREDIT_CONTROL, inner.getvalue())


def number_avp(code: i64, value: i64) -> bytes:
    """A 32-bit AVP."""
    out = BytesWriter()
    put_u32(out, code, MANDATORY_FLAG, value)
    return out.getvalue()


def octets_avp(code: i64, data: bytes) -> bytes:
    """An AVP of any octets."""
    out = BytesWriter()
    put_avp(out, code, MANDATORY_FLAG, data)
    return out.getvalue()
