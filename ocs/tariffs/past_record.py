"""What is rated of a record of the charging server's files; its other fields are passed over."""

from __future__ import annotations

from typing import Annotated

import msgspec

Units = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Number = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class PastRecord(msgspec.Struct, gc=False):
    """A record's fields (docs/records.md); times are ``2026-11-23T00:47:04.120Z``, in UTC.

    ``called``, in international form, and ``direction`` are those of calls and messages.
    """

    account: str
    plan: str
    service: str
    apn: str
    rating_group: Number | None
    service_identifier: Number | None
    opened_at: str
    closed_at: str
    used_octets: Units
    input_octets: Units
    output_octets: Units
    time_s: Units
    specific_units: Units
    amount_micros: Number
    currency: str
    network: str = ""
    called: str = ""
    direction: str = ""
