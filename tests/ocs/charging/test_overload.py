"""Admission under overload: what is taken waits a bounded time; a burst or a pause costs nobody an answer."""

from ocs.charging.limits import ServiceLimits
from ocs.charging.overload import FULL_BATCHES, LASTING_WINDOWS, PART, AdmissionBound
from ocs.metrics import ServerMetrics
from protocol.messages import CreditControlRequest
from tests.ocs.charging.building import MSISDN, initial, mscc, seed
from tests.ocs.charging.stage import Stage

QUEUE_US = 50_000
BATCH = 4
MOST = 1000


class Line:
    """Requests that arrive and are served at given rates, a millisecond at a time."""

    def __init__(self, queue_us: int = QUEUE_US) -> None:
        self.metrics = ServerMetrics()
        self.bound = AdmissionBound(MOST, BATCH, queue_us, self.metrics)
        self.now_us = 1_000_000
        self.waiting: list[int] = []
        self.shed = 0
        self.longest_us = 0

    def pass_ms(self, milliseconds: int, arriving: int, served: int) -> None:
        """So many arrive and are served in each millisecond; the longest wait of what is served is kept."""
        self.shed = self.longest_us = 0
        for _ in range(milliseconds):
            self.now_us += 1000
            room = max(int(self.bound.bound) - len(self.waiting), 0)
            self.waiting += [self.now_us] * min(arriving, room)
            self.shed += max(arriving - room, 0)
            self.metrics.shed += max(arriving - room, 0)
            done, self.waiting = self.waiting[:served], self.waiting[served:]
            self.longest_us = max([self.longest_us, *(self.now_us - each for each in done)])
            self.bound.waited(self.waiting[0] if self.waiting else 0, self.now_us)
            self.bound.answered(len(done), self.now_us)


def test_under_overload_what_is_taken_waits_the_time_that_was_set() -> None:
    """Three times what can be served: the wait settles at the setting, then at a part, and the rate is kept."""
    line = Line()
    line.pass_ms(200, arriving=30, served=10)
    line.pass_ms(50, arriving=30, served=10)
    assert line.longest_us <= QUEUE_US * 1.1
    line.pass_ms(LASTING_WINDOWS * QUEUE_US // 1000, arriving=30, served=10)
    for _ in range(5):
        line.pass_ms(200, arriving=30, served=10)
        assert line.longest_us <= QUEUE_US / PART * 1.2
        assert line.shed == 200 * 20
        assert len(line.waiting) >= 10


def test_who_waits_for_answers_before_sending_more_is_not_cut_short() -> None:
    """Clients that keep a queue as long as may be without a refusal keep it: nothing is refused on and on."""
    line = Line()
    line.pass_ms(1, arriving=450, served=10)
    for _ in range(20):
        line.pass_ms(50, arriving=10, served=10)
        assert line.shed == 0
    assert len(line.waiting) == 440


def test_a_refusal_now_and_then_is_no_lasting_overload() -> None:
    """A time without refusals, and the queue may be as long as before."""
    line = Line()
    for _ in range(10):
        line.pass_ms(100, arriving=30, served=10)
        line.pass_ms(60, arriving=9, served=10)
    line.pass_ms(60, arriving=30, served=10)
    assert line.longest_us > QUEUE_US * 0.8


def test_the_bound_follows_what_is_served() -> None:
    """A server that becomes slower takes less, one that becomes faster more."""
    line = Line()
    line.pass_ms(400, arriving=30, served=10)
    line.pass_ms(400, arriving=30, served=5)
    line.pass_ms(200, arriving=30, served=5)
    assert line.longest_us <= QUEUE_US * 1.1
    line.pass_ms(600, arriving=30, served=20)
    line.pass_ms(200, arriving=30, served=20)
    assert line.shed == 200 * 10
    assert line.longest_us <= QUEUE_US * 1.1


def test_after_overload_everything_is_taken_again() -> None:
    """When nothing is left waiting the fixed bound holds."""
    line = Line()
    line.pass_ms(300, arriving=30, served=10)
    assert line.bound.bound < MOST
    line.pass_ms(200, arriving=5, served=10)
    assert line.bound.bound == MOST
    assert line.shed == 0 or line.waiting == []


def test_a_burst_is_taken_up_to_the_fixed_bound() -> None:
    """What comes at once is served although its last request waits long: nobody knows that it is no burst."""
    line = Line()
    line.pass_ms(20, arriving=2, served=10)
    line.pass_ms(1, arriving=600, served=10)
    assert line.shed == 0
    line.pass_ms(10, arriving=0, served=10)
    assert line.bound.bound == MOST


def test_a_pause_sheds_nothing() -> None:
    """A process that stood still for longer than the setting takes what came meanwhile."""
    line = Line()
    line.pass_ms(100, arriving=5, served=10)
    line.waiting += [line.now_us] * 20
    line.now_us += 4 * QUEUE_US
    line.pass_ms(1, arriving=400, served=10)
    assert line.shed == 0
    line.pass_ms(20, arriving=5, served=30)
    assert line.shed == 0


def test_some_batches_are_always_taken() -> None:
    """However little was answered lately, the store is kept busy."""
    line = Line()
    line.pass_ms(300, arriving=10, served=0)
    assert line.bound.bound == FULL_BATCHES * BATCH
    assert AdmissionBound(3, BATCH, QUEUE_US, ServerMetrics()).bound == 3


def test_without_a_time_only_the_fixed_bound_holds() -> None:
    """``queue_ms = 0``."""
    line = Line(queue_us=0)
    line.pass_ms(500, arriving=30, served=10)
    assert line.bound.bound == MOST


def opening(index: int) -> CreditControlRequest:
    """A CCR-I of one of the subscribers."""
    return initial(mscc(want=0), session=b"s%d" % index, msisdn=b"%d" % (int(MSISDN) + index))


def test_the_service_tells_connections_how_much_room_it_has() -> None:
    """Room shrinks with what is in flight and comes back with the answers; a full service says so."""
    stage = Stage(limits=ServiceLimits(2, 50, 2, 1_000_000, QUEUE_US))
    seed(stage.store, msisdns=2)
    stage.store.holds = True
    assert stage.service.intake.room == 2
    stage.service.submit([opening(0), opening(1)], stage.gateway)
    assert stage.service.intake.room == 0
    assert stage.service.is_full
    stage.service.intake.refused(2)
    assert stage.service.metrics.shed == 1
    assert stage.service.metrics.requests_by_type.update == 1
    stage.settle()
    stage.store.release()
    stage.settle()
    assert stage.service.intake.room == 2
    assert not stage.service.is_full


def test_room_ends_at_zero() -> None:
    """Where the bound falls below what is in flight there is no room: no less, whatever the difference."""
    stage = Stage(limits=ServiceLimits(200, 200, 2, 1_000_000))
    seed(stage.store, msisdns=200)
    stage.store.holds = True
    stage.service.submit([opening(index) for index in range(200)], stage.gateway)
    for bound in range(200):
        stage.service.intake.bound = bound
        stage.service.submit([], stage.gateway)
        assert stage.service.intake.room == 0


def test_beside_a_commit_under_way_only_a_full_batch_goes() -> None:
    """A few requests wait for the commit before them and go together; a whole batch does not wait."""
    stage = Stage(limits=ServiceLimits(100, 4, 2, 1_000_000))
    for index in range(8):
        seed(stage.store, account=f"A{index}", first=index)
    stage.store.commits.clear()
    stage.store.holds = True
    stage.send(opening(0))
    stage.send(opening(1))
    stage.send(opening(2))
    assert len(stage.store.commits) == 1
    stage.send(*(opening(index) for index in range(3, 7)))
    assert len(stage.store.commits) == 2
    while stage.gateway.octets[6:] == []:
        stage.store.release()
        stage.settle()
    assert len(stage.store.commits) == 3
    assert stage.service.in_flight == 0
