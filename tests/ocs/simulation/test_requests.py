"""What gateways send: the server's own codec finds nothing wrong with it."""

import pytest

from ocs.simulation.profile import LoadProfile
from protocol.decode import decode_request
from protocol.messages import ABSENT
from tests.ocs.simulation.gateway_driver import answer_all, build_gateway, grant, requests_of


@pytest.mark.parametrize("rating_groups", [0, 1, 3, 60])
def test_requests_of_a_session_are_well_formed(rating_groups: int) -> None:
    """CCR-I, CCR-Us and CCR-T decode without an issue, with the rating groups that were asked for."""
    gateway = build_gateway(LoadProfile(subscribers=10, rating_groups=rating_groups, updates=2), sessions=1)
    gateway.open_window(0)
    seen = answer_all(gateway, grant, 12)

    wanted = list(range(1, rating_groups + 1)) or [ABSENT]
    assert {1, 2, 3} == {int(each.request_type) for each in seen}
    for request in seen:
        assert request.issue is None
        assert [int(service.rating_group) for service in request.services] == wanted
        assert request.called_station_id == b"internet"
        assert request.service_context_id == b"32251@3gpp.org"


def test_identities_are_the_bases_plus_the_subscriber() -> None:
    """MSISDN and IMSI keep their width, whatever is added to them."""
    gateway = build_gateway(
        LoadProfile(subscribers=10, msisdn_base="000000000099", imsi_base="001010000000099"), sessions=2
    )
    gateway.open_window(0)
    found = [decode_request(message) for message in requests_of(gateway)]

    assert [request.msisdn for request in found] == [b"000000000099", b"000000000100"]
    assert [request.imsi for request in found] == [b"001010000000099", b"001010000000100"]


def test_session_ids_are_all_different() -> None:
    """No two sessions of a run share a Session-Id, and all requests of one carry the same."""
    gateway = build_gateway(sessions=4)
    gateway.open_window(0)
    seen = answer_all(gateway, grant, 60)
    started = [request.session_id for request in seen if request.request_type == 1]

    assert len(started) == len(set(started))
    assert {request.session_id for request in seen} == set(started)


def test_reports_never_exceed_the_grant() -> None:
    """What a report says was used was granted before, split into input and output that add up."""
    gateway = build_gateway(sessions=3)
    gateway.open_window(0)
    seen = answer_all(gateway, lambda request: grant(request, 600_000), 40)
    reports = [request.services[0] for request in seen if request.services[0].used]

    assert len(reports) > 50
    for service in reports:
        assert 0 < service.used_octets <= 600_000
        assert service.used_input_octets + service.used_output_octets == service.used_octets
        assert not service.total_disagrees


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"msisdn_base": "+44"}, "digits"),
        ({"gateways": 0}, "--gateways"),
        ({"window": 0}, "--window"),
        ({"window": 300}, "--subscribers 1000"),
        ({"rate": 10, "sessions": 2000}, "--subscribers 1000"),
        ({"rating_groups": 61}, "--rating-groups 61"),
    ],
)
def test_impossible_profiles_are_refused(changes: dict[str, int | str], word: str) -> None:
    """A profile that can not be run says why."""
    profile = LoadProfile(**changes)  # type: ignore[arg-type]  # one table for numbers and texts

    assert word in profile.faults()[0]
    assert LoadProfile().faults() == []
