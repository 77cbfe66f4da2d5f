"""An invoice again, from its frozen input: it is the same to the octet, or what is not is named.

The lake up to the run's cut, the customers, the price list and the tax rates as they are now, and the bills
before the run make it anew. What was open before is taken from the invoice itself: payments may have been
recorded since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date

from sqlalchemy import Engine, select

from config.bill_discounts_file import BillDiscounts
from config.tax_file import TaxTable
from ocs.billing.accounts import BillingError, Customers, LastBilled, load_customers, load_cycle
from ocs.billing.comparing import Rebuilt, differences
from ocs.billing.drafting import BillDrafter, BillingInput, PayerInput, window_of
from ocs.billing.frozen import freeze
from ocs.billing.history import load_history
from ocs.billing.invoice import FrozenInput, Invoice, canonical_json, parse_invoice
from ocs.billing.rebuilding_credit import rebuild_credit_note
from ocs.billing.tables import BILLING_RUN, INVOICE
from ocs.billing.terms import CatalogueTerms
from ocs.billing.usage import BillableUsage
from ocs.cdr.lake import Lake


class Rebuilder:
    """Makes invoices again by the price list, tax rates and discounts of now."""

    def __init__(
        self, engine: Engine, lake: Lake, terms: CatalogueTerms, taxes: TaxTable, discounts: BillDiscounts
    ) -> None:
        self._engine = engine
        self._lake = lake
        self._terms = terms
        self._taxes = taxes
        self._discounts = discounts

    def rebuild(self, number: str) -> Rebuilt:
        """Make an invoice or a credit note again and compare.

        BillingError where there is none, or it can not be made at all.
        """
        with self._engine.connect() as connection:
            query = select(INVOICE.c.content, INVOICE.c.run_id).where(INVOICE.c.number == number)
            row = connection.execute(query).one_or_none()
            if row is None:
                note = rebuild_credit_note(connection, number)
                if note is None:
                    raise BillingError(f"there is no invoice {number}, and no credit note")
                return note
            run = connection.execute(select(BILLING_RUN).where(BILLING_RUN.c.run_id == row.run_id)).one()
            cycle = load_cycle(connection, run.cycle_id)
            to_day = date.fromisoformat(run.to_day)
            customers = load_customers(connection, cycle, to_day, run.run_id)
            issued = parse_invoice(row.content)
            ids = [account.account_id for account in customers.payers.get(issued.account_id, ())]
            history = load_history(connection, ids, to_day, run.run_id)
        if not ids:
            raise BillingError(f"{number}: account {issued.account_id} is not billed in cycle {cycle.cycle_id}")
        given = BillingInput(
            cycle, to_day, run.as_of_day, issued.frozen, self._terms, self._taxes, self._discounts
        )
        head = next(one for one in customers.payers[issued.account_id] if one.account_id == issued.account_id)
        own = PayerInput(
            customers.payers[issued.account_id], customers.parties[head.party_id], customers.last, history,
            issued.brought_forward_micros,
        )  # fmt: skip
        again = self._draft(given, own, issued.number)
        digest = hashlib.sha256(row.content.encode()).hexdigest()
        inputs = tuple(self._changed(issued.frozen, run.lake_cut, customers))
        same = again is not None and canonical_json(again) == row.content.encode()
        return Rebuilt(number, digest, inputs, () if same else tuple(differences(issued, again)))

    def _draft(self, given: BillingInput, own: PayerInput, number: str) -> Invoice | None:
        windows = [
            window_of(one, own.last.get(one.account_id, LastBilled()), given).window for one in own.members
        ]
        draft = BillDrafter(given, own).draft(BillableUsage(self._lake, windows).sums())
        return None if draft.invoice is None else replace(draft.invoice, number=number)

    def _changed(self, frozen: FrozenInput, lake_cut: int, customers: Customers) -> Iterator[str]:
        """The inputs whose hash is not the one that the invoice names."""
        files = self._lake.files(lake_cut)
        now = freeze(lake_cut, files, self._terms.version, self._taxes, self._discounts, customers.version)
        for one in fields(FrozenInput):
            if getattr(now, one.name) != getattr(frozen, one.name):
                yield one.name
