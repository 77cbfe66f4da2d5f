"""Bonuses: what an account is given, how long it lives, and that the books say so."""

from balance.account import Account
from balance.operations import find_bucket
from balance.quantity import OCTETS
from balance.subscriber import ACTIVE, Subscriber
from ocs.audit.books import differences_of
from ocs.audit.sums import AccountSums
from ocs.charging.decision import decide
from ocs.charging.gifts import give_bonus
from ocs.charging.metering import bundle_of
from rating.bundles import MONEY, BundleDefinition
from rating.offers import ACTIVE_FOR, AT_ACTIVATION, TOP_UP, Bonus
from tests.ocs.charging.building import MSISDN, NOW_MS, POLICY, catalogue, initial, mscc

GIGABYTE = BundleDefinition("plan/gb", OCTETS, 100, None, 0)


def test_money_without_an_end_goes_to_the_balance() -> None:
    """As a credit, in the books."""
    account = Account("a", "EUR", 7)
    give_bonus(account, Bonus("plan/more", AT_ACTIVATION, give_micros=5), 0)
    assert (account.balance_micros, account.credited_micros, account.buckets) == (12, 5, ())
    assert differences_of(account, AccountSums()) == []


def test_money_with_an_end_is_a_credit_that_ends() -> None:
    """The balance stays as it is; the bucket is of the credit that the plan's rules know."""
    account = Account("a", "EUR", 7)
    credit = BundleDefinition("plan/more#credit", MONEY, 5, None, 1)
    bonus = Bonus("plan/more", AT_ACTIVATION, give_micros=5, valid_for_ms=1000, credit=credit)
    give_bonus(account, bonus, 50)
    (bucket,) = account.buckets
    assert (account.balance_micros, account.credited_micros) == (7, 0)
    assert (bundle_of(bucket), bucket.unit_kind, bucket.remaining) == ("plan/more#credit", MONEY, 5)
    assert (bucket.available(1049), bucket.available(1050)) == (5, 0)


def test_a_part_of_a_top_up_is_rounded_half_up() -> None:
    """To a millionth; beside a fixed amount where there is one."""
    account = Account("a", "EUR", 0)
    tenth = Bonus("plan/tenth", TOP_UP, part_numerator=1, part_denominator=10)
    for amount, given in ((14, 1), (15, 2), (10_000_000, 1_000_000)):
        before = account.balance_micros
        give_bonus(account, tenth, 0, amount)
        assert account.balance_micros - before == given


def test_every_gift_lives_as_long_as_promised() -> None:
    """A second one neither ends the first later nor sooner; one that ended makes room, and the audit knows."""
    account = Account("a", "EUR", 0)
    bonus = Bonus("plan/more", AT_ACTIVATION, give_bundle=GIGABYTE, valid_for_ms=1000)
    give_bonus(account, bonus, 0)
    give_bonus(account, bonus, 500)
    give_bonus(account, bonus, 500)
    assert [(bucket.remaining, bucket.expires_at_ms) for bucket in account.buckets] == [
        (100, 1000),
        (200, 1500),
    ]
    first = account.buckets[0]
    first.remaining, first.reserved = 40, 0
    sums = AccountSums()
    sums.use(first.bucket_id, 60)
    assert differences_of(account, sums) == []
    give_bonus(account, bonus, 1200)
    assert [(bucket.remaining, bucket.expires_at_ms) for bucket in account.buckets] == [
        (200, 1500),
        (100, 2200),
    ]
    assert differences_of(account, sums) == []


def test_a_gift_that_ended_stays_while_a_session_holds_it() -> None:
    """What was granted before the end is paid by it."""
    account = Account("a", "EUR", 0)
    bonus = Bonus("plan/more", AT_ACTIVATION, give_bundle=GIGABYTE, valid_for_ms=1000)
    give_bonus(account, bonus, 0)
    held = account.buckets[0]
    held.reserved = 10
    give_bonus(account, bonus, 5000)
    assert find_bucket(account, held.bucket_id) is held


def test_units_without_an_end_fill_one_bucket() -> None:
    """However often they are given."""
    account = Account("a", "EUR", 0)
    bonus = Bonus("plan/more", AT_ACTIVATION, give_bundle=GIGABYTE)
    for now_ms in (0, 10, 20):
        give_bonus(account, bonus, now_ms)
    (bucket,) = account.buckets
    assert (bucket.remaining, bucket.expires_at_ms, bundle_of(bucket)) == (300, 0, "plan/gb")


def _open(account: Account, activated_ms: int, now_ms: int) -> Account:
    """The account after a session began, under a plan that rewards a year."""
    base = catalogue()
    plan = base.plans["payg"]
    plan.bonuses = [Bonus("payg/year", ACTIVE_FOR, reaches=1000, give_micros=70)]
    subscriber = Subscriber(MSISDN, b"", "A", "payg", ACTIVE)
    subscriber.activated_ms = activated_ms
    decided = decide(initial(mscc(want=10)), None, subscriber, account, base, POLICY, now_ms)
    assert decided.account is not None
    return decided.account


def test_loyalty_is_rewarded_once_with_the_first_session_after_its_time() -> None:
    """Not before, not again, and not where the activation is not known."""
    account = Account("A", "EUR", 1_000_000)
    account = _open(account, NOW_MS, NOW_MS + 999)
    assert account.credited_micros == 0
    account = _open(account, NOW_MS, NOW_MS + 1000)
    assert account.credited_micros == 70
    account = _open(account, NOW_MS, NOW_MS + 5000)
    assert (account.credited_micros, account.faults()) == (70, [])
    assert _open(Account("A", "EUR", 1_000_000), 0, NOW_MS).credited_micros == 0
