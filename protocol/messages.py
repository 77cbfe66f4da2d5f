"""Credit-control messages as typed objects (RFC 8506, 3; TS 32.299, 6.4).

Identities are the octets of the wire: they are echoed, compared and used as keys, never read as text here.
A number that the peer did not send is ``ABSENT``.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

ABSENT: Final = -1

INITIAL_REQUEST: Final = 1
UPDATE_REQUEST: Final = 2
TERMINATION_REQUEST: Final = 3
EVENT_REQUEST: Final = 4

GRANTED_OCTETS: Final = 1
GRANTED_SECONDS: Final = 2
GRANTED_SPECIFIC_UNITS: Final = 3


@mypyc_attr(acyclic=True)
class Issue:
    """What a peer got wrong: the Result-Code and the octets of the AVP(s) that Failed-AVP shall hold."""

    def __init__(self, result_code: int, failed_avp: bytes, error_message: str) -> None:
        self.result_code = result_code
        self.failed_avp = failed_avp
        self.error_message = error_message


@mypyc_attr(acyclic=True)
class MultipleServicesCreditControl:
    """One MSCC of a request, or the command-level units of a client that sends none (RFC 8506, 8.16).

    Several Used-Service-Units are summed. ``used_octets`` is CC-Total-Octets where sent, else input + output;
    a kind of unit that was not reported is ABSENT. ``requested`` is true for an empty Requested-Service-Unit.
    """

    def __init__(self) -> None:
        self.rating_group: i64 = ABSENT
        self.service_identifier: i64 = ABSENT
        self.requested = False
        self.requested_octets: i64 = ABSENT
        self.requested_time_s: i64 = ABSENT
        self.requested_specific_units: i64 = ABSENT
        self.used = False
        self.used_octets: i64 = ABSENT
        self.used_input_octets: i64 = ABSENT
        self.used_output_octets: i64 = ABSENT
        self.used_time_s: i64 = ABSENT
        self.used_specific_units: i64 = ABSENT
        self.qos_class: i64 = ABSENT
        self.total_disagrees = False
        self.reporting_reason: i64 = ABSENT

    def copy_without_units(self) -> MultipleServicesCreditControl:
        """Another of the same service that asks for nothing and reports nothing."""
        other = MultipleServicesCreditControl()
        other.rating_group = self.rating_group
        other.service_identifier = self.service_identifier
        other.qos_class = self.qos_class
        other.reporting_reason = self.reporting_reason
        return other


@mypyc_attr(acyclic=True)
class CreditControlRequest:
    """A CCR (RFC 8506, 3.1). ``issue`` is the first thing wrong with it; fields read before it are valid.

    ``serving_network`` is 3GPP-SGSN-MCC-MNC, ``user_location`` the octets of 3GPP-User-Location-Info,
    ``rat_type`` and ``qos_class`` (QCI) are numbers (TS 32.299, 7.2.158; TS 29.061, 16.4.7).
    """

    def __init__(self) -> None:
        self.flags: i64 = 0
        self.hop_by_hop: i64 = 0
        self.end_to_end: i64 = 0
        self.session_id = b""
        self.origin_host = b""
        self.origin_realm = b""
        self.destination_host = b""
        self.destination_realm = b""
        self.service_context_id = b""
        self.request_type: i64 = ABSENT
        self.request_number: i64 = ABSENT
        self.msisdn = b""
        self.imsi = b""
        self.called_station_id = b""
        self.serving_network = b""
        self.user_location = b""
        self.rat_type: i64 = ABSENT
        self.qos_class: i64 = ABSENT
        self.event_timestamp: i64 = ABSENT
        self.termination_cause: i64 = ABSENT
        self.requested_action: i64 = ABSENT
        self.multiple_services_indicator: i64 = ABSENT
        self.origin_state_id: i64 = ABSENT
        self.services: list[MultipleServicesCreditControl] = []
        self.units_at_command_level = False
        self.proxy_info = b""
        self.issue: Issue | None = None

    def copy_without_services(self) -> CreditControlRequest:
        """Another that says the same of client and session; its services and its header are still to come."""
        other = CreditControlRequest()
        other.session_id = self.session_id
        other.origin_host = self.origin_host
        other.origin_realm = self.origin_realm
        other.destination_host = self.destination_host
        other.destination_realm = self.destination_realm
        other.service_context_id = self.service_context_id
        other.request_type = self.request_type
        other.request_number = self.request_number
        other.msisdn = self.msisdn
        other.imsi = self.imsi
        other.called_station_id = self.called_station_id
        other.serving_network = self.serving_network
        other.user_location = self.user_location
        other.rat_type = self.rat_type
        other.qos_class = self.qos_class
        other.event_timestamp = self.event_timestamp
        other.termination_cause = self.termination_cause
        other.requested_action = self.requested_action
        other.multiple_services_indicator = self.multiple_services_indicator
        other.origin_state_id = self.origin_state_id
        return other


@mypyc_attr(acyclic=True)
class ServiceAnswer:
    """One MSCC of an answer. ``granted`` units are of ``granted_kind`` (0 = no Granted-Service-Unit)."""

    def __init__(self, rating_group: i64, service_identifier: i64, result_code: i64) -> None:
        self.rating_group = rating_group
        self.service_identifier = service_identifier
        self.result_code = result_code
        self.granted_kind: i64 = 0
        self.granted: i64 = 0
        self.validity_time_s: i64 = ABSENT
        self.threshold: i64 = ABSENT
        self.quota_holding_time_s: i64 = ABSENT
        self.final_unit_action: i64 = ABSENT


@mypyc_attr(acyclic=True)
class CreditControlAnswer:
    """A CCA before it is joined with what it echoes of its request (RFC 8506, 3.2)."""

    def __init__(self, result_code: i64) -> None:
        self.result_code = result_code
        self.services: list[ServiceAnswer] = []
        self.session_failover: i64 = ABSENT
        self.failure_handling: i64 = ABSENT
        self.units_at_command_level = False
        self.failed_avp = b""
        self.error_message = ""
