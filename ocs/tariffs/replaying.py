"""Rating past records, one after the other, under another catalogue, in the order in which they come. Compiled.

Each account begins with full bundles and empty counters and goes on as it would have: what a record of it used
of bundles and counted is there for the next.
"""

from __future__ import annotations

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64, mypyc_attr

from rating.bundles import BundleDefinition
from rating.calendar import day_at
from rating.catalogue import Catalogue, Plan
from rating.charge import NO_PLAN
from rating.conditions import Attributes
from rating.engine import apply, price
from rating.periods import EVER, day_of_month_start, period_of_day
from rating.usage import Context, Pot, Standing, Usage

FileRow = tuple[
    str, str, str, str, int | None, int | None, str, str, i64, i64, i64, i64, i64, i64, str, str, str, str
]
"""The fields of a PastRecord."""
LakeRow = tuple[str, str, str, i64, i64, i64, i64, int | None]
"""Account, sort, called number, units, beginning and end (ms), amount in micros, rating group; a sort is plan,
currency, service, unit kind, APN, network and direction, parted by PART."""

PART: Final = "\x1f"
_DAY_S: Final = 86_400
_NO_DAY: Final = -(1 << 60)
_REMEMBERED: Final = 4096

# an instant in three pieces: their octets with every digit 0, and the places of the digits
_DATE: Final = 0x303030302D30302D  # 0000-00-
_DATE_DIGITS: Final = 0x0F0F0F0F000F0F00
_CLOCK: Final = 0x30305430303A3030  # 00T00:00
_CLOCK_DIGITS: Final = 0x0F0F000F0F000F0F
_REST: Final = 0x3A30302E3030305A  # :00.000Z
_REST_DIGITS: Final = 0x000F0F000F0F0F00
_SIXES: Final = 0x0606060606060606
_ONES: Final = 0x0101010101010101


@mypyc_attr(acyclic=True)
class PlanTotals:
    """What the records of a plan cost then and now, in micros; ``refusals`` by reason.

    ``plan`` is the plan of the catalogue, which holds always unless it is ``dated``.
    """

    def __init__(self, currency: str, plan: Plan | None, dated: bool) -> None:
        self.currency = currency
        self.plan = plan
        self.dated = dated
        self.records: i64 = 0
        self.old_micros: int = 0
        self.new_micros: int = 0
        self.refusals: dict[str, int] = {}


@mypyc_attr(acyclic=True)
class AccountTotals:
    """What one account's records cost then and now, and where it stands.

    ``plan`` is the one of its first record that had any, at ``first_ms``; ``standing`` None: as at the
    beginning, and no bundle. ``day`` is the local one up to which bundles were renewed; a record of an
    earlier day does not set it back.
    """

    def __init__(self, plan_id: str) -> None:
        self.plan_id = plan_id
        self.old_micros: int = 0
        self.new_micros: int = 0
        self.plan: Plan | None = None
        self.first_ms: i64 = 0
        self.standing: Standing | None = None
        self.day: i64 = _NO_DAY


@mypyc_attr(acyclic=True)
class Sort:
    """What records of a lake have in common: their plan, their service and what selects a price."""

    def __init__(self, text: str) -> None:
        self.plan_id, self.currency, self.service, self.unit_kind, apn, network, direction = text.split(PART)
        self.apn = apn.lower().encode()
        self.network = network.encode()
        self.direction = direction.encode()


class Replay:
    """The catalogue, and where every account stands under it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.plans: dict[str, PlanTotals] = {}
        self.accounts: dict[str, AccountTotals] = {}
        self._context = Context(catalogue)
        self._fresh = Standing()
        self._instants = Instants()
        self._sorts: dict[str, Sort] = {}
        self._octets: dict[str, bytes] = {}
        self._apns: dict[str, bytes] = {}
        self._numbers: dict[int, bytes] = {}

    def rate_records(self, rows: list[FileRow]) -> i64:
        """Rate records of files; how many were: all, or those before the first whose times are none."""
        instants = self._instants
        rated: i64 = 0
        for row in rows:
            (
                account,
                plan_id,
                service,
                apn,
                group,
                identifier,
                opened_at,
                closed_at,
                octets,
                input_octets,
                output_octets,
                seconds,
                units,
                amount,
                currency,
                network,
                called,
                direction,
            ) = row
            start_ms = instants.of(opened_at)
            end_ms = instants.of(closed_at)
            if start_ms < 0 or end_ms < 0:
                break
            attributes = Attributes(
                called=called.encode() if called else b"",
                network=self._octets_of(network),
                apn=self._apn(apn),
                service_identifier=self._number(identifier),
                rating_group=self._number(group),
                direction=self._octets_of(direction),
            )
            usage = Usage(
                service,
                start_ms,
                end_ms,
                octets,
                input_octets,
                output_octets,
                seconds,
                units,
                attributes,
            )
            self.rate(account, plan_id, currency, usage, amount)
            rated += 1
        return rated

    def rate_rows(self, rows: list[LakeRow]) -> None:
        """Rate records of a lake."""
        for row in rows:
            account, text, called, units, start_ms, end_ms, amount, group = row
            sort = self._sorts.get(text)
            if sort is None:
                if len(self._sorts) >= _REMEMBERED:
                    self._sorts.clear()
                sort = Sort(text)
                self._sorts[text] = sort
            attributes = Attributes(
                called=called.encode() if called else b"",
                network=sort.network,
                apn=sort.apn,
                rating_group=self._number(group),
                direction=sort.direction,
            )
            usage = usage_of(sort.service, sort.unit_kind, units, start_ms, end_ms, attributes)
            self.rate(account, sort.plan_id, sort.currency, usage, amount)

    def rate(self, account: str, plan_id: str, currency: str, usage: Usage, old_micros: int) -> None:
        """Rate one record that cost ``old_micros``."""
        totals = self.plans.get(plan_id)
        if totals is None:
            catalogue = self.catalogue
            totals = PlanTotals(currency, catalogue.plans.get(plan_id), plan_id in catalogue.versions)
            self.plans[plan_id] = totals
        totals.records += 1
        totals.old_micros += old_micros
        mine = self.accounts.get(account)
        if mine is None:
            mine = AccountTotals(plan_id)
            self.accounts[account] = mine
        mine.old_micros += old_micros
        plan = self.catalogue.plan_at(plan_id, usage.start_ms) if totals.dated else totals.plan
        if plan is None:
            totals.refusals[NO_PLAN] = totals.refusals.get(NO_PLAN, 0) + 1
            return
        context = self._context
        context.plan = plan
        standing = self._standing_of(mine, plan, usage.start_ms)
        context.standing = standing
        charge = price(usage, context)
        if charge.refusal:
            totals.refusals[charge.refusal] = totals.refusals.get(charge.refusal, 0) + 1
            return
        new_micros = charge.due_micros
        totals.new_micros += new_micros
        mine.new_micros += new_micros
        if charge.pot_uses or charge.counter_changes or plan.discounts:
            if standing is self._fresh:
                standing = Standing(mine.first_ms)
                mine.standing = standing
            apply(charge, standing)

    def _standing_of(self, mine: AccountTotals, plan: Plan, at_ms: i64) -> Standing:
        """Where an account stands, with the bundles of the period that an instant lies in.

        Where nothing is known of it that could matter to the plan, it is the standing that all share.
        """
        standing = mine.standing
        if mine.plan is None:
            mine.plan = plan
            mine.first_ms = at_ms
            if plan.bundles:
                standing = Standing(at_ms)
                mine.standing = standing
                for bundle in plan.bundles:
                    standing.pots.append(Pot(bundle.bundle_id, bundle.unit_kind, bundle.units))
        if standing is None:
            if not plan.discounts:
                return self._fresh
            standing = Standing(mine.first_ms)
            mine.standing = standing
        if plan.bundles:
            self._renew(mine, plan, standing, at_ms)
        return standing

    def _renew(self, mine: AccountTotals, plan: Plan, standing: Standing, at_ms: i64) -> None:
        zone = plan.zone
        if zone is None:
            zone = self.catalogue.zone
        day, _ = day_at(zone, at_ms)
        before = mine.day
        if day <= before:
            return
        mine.day = day
        if before == _NO_DAY:
            return
        for bundle in plan.bundles:
            if bundle.recurs != EVER and period_of_day(bundle.recurs, before) != period_of_day(
                bundle.recurs, day
            ):
                _refill(bundle, standing)

    def _octets_of(self, text: str) -> bytes:
        """A text of which there are few, as octets."""
        if not text:
            return b""
        known = self._octets.get(text)
        if known is None:
            if len(self._octets) >= _REMEMBERED:
                self._octets.clear()
            known = text.encode()
            self._octets[text] = known
        return known

    def _apn(self, text: str) -> bytes:
        """An access point, in small letters, as octets."""
        if not text:
            return b""
        known = self._apns.get(text)
        if known is None:
            if len(self._apns) >= _REMEMBERED:
                self._apns.clear()
            known = text.lower().encode()
            self._apns[text] = known
        return known

    def _number(self, number: int | None) -> bytes:
        """A number of which there are few as decimal text."""
        if number is None:
            return b""
        known = self._numbers.get(number)
        if known is None:
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            known = b"%d" % number
            self._numbers[number] = known
        return known


def _refill(bundle: BundleDefinition, standing: Standing) -> None:
    """A bundle anew; of what was left as much as rolls over."""
    for pot in standing.pots:
        if pot.bundle_id == bundle.bundle_id:
            kept = pot.units if pot.units < bundle.rollover_units else bundle.rollover_units
            pot.units = bundle.units + kept


def usage_of(
    service: str,
    unit_kind: str,
    used_units: i64,
    start_ms: i64,
    end_ms: i64,
    attributes: Attributes,
) -> Usage:
    """A usage of so many units of one kind (``octets``, ``seconds``, ``units``)."""
    usage = Usage(service, start_ms, end_ms, attributes=attributes)
    if unit_kind == "octets":
        usage.octets = used_units
    elif unit_kind == "seconds":
        usage.seconds = used_units
    else:
        usage.units = used_units
    return usage


class Instants:
    """Epoch milliseconds of texts in UTC such as ``2026-11-23T00:47:04.120Z``; the last month is remembered."""

    def __init__(self) -> None:
        self._month: i64 = -1
        self._first_day: i64 = 0
        self._days: i64 = 0

    def of(self, text: str) -> i64:
        """The instant; -1 where the text is none, or before 1970. It is read in three pieces of 8 octets."""
        octets = text.encode()
        if len(octets) != 24:
            return -1
        date, clock, rest = read_i64_be(octets, 0), read_i64_be(octets, 8), read_i64_be(octets, 16)
        if not (_is(date, _DATE, _DATE_DIGITS) and _is(clock, _CLOCK, _CLOCK_DIGITS)):
            return -1
        if not _is(rest, _REST, _REST_DIGITS):
            return -1
        year = _two(date, 48) * 100 + _two(date, 32)
        month, day = _two(date, 8), _two(clock, 48)
        hour, minute, second = _two(clock, 24), _two(clock, 0), _two(rest, 40)
        if year < 1970 or month < 1 or month > 12 or day < 1 or hour > 23 or minute > 59 or second > 59:
            return -1
        number = year * 12 + month - 1
        if number != self._month:
            self._month = number
            self._first_day = day_of_month_start(number)
            self._days = day_of_month_start(number + 1) - self._first_day
        if day > self._days:
            return -1
        seconds = (self._first_day + day - 1) * _DAY_S + hour * 3600 + minute * 60 + second
        return seconds * 1000 + _two(rest, 16) * 10 + (rest >> 8 & 15)


def _is(octets: i64, form: i64, digits: i64) -> bool:
    """Whether eight octets have a decimal digit where ``digits`` has 15, and are the form's elsewhere."""
    if octets & ~digits != form:
        return False
    over_nine = ((octets & digits) + (digits & _SIXES)) & ((digits & _ONES) << 4)
    return over_nine == 0


def _two(octets: i64, place: i64) -> i64:
    """The number of the two digits of which the second is so many bits from the end."""
    return (octets >> (place + 8) & 15) * 10 + (octets >> place & 15)
