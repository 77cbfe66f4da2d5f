"""Do an account, its open sessions and its records agree? Pure."""

from balance.account import Account
from ocs.audit.sums import AccountSums
from ocs.charging.gifts import is_past_gift
from ocs.charging.metering import GENERATION


def differences_of(account: Account, sums: AccountSums) -> list[str]:
    """What the account says against what its sessions and records say; empty where the books balance."""
    found = list(account.faults())
    if account.debited_micros != sums.debited_micros:
        found.append(
            f"debited_micros is {account.debited_micros}, records and open sessions say {sums.debited_micros}"
        )
    if account.reserved_micros != sums.reserved_micros:
        found.append(f"reserved_micros is {account.reserved_micros}, open sessions hold {sums.reserved_micros}")
    used = dict(sums.used_units or {})
    held = dict(sums.held_units or {})
    for bucket in account.buckets:
        said = used.pop(bucket.bucket_id, 0)
        if bucket.initial - bucket.remaining != said:
            found.append(
                f"bucket {bucket.bucket_id}: {bucket.initial - bucket.remaining} units are gone, "
                f"records and open sessions say {said}"
            )
        said = held.pop(bucket.bucket_id, 0)
        if bucket.reserved != said:
            found.append(
                f"bucket {bucket.bucket_id}: {bucket.reserved} units are reserved, open sessions hold {said}"
            )
    for bucket_id in sorted(used.keys() | held.keys()):
        if (GENERATION in bucket_id or is_past_gift(bucket_id)) and bucket_id not in held:
            continue  # of a period that is over, or a gift that ended: its bucket has gone with what was left
        found.append(f"bucket {bucket_id}: sessions or records name it, the account has none")
    return found
