"""Services of a session: what each has used, holds, and was charged on which lines."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from balance.operations import NOTHING_HELD, Reservation
from ocs.charging.line_rate import LineRate
from rating.meter_state import MeterState


@mypyc_attr(acyclic=True)
class ChargeLine:
    """Units that were paid with money at one rate; ``amount_micros`` is the price of all of them together.

    What a cap or a discount takes off is a line too, at a price below zero.
    """

    def __init__(self, rate: LineRate, units: i64, amount_micros: i64) -> None:
        self.rate = rate
        self.units = units
        self.amount_micros = amount_micros

    def copy(self) -> ChargeLine:
        """An independent copy."""
        return ChargeLine(self.rate, self.units, self.amount_micros)


@mypyc_attr(acyclic=True)
class BucketUse:
    """Units that a service took out of one bucket."""

    def __init__(self, bucket_id: str, units: i64) -> None:
        self.bucket_id = bucket_id
        self.units = units


@mypyc_attr(acyclic=True)
class Service:
    """One rated service of a session, keyed by Rating-Group and Service-Identifier (ABSENT where not sent).

    ``granted`` units are with the client now, paid for by ``reservation``. Copies share it, the lines and the
    ``bucket_uses``: these are replaced, not changed, once they are stored. ``line`` is the newest of the lines,
    as a rule the only one, and has an attribute of its own: the collector would look into a tuple. The used
    units of all kinds are kept as reported; ``used_units`` are those of ``unit_kind``, by which the service is
    charged. ``granted_under`` is the version of the catalogue by which the next report of the granted units is
    priced. ``meter`` is where the pricing of a tariff stands (never changed, only replaced); its lines are
    those from ``metered_from`` on.
    """

    def __init__(self, rating_group: i64, service_identifier: i64, opened_ms: i64) -> None:
        self.rating_group = rating_group
        self.service_identifier = service_identifier
        self.opened_ms = opened_ms
        self.last_ms = opened_ms
        self.unit_kind: i64 = 0
        self.granted: i64 = 0
        self.validity_time_s: i64 = 0
        self.granted_under = ""
        self.reservation = NOTHING_HELD
        self.used_units: i64 = 0
        self.used_octets: i64 = 0
        self.input_octets: i64 = 0
        self.output_octets: i64 = 0
        self.time_s: i64 = 0
        self.specific_units: i64 = 0
        self.amount_micros: i64 = 0
        self.written_off_micros: i64 = 0
        self.first_request: i64 = 0
        self.last_request: i64 = 0
        self.requests: i64 = 0
        self.line: ChargeLine | None = None
        self.earlier_lines: tuple[ChargeLine, ...] = ()
        self.bucket_uses: tuple[BucketUse, ...] = ()
        self.meter: MeterState | None = None
        self.metered_from: i64 = 0

    def copy(self) -> Service:
        """An independent copy, for a decision to change."""
        other = Service(self.rating_group, self.service_identifier, self.opened_ms)
        other.last_ms = self.last_ms
        other.unit_kind = self.unit_kind
        other.granted = self.granted
        other.validity_time_s = self.validity_time_s
        other.granted_under = self.granted_under
        other.reservation = self.reservation
        other.used_units = self.used_units
        other.used_octets = self.used_octets
        other.input_octets = self.input_octets
        other.output_octets = self.output_octets
        other.time_s = self.time_s
        other.specific_units = self.specific_units
        other.amount_micros = self.amount_micros
        other.written_off_micros = self.written_off_micros
        other.first_request = self.first_request
        other.last_request = self.last_request
        other.requests = self.requests
        other.line = self.line
        other.earlier_lines = self.earlier_lines
        other.bucket_uses = self.bucket_uses
        other.meter = self.meter
        other.metered_from = self.metered_from
        return other

    def has_key(self, rating_group: i64, service_identifier: i64) -> bool:
        """Whether it is the service of these."""
        return self.rating_group == rating_group and self.service_identifier == service_identifier

    def reserve_anew(self) -> Reservation:
        """Where a service that holds nothing notes what it reserves."""
        if self.reservation is NOTHING_HELD:
            self.reservation = Reservation()
        return self.reservation

    @property
    def lines(self) -> tuple[ChargeLine, ...]:
        """What it was charged, in the order in which that began."""
        return () if self.line is None else (*self.earlier_lines, self.line)

    @lines.setter
    def lines(self, lines: tuple[ChargeLine, ...]) -> None:
        self.line = lines[-1] if lines else None
        self.earlier_lines = lines[:-1]

    def line_count(self) -> i64:
        """How many lines there are."""
        return 0 if self.line is None else 1 + i64(len(self.earlier_lines))

    def add_line(self, line: ChargeLine) -> None:
        """Charge on a new line from now on."""
        if self.line is not None:
            self.earlier_lines += (self.line,)
        self.line = line

    def own_line(self, line: ChargeLine) -> ChargeLine:
        """The newest line as this copy's own, to be changed."""
        self.line = mine = line.copy()
        return mine

    def take_from_bucket(self, bucket_id: str, units: i64) -> None:
        """Note units that were paid from a bucket."""
        uses = self.bucket_uses
        for at in range(len(uses)):
            use = uses[at]
            if use.bucket_id == bucket_id:
                more = BucketUse(bucket_id, use.units + units)
                self.bucket_uses = (more,) if len(uses) == 1 else (*uses[:at], more, *uses[at + 1 :])
                return
        self.bucket_uses = (*uses, BucketUse(bucket_id, units))
