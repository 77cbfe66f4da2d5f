"""``ocs payment record``, ``load``, ``reverse``, ``deliver``, ``show`` and ``ageing``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from balance.opening import epoch_ms
from balance.quantity import AmountError, format_micros, parse_micros
from ocs.accounts.delivery import waiting_restorations
from ocs.cli.counts import ID
from ocs.cli.delivering import deliver_waiting
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_fields, print_json, print_table, warn
from ocs.database import writing
from ocs.payments.ageing import COLUMNS, ageing_report, to_cells, to_csv, to_json, totals
from ocs.payments.days import is_far_back, is_to_come
from ocs.payments.open_items import NEVER, OpenItems
from ocs.payments.payments_file import parse_day, read_payments
from ocs.payments.recording import NewPayment, PaymentError, Recorded, record_payments, reverse_payment
from ocs.payments.restoring import (
    OnlineCharge,
    online_charges,
    payers_with_online_charges,
    post_restorations,
    restored_by,
)
from ocs.payments.view import account_items


class _Day(click.ParamType[str]):
    """A day on the command line, YYYY-MM-DD."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return parse_day(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group("payment")
@common_options
def command() -> None:
    """Record what customers pay, and see what they owe."""


@command.command("record")
@click.option("--account", "account_id", default="", metavar="ID", help="Whose payment it is.")
@click.option("--invoice", default="", metavar="NUMBER", help="The invoice it is for; else the oldest first.")
@click.option("--amount", required=True, help="Decimal text in the account's currency.")
@click.option("--currency", default="", help="Refused where the account has another one.")
@click.option("--date", "day", type=_Day(), required=True, help="The day it came in.")
@click.option("--reference", required=True, help="The bank's or till's; recorded once for an account.")
@common_options
@json_option
def record(
    account_id: str, invoice: str, amount: str, currency: str, day: str, reference: str, *, as_json: bool
) -> None:
    """Record a payment. It pays the invoice it names, then the oldest; what is left is credit for the next."""
    if not account_id and not invoice:
        raise click.UsageError("name an --account, an --invoice or both")
    try:
        micros = parse_micros(amount)
    except AmountError as error:
        raise click.BadParameter(str(error), param_hint="--amount") from None
    payment = NewPayment(account_id, invoice, micros, currency.upper(), day, reference)
    _refuse_to_come(day)
    settings = current_settings()
    try:
        with opened_database(settings) as engine:
            with writing(engine) as connection:
                (recorded,) = record_payments(connection, [payment], epoch_ms())
                items = account_items(connection, recorded.account_id)
            deliver_waiting(settings, engine)
    except PaymentError as error:
        raise Failure(str(error)) from None
    if not recorded.repeated and is_far_back(day, epoch_ms()):
        warn(f"{day} is more than a year ago; `ocs payment reverse {recorded.payment_id}` takes it back")
    if as_json:
        print_json({**asdict(recorded), "balance_micros": items.balance_micros})
        return
    _say(recorded, "was recorded before, nothing changed" if recorded.repeated else "recorded")
    click.echo(f"{recorded.account_id} {_stands(items)}")


@command.command("load")
@click.argument("file", metavar="FILE.csv", type=click.Path(path_type=Path))
@common_options
@json_option
def load(file: Path, as_json: bool) -> None:
    """Record the payments of a CSV file, all or none; those recorded before are left as they are.

    Columns: amount, date, reference, and account or invoice or both; currency where one wants it compared.
    """
    payments = read_payments(file)
    settings = current_settings()
    try:
        with opened_database(settings) as engine:
            with writing(engine) as connection:
                recorded = record_payments(connection, payments, epoch_ms())
            deliver_waiting(settings, engine)
    except PaymentError as error:
        raise Failure(f"{error}; nothing was recorded") from None
    _warn_of_days([payment for payment, one in zip(payments, recorded, strict=True) if not one.repeated])
    repeated = sum(payment.repeated for payment in recorded)
    if as_json:
        print_json([asdict(payment) for payment in recorded])
    else:
        click.echo(f"{len(recorded) - repeated} payments recorded, {repeated} were recorded before")


@command.command("reverse")
@click.argument("payment_id", metavar="PAYMENT", type=ID)
@click.option("--date", "day", type=_Day(), required=True, help="The day it was taken back.")
@click.option("--reason", required=True, help="Why, such as 'direct debit returned'.")
@common_options
@json_option
def reverse(payment_id: int, day: str, reason: str, as_json: bool) -> None:
    """Take a payment back, as where a direct debit bounced: what it paid is owed again."""
    _refuse_to_come(day)
    settings = current_settings()
    try:
        with opened_database(settings) as engine:
            with writing(engine) as connection:
                reversed_payment = reverse_payment(connection, payment_id, day, reason, epoch_ms())
                items = account_items(connection, reversed_payment.account_id)
            deliver_waiting(settings, engine)
    except PaymentError as error:
        raise Failure(str(error)) from None
    if as_json:
        print_json({**asdict(reversed_payment), "balance_micros": items.balance_micros})
        return
    _say(reversed_payment, "was taken back before" if reversed_payment.repeated else f"taken back on {day}")
    click.echo(f"{reversed_payment.account_id} {_stands(items)}")


@command.command("deliver")
@common_options
@json_option
def deliver_command(as_json: bool) -> None:
    """Bring the online credit that payments give back to the store, where it was not there before.

    Every command that records a payment does so, and `ocs serve` now and then; each is taken once. Exit code 1
    where any waits on.
    """
    settings = current_settings()
    with opened_database(settings) as engine:
        with writing(engine) as connection:
            payers = payers_with_online_charges(connection)
            posted = post_restorations(connection, payers, "looked at again", epoch_ms())
        done = deliver_waiting(settings, engine)
        with engine.connect() as connection:
            waiting = waiting_restorations(connection)
    if as_json:
        amounts = dict(sorted(done.amounts.items()))
        print_json({"posted": posted, "delivered": done.delivered, "micros": amounts, "waiting": waiting})
    else:
        sums = "".join(f", {format_micros(m)} {currency}" for currency, m in sorted(done.amounts.items()))
        click.echo(f"{done.delivered} restorations delivered{sums}; {waiting} wait")
    if waiting:
        sys.exit(1)


@command.command("show")
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--as-of", type=_Day(), default=NEVER, metavar="DAY", help="The end of a day.")
@common_options
@json_option
def show(account_id: str, as_of: str, as_json: bool) -> None:
    """Show what an account owes: open invoices, unused credit, and which payment paid what."""
    try:
        with opened_database(current_settings()) as engine, engine.connect() as connection:
            items = account_items(connection, account_id, as_of)
            charges = online_charges(connection, [account_id], as_of)
    except PaymentError as error:
        raise Failure(str(error)) from None
    if as_of != NEVER:
        charges = restored_by(charges, {one.number: one.open_micros for one in items.invoices})
    if as_json:
        online = [one._asdict() for one in charges]
        view = {"account": account_id, **asdict(items), "balance_micros": items.balance_micros}
        print_json({**view, "online": online})
        return
    print_fields(
        [("account", account_id), ("balance", f"{format_micros(items.balance_micros)} {items.currency}")]
    )
    _print_items(items)
    _print_online(charges)


@command.command("ageing")
@click.option("--as-of", type=_Day(), required=True, metavar="DAY", help="The end of a day.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@common_options
@json_option
def ageing(as_of: str, *, as_csv: bool, as_json: bool) -> None:
    """Who owes how much, by days past due: not yet due, 1-30, 31-60, 61-90 and over 90."""
    with opened_database(current_settings()) as engine, engine.connect() as connection:
        rows = ageing_report(connection, as_of)
    if as_json:
        print_json({"as_of": as_of, "accounts": [*map(to_json, rows)], "totals": [*map(to_json, totals(rows))]})
    elif as_csv:
        click.echo(to_csv(rows), nl=False)
    else:
        print_table(COLUMNS, [to_cells(row) for row in (*rows, *totals(rows))])


def _refuse_to_come(day: str) -> None:
    if is_to_come(day, epoch_ms()):
        raise Failure(f"{day} is in the future: record it when it has come")


def _warn_of_days(payments: list[NewPayment]) -> None:
    """A bank's file may name days to come, or old ones; what a day of another year does is seen late."""
    now_ms = epoch_ms()
    for found, what in ((is_to_come, "in the future"), (is_far_back, "more than a year ago")):
        places = [payment.place for payment in payments if found(payment.day, now_ms)]
        if places:
            warn(f"days {what}: {len(places)}, the first at {places[0]}")


def _say(payment: Recorded, what: str) -> None:
    amount = f"{format_micros(payment.amount_micros)} {payment.currency}"
    click.echo(f"payment {payment.payment_id}: {amount} of {payment.day} {what}; reference {payment.reference}")


def _stands(items: OpenItems) -> str:
    balance = items.balance_micros
    if balance > 0:
        return f"owes {format_micros(balance)} {items.currency}"
    return f"has {format_micros(-balance)} {items.currency} of credit" if balance else "owes nothing"


def _print_items(items: OpenItems) -> None:
    if items.invoices:
        click.echo("\nOpen invoices")
        print_table(
            ("invoice", "date", "due", "total", "open"),
            [
                (
                    one.number,
                    one.day,
                    one.due_day,
                    format_micros(one.amount_micros),
                    format_micros(one.open_micros),
                )
                for one in items.invoices
            ],
        )
    if items.credits:
        click.echo("\nUnused credit")
        rows = [(one.number, one.kind, one.day, format_micros(one.open_micros)) for one in items.credits]
        print_table(("from", "kind", "date", "open"), rows)
    if items.allocations:
        click.echo("\nWhat paid what")
        paid = [
            (one.day, one.source, one.invoice, format_micros(one.amount_micros)) for one in items.allocations
        ]
        print_table(("date", "from", "invoice", "amount"), paid)


def _print_online(charges: list[OnlineCharge]) -> None:
    if charges:
        click.echo("\nCharged online, and what of it is given back")
        rows = [
            (
                one.invoice_number,
                one.account_id,
                one.currency,
                format_micros(one.online_micros),
                format_micros(one.posted_micros),
            )
            for one in charges
        ]
        print_table(("invoice", "account", "currency", "charged", "back"), rows)
