"""``ocs account buy`` and ``ocs account fees``: what is taken from balances for something that is no usage."""

import asyncio
import uuid

import click

from balance.opening import epoch_ms
from balance.quantity import format_micros
from config.settings_schema import Settings
from ocs.accounts.buying import Purchase, PurchaseError, buy
from ocs.accounts.fee_days import note_looked_at
from ocs.accounts.fees import FeesTaken, take_all_fees
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json
from ocs.cli.progress import staged_bar
from ocs.subscribers.view import find_subscriber
from rating.catalogue import Catalogue


@click.command("buy")
@click.argument("identity", metavar="MSISDN|imsi:IMSI")
@click.argument("addon_id", metavar="ADDON")
@click.option("--reference", metavar="R", help="A purchase with the same reference is made once.")
@click.option("--at", metavar="TIME", help="When it was bought, local time of the network; now if not said.")
@common_options
@json_option
def buy_command(identity: str, addon_id: str, reference: str | None, at: str | None, as_json: bool) -> None:
    """Buy ADDON of the price list for a subscriber: the account pays its fee and receives its bundles."""
    chosen = reference if reference is not None else f"cli-{uuid.uuid4()}"
    try:
        done = asyncio.run(_buy(current_settings(), identity, addon_id, chosen, at))
    except PurchaseError as error:
        raise Failure(str(error)) from None
    account = done.account
    if as_json:
        print_json(
            {
                "account": account.account_id,
                "addon": addon_id,
                "reference": chosen,
                "paid_micros": done.paid_micros,
                "repeated": done.repeated,
                "currency": account.currency,
                "balance_micros": account.balance_micros,
            }
        )
        return
    what = "was bought before, nothing changed" if done.repeated else "bought"
    paid = f"for {format_micros(done.paid_micros)} {account.currency}"
    balance = f"{format_micros(account.balance_micros)} {account.currency}"
    click.echo(f"{account.account_id}: {addon_id} {what} {paid}; balance {balance}; reference {chosen}")


@click.command("fees")
@common_options
@json_option
def fees_command(as_json: bool) -> None:
    """Take the fees that are due of all subscribers on prepaid plans, as far as their balances pay.

    A server does so when a day begins, and of a subscriber when a session begins or reports; each fee once.
    """
    done = asyncio.run(_take(current_settings()))
    if as_json:
        amounts = dict(sorted(done.amounts.items()))
        told = {"accounts": done.accounts, "fees": done.fees, "unpaid": done.unpaid, "amounts_micros": amounts}
        print_json(told)
        return
    sums = "".join(f", {format_micros(micros)} {currency}" for currency, micros in sorted(done.amounts.items()))
    waits = f"; bundles of {done.unpaid} subscribers wait for a fee" if done.unpaid else ""
    click.echo(f"{done.accounts} accounts with prepaid fees: {done.fees} fees taken{sums}{waits}")


async def _buy(settings: Settings, identity: str, addon_id: str, reference: str, at: str | None) -> Purchase:
    from config.catalogue_file import load_catalogue  # noqa: PLC0415  (with the checks before the store is opened)

    catalogue = load_catalogue(settings.catalogue_path)
    at_ms = epoch_ms() if at is None else _instant(at, catalogue)
    async with opened_store(settings) as store:
        buyer = await find_subscriber(store, identity)
        if buyer is None:
            raise Failure(f"there is no subscriber {identity}")
        return await buy(store, buyer, addon_id, catalogue, reference, at_ms)


def _instant(text: str, catalogue: Catalogue) -> int:
    """A local time of the network that is not to come."""
    from config import time_zones  # noqa: PLC0415  (as above)
    from config.issues import TextError  # noqa: PLC0415
    from config.tariff_text import parse_moment  # noqa: PLC0415

    try:
        at_ms = time_zones.epoch_ms(catalogue.zone, parse_moment(text))
    except TextError as error:
        hint = f": {error.hint}" if error.hint else ""
        raise click.BadParameter(f"{error}{hint}", param_hint="--at") from None
    if at_ms > epoch_ms():
        raise click.BadParameter(f"{text} is still to come", param_hint="--at")
    return at_ms


async def _take(settings: Settings) -> FeesTaken:
    from config.catalogue_file import load_catalogue  # noqa: PLC0415  (as above)

    catalogue = load_catalogue(settings.catalogue_path)
    async with opened_store(settings) as store:
        now_ms = epoch_ms()
        with staged_bar() as stage:
            done = await take_all_fees(store, catalogue, now_ms, lambda done: stage("accounts", done, None))
        await note_looked_at(store, now_ms)
        return done
