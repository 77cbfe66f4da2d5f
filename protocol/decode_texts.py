"""The texts and identities of a request's command level (RFC 8506, 3.1)."""

from mypy_extensions import mypyc_attr

from protocol.codes import (
    CALLED_STATION_ID,
    DESTINATION_HOST,
    DESTINATION_REALM,
    ORIGIN_HOST,
    ORIGIN_REALM,
    SERVICE_CONTEXT_ID,
    SESSION_ID,
)
from protocol.messages import CreditControlRequest
from protocol.unit_walk import UnitWalk


@mypyc_attr(acyclic=True)
class TextWalk(UnitWalk):
    """A walk over the requests of one connection. The texts that all of them repeat are one object each."""

    def __init__(self) -> None:
        super().__init__()
        self.request = CreditControlRequest()
        self.last_origin_host = b""
        self.last_origin_realm = b""
        self.last_destination_host = b""
        self.last_destination_realm = b""
        self.last_context = b""

    def read_octets(self) -> None:
        """Take the text or identity of the command level that was just read."""
        key = self.key
        request = self.request
        if key == SESSION_ID:
            request.session_id = self.message[self.data_at : self.data_end]
        elif key == ORIGIN_HOST:
            self.last_origin_host = request.origin_host = self.octets_like(self.last_origin_host)
        elif key == ORIGIN_REALM:
            self.last_origin_realm = request.origin_realm = self.octets_like(self.last_origin_realm)
        elif key == DESTINATION_REALM:
            self.last_destination_realm = self.octets_like(self.last_destination_realm)
            request.destination_realm = self.last_destination_realm
        elif key == SERVICE_CONTEXT_ID:
            self.last_context = request.service_context_id = self.octets_like(self.last_context)
        elif key == DESTINATION_HOST:
            self.last_destination_host = self.octets_like(self.last_destination_host)
            request.destination_host = self.last_destination_host
        elif key == CALLED_STATION_ID:
            self.last_apn = request.called_station_id = self.octets_like(self.last_apn)
