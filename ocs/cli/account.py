"""``ocs account show``, ``ocs account top-up`` and ``ocs account refer``; the others of ``ocs account``."""

import asyncio
import uuid
from typing import Any

import click

from balance.opening import epoch_ms
from balance.quantity import AmountError, format_micros, parse_micros
from balance.store import StateStore
from balance.subscriber import Subscriber
from config.settings_schema import Settings
from ocs.accounts.referral import Referral, refer
from ocs.accounts.top_up import TopUp, top_up
from ocs.accounts.view import JsonObject, account_view
from ocs.cli.account_fees import buy_command, fees_command
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_fields, print_json, print_table
from ocs.subscribers.view import find_subscriber
from rating.catalogue import Catalogue


@click.group("account")
@common_options
def command() -> None:
    """Look at accounts, top them up, buy add-ons, take fees and reward referrals."""


command.add_command(buy_command)
command.add_command(fees_command)


@command.command("show")
@click.argument("account_id", metavar="ID")
@common_options
@json_option
def show(account_id: str, as_json: bool) -> None:
    """Show an account: balance, reservations, buckets, fees and open sessions."""
    view = asyncio.run(_view(current_settings(), account_id))
    if view is None:
        raise Failure(f"there is no account {account_id}")
    if as_json:
        print_json(view)
    else:
        _print_account(view)


@command.command("top-up")
@click.argument("account_id", metavar="ID")
@click.argument("amount")
@click.option("--reference", metavar="R", help="A top-up with the same reference is given once.")
@click.option(
    "--subscriber",
    metavar="ID",
    default="",
    help="Who tops up: MSISDN or imsi:IMSI. Not needed where the account is the subscriber's own.",
)
@click.option("--no-bonus", is_flag=True, help="Give no bonus, and read no price list.")
@common_options
@json_option
def top_up_command(
    account_id: str, amount: str, reference: str | None, subscriber: str, no_bonus: bool, as_json: bool
) -> None:
    """Credit AMOUNT (decimal text in the account's currency) to an account, with the bonuses of the plan."""
    try:
        micros = parse_micros(amount)
    except AmountError as error:
        raise click.BadParameter(str(error), param_hint="AMOUNT") from None
    chosen = reference if reference is not None else f"cli-{uuid.uuid4()}"
    done = asyncio.run(_top_up(current_settings(), account_id, micros, chosen, subscriber, no_bonus=no_bonus))
    account = done.account
    if as_json:
        print_json(
            {
                "account": account_id,
                "reference": chosen,
                "credited_now_micros": 0 if done.repeated else micros,
                "repeated": done.repeated,
                "currency": account.currency,
                "credited_micros": account.credited_micros,
                "balance_micros": account.balance_micros,
                "bonuses": list(done.bonuses),
            }
        )
        return
    what = "was credited before, nothing changed" if done.repeated else f"{format_micros(micros)} credited"
    balance = f"{format_micros(account.balance_micros)} {account.currency}"
    given = f"; bonus {', '.join(done.bonuses)}" if done.bonuses else ""
    click.echo(f"{account_id}: {what}{given}; balance {balance}; reference {chosen}")


@command.command("refer")
@click.argument("referrer", metavar="REFERRER")
@click.argument("referred", metavar="REFERRED")
@common_options
@json_option
def refer_command(referrer: str, referred: str, as_json: bool) -> None:
    """REFERRER brought REFERRED (each MSISDN or imsi:IMSI): both receive what their plans give, once."""
    done = asyncio.run(_refer(current_settings(), referrer, referred))
    if as_json:
        print_json(
            {
                "referrer": referrer,
                "referred": referred,
                "repeated": done.repeated,
                "bonuses": list(done.bonuses),
            }
        )
        return
    what = "was given before, nothing changed" if done.repeated else "given"
    click.echo(f"{referrer} brought {referred}: bonus {', '.join(done.bonuses)} {what}")


async def _view(settings: Settings, account_id: str) -> JsonObject | None:
    async with opened_store(settings) as store:
        return await account_view(store, account_id)


async def _top_up(
    settings: Settings, account_id: str, micros: int, reference: str, identity: str, *, no_bonus: bool
) -> TopUp:
    catalogue = None if no_bonus else _catalogue(settings)
    async with opened_store(settings) as store:
        who = (await _found(store, identity)).subscriber_id() if identity else b""
        now_ms = epoch_ms()
        return await top_up(
            store, account_id, micros, reference, now_ms, catalogue=catalogue, subscriber_id=who
        )


async def _refer(settings: Settings, referrer: str, referred: str) -> Referral:
    catalogue = _catalogue(settings)
    async with opened_store(settings) as store:
        both = [await _found(store, identity) for identity in (referrer, referred)]
        return await refer(store, both[0], both[1], catalogue, epoch_ms())


def _catalogue(settings: Settings) -> Catalogue:
    from config.catalogue_file import load_catalogue  # noqa: PLC0415  (not for those who only look)

    return load_catalogue(settings.catalogue_path)


async def _found(store: StateStore, identity: str) -> Subscriber:
    subscriber = await find_subscriber(store, identity)
    if subscriber is None:
        raise Failure(f"there is no subscriber {identity}")
    return subscriber


def _credit(view: dict[str, Any]) -> list[tuple[str, str]]:
    """What an account that is billed has of credit, and what payments gave back of it: part of ``credited``."""
    names = (("credit limit", "credit_limit_micros"), ("given back", "restored_micros"))
    return [(title, f"{format_micros(view[name])} {view['currency']}") for title, name in names if view[name]]


def _print_account(view: dict[str, Any]) -> None:
    currency = view["currency"]
    print_fields(
        [
            ("account", view["account"]),
            ("balance", f"{view['balance']} {currency}"),
            ("reserved", f"{view['reserved']} {currency}"),
            ("available", f"{view['available']} {currency}"),
            ("credited", f"{format_micros(view['credited_micros'])} {currency}"),
            ("debited", f"{format_micros(view['debited_micros'])} {currency}"),
            *_credit(view),
        ]
    )
    if view["buckets"]:
        click.echo("\nBuckets")
        names = ("bucket", "remaining", "reserved", "initial", "unit_kind", "expires_at")
        print_table(
            names,
            ([_bucket_cell(bucket, name, currency) for name in names] for bucket in view["buckets"]),
        )
    if view["fees"]:
        click.echo("\nFees")
        facts = ("fee", "subscriber", "unpaid_from", "due_at")
        print_table(facts, ([fee[name] or "-" for name in facts] for fee in view["fees"]))
    click.echo(f"\nOpen sessions: {len(view['sessions'])}")
    if view["sessions"]:
        columns = ("session_id", "opened_at", "last_request_at", "reserved_micros", "amount_micros")
        print_table(columns, ([session[name] for name in columns] for session in view["sessions"]))


def _bucket_cell(bucket: dict[str, Any], name: str, currency: str) -> object:
    """What a bucket's row shows: of credit amounts, not micros."""
    value = bucket[name]
    if value is None:
        return "-"
    if bucket["unit_kind"] == "micros" and name not in {"bucket", "expires_at"}:
        return currency if name == "unit_kind" else format_micros(value)
    return value
