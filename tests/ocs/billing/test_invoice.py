"""The one JSON form of an invoice."""

import msgspec
import pytest

from ocs.billing.invoice import canonical_json, parse_invoice
from tests.ocs.billing.invoices import sample_invoice


def test_what_is_written_is_read_back() -> None:
    """An invoice survives its JSON form, and the same invoice gives the same octets."""
    invoice = sample_invoice()
    octets = canonical_json(invoice)

    assert parse_invoice(octets) == invoice
    assert canonical_json(parse_invoice(octets)) == octets


def test_amounts_are_whole_numbers() -> None:
    """An amount with decimals is refused: money never passes through a float."""
    octets = canonical_json(sample_invoice()).replace(
        b'"net_micros":10170000,"tax', b'"net_micros":10170000.5,"tax'
    )

    with pytest.raises(msgspec.ValidationError):
        parse_invoice(octets)
