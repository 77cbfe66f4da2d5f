"""``ocs customer load``, ``show``, ``list``, ``close`` and ``end``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from balance.opening import epoch_ms
from balance.store import StoreError
from config.issues import TextError
from ocs.cli.billed import warn_of_other_accounts
from ocs.cli.counts import SOME
from ocs.cli.days import Day
from ocs.cli.failure import Failure
from ocs.cli.opened import has_store, opened_database, opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_fields, print_json, print_table, warn
from ocs.cli.progress import staged_bar
from ocs.customers.closing import Closing, ClosingError, close_account, end_subscription
from ocs.customers.view import account_rows, customer_view
from ocs.database import writing
from ocs.subscribers.ending import end_online

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from config.settings_schema import Settings
    from ocs.customers.loading.load import LoadSummary


@click.group("customer")
@common_options
def command() -> None:
    """Load customers from files and look at them: parties, billing accounts, subscriptions."""


@command.command("load")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@common_options
@json_option
def load(files: tuple[Path, ...], as_json: bool) -> None:
    """Load customers from FILE.csv and FILE.yaml, all or nothing.

    All files are checked, with each other and with what is in the database, before anything is written. Loading
    them again changes nothing. A subscription that has another plan from a date on keeps its former until then.
    """
    from config.catalogue_file import load_catalogue  # noqa: PLC0415  (half a second that looking needs not)
    from ocs.billing.billed import SqlBills  # noqa: PLC0415
    from ocs.customers.loading.load import load_customers  # noqa: PLC0415

    settings = current_settings()
    offers = load_catalogue(settings.catalogue_path)
    octets = sum(file.stat().st_size for file in files if file.is_file())
    with opened_database(settings) as engine, staged_bar() as bar:
        summary = load_customers(
            engine,
            files,
            offers,
            SqlBills(),
            lambda what, done: bar(what, done, octets if what == "reading" else None),
        )
        warn_of_other_accounts(settings, engine, offers.plans)
    if as_json:
        print_json(asdict(summary))
        return
    for kind, count in summary.counts():
        total = count.created + count.changed + count.unchanged
        click.echo(
            f"{total} {kind}: {count.created} created, {count.changed} changed, {count.unchanged} unchanged"
        )
    _print_kept(summary)


def _print_kept(summary: LoadSummary) -> None:
    """What a load did beside what the files say, or did not do of it."""
    for sentence in summary.changed_cycles:
        click.echo(sentence)
    kept = summary.kept
    for what, count in (
        ("accounts that stay closed", kept.accounts),
        ("subscriptions that stay ended", kept.subscriptions),
    ):
        if count:
            click.echo(f"{what}: {count}; 'open' in the file takes that back")
    if kept.rows_left_out:
        where = f"{kept.rows_left_out}, the first at {kept.first_left_out}"
        click.echo(f"rows that are left out, because they begin after that: {where}")


@command.command("show")
@click.argument("identity", metavar="ID|MSISDN")
@common_options
@json_option
def show(identity: str, as_json: bool) -> None:
    """Show a customer, by the id of a party, account or subscription, or by an MSISDN."""
    with opened_database(current_settings()) as engine:
        view = customer_view(engine, identity)
    if view is None:
        raise Failure(f"there is no customer {identity}")
    if as_json:
        print_json(view)
        return
    _print_party(view)
    for account in view["accounts"]:
        click.echo("")
        _print_account(account)


@command.command("list")
@click.option("--cycle", metavar="ID", help="Only the accounts of this billing cycle.")
@click.option("--most", type=SOME, default=1000, show_default=True, help="At most so many.")
@common_options
@json_option
def list_accounts(cycle: str | None, most: int, as_json: bool) -> None:
    """List billing accounts."""
    with opened_database(current_settings()) as engine:
        rows = list(account_rows(engine, cycle, most))
    if as_json:
        print_json(rows)
        return
    header = ("account", "party", "parent", "payer", "cycle", "currency", "taxes", "language", "subscriptions")
    print_table(header, [["" if value is None else value for value in row.values()] for row in rows])


@command.command("close")
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--on", "day", type=Day(), required=True, help="The first day it is not open any more.")
@common_options
@json_option
def close(account_id: str, day: str, as_json: bool) -> None:
    """Close a billing account: its subscriptions end when that day begins, its numbers are not served any more.

    The bill of the period has what is due until then, prorated, and is the last one.
    """
    _close(lambda connection: close_account(connection, account_id, day), f"account {account_id}", as_json)


@command.command("end")
@click.argument("subscription_id", metavar="SUBSCRIPTION")
@click.option("--on", "day", type=Day(), required=True, help="The first day it is not held any more.")
@common_options
@json_option
def end(subscription_id: str, day: str, as_json: bool) -> None:
    """End a subscription when a day begins; its number is not served any more. The account stays open."""
    what = f"subscription {subscription_id}"
    _close(lambda connection: end_subscription(connection, subscription_id, day), what, as_json)


def _close(work: Callable[[Connection], Closing], what: str, as_json: bool) -> None:
    settings = current_settings()
    with opened_database(settings) as engine:
        try:
            with writing(engine) as connection:
                done = work(connection)
        except (ClosingError, TextError) as error:
            raise Failure(str(error)) from None
        now_ms = epoch_ms()
        barred = _end_online(settings, engine, now_ms) if done.at_ms <= now_ms else []
    if as_json:
        print_json({**asdict(done), "barred": barred})
        return
    numbers = ", ".join(done.numbers) or "nothing that had not ended"
    click.echo(f"{what} ends with the beginning of {done.day}: {numbers}")
    if done.at_ms > now_ms and done.numbers:
        click.echo("`ocs serve` bars the numbers when that moment has come")
    for number in barred:
        click.echo(f"{number} is barred: it is served until the end of its open session")


def _end_online(settings: Settings, engine: Engine, now_ms: int) -> list[str]:
    """Bar the numbers whose end has come, where there is a store; else it waits for ``ocs serve``."""
    if not has_store(settings):
        return []

    async def ending() -> list[str]:
        async with opened_store(settings) as store:
            return await end_online(engine, store, now_ms)

    try:
        return asyncio.run(ending())
    except StoreError as error:
        warn(f"the numbers are not barred yet, the store is not there ({error}); `ocs serve` does it")
        return []


def _print_party(view: dict[str, Any]) -> None:
    address = ", ".join([*view["address"], view["country"]])
    rows = [("party", view["party_id"]), ("name", view["name"]), ("kind", view["kind"]), ("address", address)]
    rows += [(name, view[name]) for name in ("language", "email", "tax_number") if view[name]]
    print_fields(rows)


def _print_account(account: dict[str, Any]) -> None:
    parent = account["parent_account_id"]
    cycle = account["cycle"]
    rows = [("account", account["account_id"])]
    if parent is not None:
        rows.append(("parent", f"{parent}, who {'pays' if account['payer'] == 'parent' else 'does not pay'}"))
    until = f" until {account['closed_day']}" if account["closed_day"] else ""
    when = f"on day {cycle['day_of_month']} ({cycle['cycle_id']}, {cycle['time_zone']})"
    rows.append(("billed", f"in {account['currency']}, {when}, due after {account['payment_terms_days']} days"))
    rows.append(("taxes", f"{account['tax_jurisdiction']}, {account['tax_status']}"))
    rows.append(("language", account["language"]))
    rows.append(("open", f"from {account['opened_day']}{until}"))
    print_fields(rows)
    if account["subscriptions"]:
        columns = ("subscription_id", "msisdn", "imsi", "plan_id", "subscriber_group", "from", "until")
        header = ("subscription", "msisdn", "imsi", "plan", "group", "from", "until")
        print_table(header, [[row[name] or "" for name in columns] for row in account["subscriptions"]])
    more = account["subscription_rows"] - len(account["subscriptions"])
    if more:
        click.echo(f"... and {more} more rows of subscriptions")
    for addon in account["addons"]:
        until = f" until {addon['until']}" if addon["until"] else ""
        click.echo(f"add-on {addon['addon_id']} of {addon['subscription_id']} from {addon['from']}{until}")
