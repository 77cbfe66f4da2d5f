"""Gateways: sessions whose reported amounts tell, in their sum, how often each report was charged."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from protocol.messages import CreditControlRequest, MultipleServicesCreditControl
from tests.protocol.base_builder import avps as read_avps
from tests.simulation.world import World

RETRANSMITTED = 0x10
TRIES = 6


class Report:
    """A request that a gateway sends until it is answered, and what became of it."""

    def __init__(self, kind: int, number: int, used: dict[int, int], wanted: list[int]) -> None:
        self.kind = kind
        self.number = number
        self.used = used
        self.wanted = wanted
        self.end_to_end = 0
        self.tries = 0
        self.result: int | None = None
        self.contents: set[bytes] = set()

    @property
    def acknowledged(self) -> bool:
        """Whether success was heard."""
        return self.result == 2001


class GatewaySession:
    """One session: an I, some U with one or several rating groups, a T unless the gateway dies before.

    The n-th report of a rating group uses 4**n units: a digit of their sum in base 4 counts its charges.
    """

    def __init__(
        self,
        name: bytes,
        msisdn: bytes,
        world: World,
        random: Random,
        send: Callable[[CreditControlRequest], None],
    ) -> None:
        self.name = name
        self.msisdn = msisdn
        self.reports: list[Report] = []
        self.orders: dict[int, list[Report]] = {}
        self.is_over = False
        self._world = world
        self._random = random
        self._send = send
        self._groups = random.choice([[-1], [10], [10, 20], [10, 20, 30]])
        self._updates = random.choice([0, 1, 3, 5, 12])
        self._dies = random.random() < 0.15
        self._overlaps = random.random() < 0.3
        self._timeout_us = random.choice([300_000, 2_000_000])
        self._pause_us = random.choice([1_000, 500_000, 20_000_000])
        self._end_to_end = random.randint(1, 1 << 30)

    def start(self) -> None:
        """Send the CCR-I."""
        wanted = [] if self._random.random() < 0.2 else self._groups
        self._transmit(Report(1, 0, {}, wanted))

    def _next(self) -> None:
        number = len(self.reports)
        if number > self._updates:
            if self._dies:
                self.is_over = True
                return
            kind = 3
            if self._random.random() < 0.3:
                number -= 1  # a real client's CCR-T carries the number of its last CCR-U
            groups = [group for group in self._groups if self._random.random() < 0.7]
            self._transmit(Report(kind, number, self._use(groups), []))
            return
        groups = [group for group in self._groups if self._random.random() < 0.8]
        wanted = [group for group in groups if self._random.random() < 0.9]
        self._transmit(Report(2, number, self._use(groups), wanted))
        if self._overlaps and number < self._updates and self._random.random() < 0.5:
            self._next()

    def _use(self, groups: list[int]) -> dict[int, int]:
        return {group: 4 ** len(self.orders.get(group, [])) for group in groups}

    def _transmit(self, report: Report) -> None:
        self.reports.append(report)
        for group in report.used:
            self.orders.setdefault(group, []).append(report)
        self._end_to_end += 1
        report.end_to_end = self._end_to_end
        self._try(report)

    def _try(self, report: Report) -> None:
        if report.result is not None:
            return
        if report.tries == TRIES:
            report.result = 0
            self._answered(report)
            return
        report.tries += 1
        self._send(self._request(report))
        self._world.after(self._timeout_us, lambda: self._try(report))

    def _request(self, report: Report) -> CreditControlRequest:
        request = CreditControlRequest()
        request.flags = 0xC0 | (RETRANSMITTED if report.tries > 1 and self._random.random() < 0.7 else 0)
        request.session_id = self.name
        request.origin_host = b"gw.example.net"
        request.origin_realm = b"example.net"
        request.service_context_id = b"32251@3gpp.org"
        request.request_type = report.kind
        request.request_number = report.number
        request.end_to_end = report.end_to_end
        request.msisdn = self.msisdn
        for group in dict.fromkeys([*report.used, *report.wanted]):
            mscc = MultipleServicesCreditControl()
            mscc.rating_group = group
            mscc.requested = group in report.wanted
            if group in report.used:
                mscc.used = True
                mscc.used_octets = report.used[group]
            request.services.append(mscc)
        return request

    def receive(self, message: bytes) -> None:
        """An answer arrived; it may be late, and a copy."""
        avps = read_avps(message[20:])
        code, kind, number = (
            int.from_bytes(next((data for each, data in avps if each == wanted), b""), "big")
            for wanted in (268, 416, 415)
        )
        if code == 3004:
            return
        for report in self.reports:
            if (report.kind, report.number) == (kind, number):
                report.contents.add(message[20:])
                if report.result is None:
                    report.result = code
                    self._answered(report)
                return

    def _answered(self, report: Report) -> None:
        """Go on, or give the session up as a client must when a command is refused."""
        if report.kind == 3 or (report.kind == 1 and not report.acknowledged):
            self.is_over = True
        elif not self.is_over and report is self.reports[-1]:
            self._world.after(self._random.randint(0, self._pause_us), self._next)
