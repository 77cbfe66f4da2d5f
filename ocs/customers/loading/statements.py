"""What files state of customers, as values, each with its place; what is stated twice must agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from config.tariff_text import Moment
from ocs.customers.customer import BillingAccount, BillingCycle, Party
from ocs.customers.loading import words
from ocs.customers.loading.pieces import ACCOUNT, CYCLE, PARTY, Issues, Piece, Source, Token
from ocs.customers.loading.words import StatedAddon

DEFAULT_TERMS_DAYS: Final = 14
NO_CURRENCY: Final = "ZZZ"
"""Of an account that states none, or none that there is."""


class StatedSubscription(NamedTuple):
    """What a number has from a local time on.

    ``end`` None = until the subscription's next row, or until what held there before ends; ``reopened``: until
    the next row, or open.
    """

    subscription_id: str
    account_id: str
    msisdn: str
    imsi: str
    plan_id: str
    subscriber_group: str
    time_zone: str
    start: Moment | None
    end: Moment | None
    reopened: bool
    addons: tuple[StatedAddon, ...]
    whole: bool
    """Whether nothing in it is wrong or missing."""


Value = TypeVar("Value", BillingCycle, Party, BillingAccount, StatedSubscription)


@dataclass(frozen=True, slots=True)
class Stated(Generic[Value]):
    """A value and where it stands."""

    value: Value
    kind: str
    source: Source
    token: Token

    def refuse(self, issues: Issues, field_name: str, message: str, hint: str = "") -> None:
        """Add an issue at a field."""
        issues.add(self.source.issue(self.token, self.kind, field_name, message, hint))

    @property
    def place(self) -> str:
        """Where it stands, for issues about something else."""
        return self.source.issue(self.token, self.kind, "", "", "").place


@dataclass(slots=True)
class Statements:
    """All that some files state."""

    cycles: dict[str, Stated[BillingCycle]] = field(default_factory=dict)
    parties: dict[str, Stated[Party]] = field(default_factory=dict)
    accounts: dict[str, Stated[BillingAccount]] = field(default_factory=dict)
    subscriptions: list[Stated[StatedSubscription]] = field(default_factory=list)


def read_statements(sources: Iterable[Source], issues: Issues) -> Statements:
    """All that files state; what is wrong in itself adds issues."""
    found = Statements()
    for source in sources:
        for piece in source.pieces(issues):
            if piece.kind == CYCLE:
                _keep(found.cycles, piece, _cycle(piece, whole=piece.name not in found.cycles))
            elif piece.kind == PARTY:
                _keep(found.parties, piece, _party(piece, whole=piece.name not in found.parties))
            elif piece.kind == ACCOUNT:
                _keep(found.accounts, piece, _account(piece, whole=piece.name not in found.accounts))
            else:
                found.subscriptions.append(Stated(_subscription(piece), piece.kind, source, piece.token))
    return found


_PLACES: Final = {
    CYCLE: {"day": "day_of_month", "time_zone": "time_zone"},
    PARTY: {},
    ACCOUNT: {
        "party": "party_id",
        "parent": "parent_account_id",
        "cycle": "cycle_id",
        "jurisdiction": "tax_jurisdiction",
        "payment_terms": "payment_terms_days",
        "opened": "opened_day",
        "closed": "closed_day",
    },
}
"""Where a field is called otherwise in the value."""


def _keep(known: dict[str, Stated[Value]], piece: Piece, value: Value) -> None:
    """Keep what is stated first; what is stated again of it must be the same."""
    first = known.setdefault(piece.name, Stated(value, piece.kind, piece.source, piece.token))
    if first.value is value:
        return
    for name in piece.texts:
        attribute = _PLACES[piece.kind].get(name, name)
        before = getattr(first.value, attribute)
        if getattr(value, attribute) != before:
            said = f"{before!r}" if before not in {"", None} else "empty"
            piece.refuse(name, f"{piece.kind} {piece.name}: {name} is {said} by {first.place}")


def _cycle(piece: Piece, *, whole: bool) -> BillingCycle:
    if whole:
        piece.require("day", "the day of the month on which periods begin, 1 to 28")
        piece.require("time_zone", "such as Europe/Berlin: periods begin at its midnight")
    return BillingCycle(
        piece.name,
        piece.read("day", words.read_day_of_month, 1),
        piece.read("time_zone", words.read_time_zone, "UTC"),
    )


def _party(piece: Piece, *, whole: bool) -> Party:
    if whole:
        piece.require("name")
        piece.require("country", "two letters, such as DE")
    return Party(
        party_id=piece.name,
        kind=piece.choose("kind", ("person", "organisation"), "person"),
        name=piece.read("name", words.read_word, ""),
        address=piece.read("address", words.read_address, ""),
        country=piece.read("country", words.read_country, "ZZ"),
        language=piece.read("language", words.read_language, "en"),
        email=piece.read("email", words.read_email, ""),
        tax_number=piece.read("tax_number", words.read_word, ""),
    )


def _account(piece: Piece, *, whole: bool) -> BillingAccount:
    """Its ``language`` may be '', its ``closed_day`` None or 'open': files do not say what that comes to."""
    if whole:
        piece.require("currency", "three letters, such as EUR")
        piece.require("cycle", "the billing cycle it is billed with")
        piece.require("jurisdiction", "whose taxes hold, such as DE: a jurisdiction of the tax table")
        piece.require("opened", "the first day, such as 2026-01-01")
    parent = piece.read("parent", words.read_id, "")
    payer = piece.choose("payer", ("account", "parent"), "parent" if parent else "account")
    if whole and payer == "parent" and not parent:
        piece.refuse("payer", f"account {piece.name} has no parent that could pay")
    if parent == piece.name:
        piece.refuse("parent", f"account {piece.name} is not its own parent")
    opened = piece.read("opened", words.read_day, "1990-01-01")
    closed = piece.read("closed", words.read_closing, "")
    if closed and closed != words.OPEN and closed <= opened:
        piece.refuse("closed", f"account {piece.name} closes on {closed}, not after it is opened on {opened}")
    return BillingAccount(
        account_id=piece.name,
        party_id=piece.read("party", words.read_id, piece.name),
        parent_account_id=parent or None,
        payer=payer,
        currency=piece.read("currency", words.read_currency, NO_CURRENCY),
        cycle_id=piece.read("cycle", words.read_id, ""),
        tax_status=piece.choose("tax_status", ("standard", "exempt", "reverse_charge"), "standard"),
        tax_jurisdiction=piece.read("jurisdiction", words.read_word, ""),
        language=piece.read("language", words.read_language, ""),
        payment_terms_days=piece.read("payment_terms", words.read_terms, DEFAULT_TERMS_DAYS),
        opened_day=opened,
        closed_day=closed or None,
    )


def _subscription(piece: Piece) -> StatedSubscription:
    before = piece.issues.count
    there = [piece.require("msisdn"), piece.require("plan"), piece.require("account")]
    name = piece.name
    if name and "msisdn" in piece.texts and name != piece.texts["msisdn"]:
        piece.texts["subscription"] = name
        name = piece.read("subscription", words.read_id, "")
    return StatedSubscription(
        subscription_id=name,
        account_id=piece.read("account", words.read_id, ""),
        msisdn=piece.read("msisdn", words.read_msisdn, ""),
        imsi=piece.read("imsi", words.read_imsi, ""),
        plan_id=piece.read("plan", words.read_word, ""),
        subscriber_group=piece.read("group", words.read_word, ""),
        time_zone=piece.read("time_zone", words.read_time_zone, ""),
        start=piece.read("from", words.read_moment, None),
        end=piece.read("until", words.read_end, None),
        reopened=piece.texts.get("until") == words.OPEN,
        addons=piece.read("addons", words.read_addons, ()),
        whole=all(there) and piece.issues.count == before,
    )
