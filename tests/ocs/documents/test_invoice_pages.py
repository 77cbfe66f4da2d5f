"""What is printed is what the invoice says, in each language: totals, lines, every usage, read out of PDFs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocs.billing.document.chart import daily_usage, draw
from ocs.billing.document.invoice_renderer import InvoiceRenderer
from ocs.billing.invoice import FROM_BALANCE, Invoice, InvoiceParty, TaxLine
from ocs.documents.branding import load_branding
from tests.ocs.documents.invoices import credit_note, invoice, line, usage_line, with_usage
from tests.ocs.documents.pdf_text import pages_of, text_of


@pytest.fixture(scope="module")
def renderer() -> Iterator[InvoiceRenderer]:
    """One renderer for all pages."""
    with InvoiceRenderer(load_branding()) as opened:
        yield opened


def text(renderer: InvoiceRenderer, made: Invoice, folder: Path) -> str:
    """The text of an invoice's PDF."""
    return text_of(renderer.render(made), folder)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["Invoice 2026-000042", "£20.81", "Amount due £20.81", "16 December 2026", "17.49", "3.32", "19%"],
        ),
        ("de", ["Rechnung 2026-000042", "Zahlbetrag 20,81 €", "16. Dezember 2026", "17,49", "Normalsatz 19 %"]),
        (
            "el",
            ["Τιμολόγιο 2026-000042", "Πληρωτέο ποσό 20,81 €", "16 Δεκεμβρίου 2026", "Γιώργος Παπαδόπουλος"],
        ),
        ("ja", ["請求書 2026-000042", "2,081", "2026 年 12 月 16 日", "山田 太郎", "標準税率"]),
        ("ar", ["2026-000042", "20.813", "17.490", "3.323"]),
    ],
)
def test_totals_stand_in_the_languages_own_form(
    renderer: InvoiceRenderer, language: str, words: list[str], tmp_path: Path
) -> None:
    """Currency digits are those of the currency: none for JPY, three for KWD."""
    found = text(renderer, invoice(language), tmp_path)

    assert [word for word in words if word not in found] == []


def test_lines_are_exact_and_the_rounding_is_shown(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Amounts below the smallest coin are written in full; net, tax and rounding add up to the total."""
    made = invoice("en", line(1, micros=10_000_000), usage_line(2, 4_567_891))
    found = text(renderer, made, tmp_path)

    assert made.rounding_micros == 2_109
    for word in ("10.000000", "4.567891", "14.567891", "0.002109", "£17.34", "1:01:01", "Calls, outgoing"):
        assert word in found


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_customers_tax_number_is_there(renderer: InvoiceRenderer, language: str, tmp_path: Path) -> None:
    """An invoice with reverse charge is none without it; lines keep their own direction from right to left."""
    party = InvoiceParty("Muster AG", ("Ring 1", "1010 Wien"), "AT", "", "ATU12345678")
    found = text(renderer, invoice(language, party=party), tmp_path)

    assert "ATU12345678" in found
    assert "1010 Wien" in found


def test_a_connection_fee_is_called_so_and_lasts_no_time(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Its one unit is no second of the call: neither in its row nor in the sum."""
    made = with_usage(invoice("de", usage_line(1, 2)), 2)
    call, fee = made.usage
    fee = replace(fee, rule="r#connection", units=1, band="", destination="austria")
    found = text(renderer, replace(made, usage=(call, fee)), tmp_path)

    assert "austria · Verbindungsentgelt" in found
    assert "0:00:01" not in found
    assert "0:01:02" not in found


def test_money_of_a_bonus_is_called_so(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """In the language of the invoice, with the bonus's name."""
    made = with_usage(invoice("de", usage_line(1, 1)), 1)
    given = replace(made.usage[0], rule="r#bonus-frequent", units=1, band="", destination="austria")
    found = text(renderer, replace(made, usage=(given,)), tmp_path)

    assert "austria · Bonus frequent" in found


def test_a_balance_brought_forward_is_added(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """What was owed before is part of what is to be paid now."""
    found = text(renderer, invoice(brought=12_340_000), tmp_path)

    assert "Balance brought forward 12.34" in found
    assert "Amount due £33.15" in found
    assert "Please pay £33.15 by 16 December 2026" in found
    assert "GB33 BUKB 2020 1555 5555 55" in found


def test_nothing_is_asked_for_where_nothing_is_due(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Zero and credit: no payment details, the credit as a positive amount in the customer's favour."""
    zero = text(renderer, invoice("en", line(1, micros=0)), tmp_path)
    credit = text(renderer, invoice(brought=-50_000_000), tmp_path)
    negative = text(renderer, invoice("en", line(1, micros=-10_000_000)), tmp_path)

    assert "Nothing is to be paid." in zero
    assert "Credit in your favour £29.19" in credit
    assert "Credit brought forward \N{MINUS SIGN}50.00" in credit
    assert "Total of this invoice \N{MINUS SIGN}£11.90" in negative
    assert "Credit in your favour £11.90" in negative
    for found in (zero, credit, negative):
        assert "Please pay" not in found
        assert "GB33" not in found


def test_payment_goes_to_the_account_of_the_currency(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Dinars are paid in Kuwait, everything else in London."""
    assert "KW81 CBKU 0000 0000 0000 1234 5601 01" in text(renderer, invoice("ar"), tmp_path)
    assert "GB33 BUKB" in text(renderer, invoice("ja"), tmp_path)


def test_a_credit_note_says_what_it_corrects(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Its number, the invoice, the reason; and it asks for no money."""
    found = text(renderer, credit_note(), tmp_path)

    for word in (
        "Gutschrift C-2026-000007",
        "Korrigiert Rechnung 2026-000042",
        "Kulanz",
        "Gutschrift auf die ganze Rechnung",
        "Summe der Gutschrift 5,95 €",
    ):
        assert word in found
    assert "Bitte zahlen" not in found


def test_a_dry_run_is_a_draft(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Without a number nobody can take it for an invoice."""
    assert "Draft" in text(renderer, invoice(number=""), tmp_path)


def test_the_reason_for_no_tax_is_printed(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Reverse charge is a sentence that the law asks for."""
    made = invoice("de", taxes=(TaxLine("DE", "standard", 0, "reverse_charge", 17_490_000, 0),))

    assert "Steuerschuldnerschaft des Leistungsempfängers" in text(renderer, made, tmp_path)


def test_the_frozen_input_is_on_the_document(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Records, catalogue and tax table: who wants to, can make the invoice again."""
    found = text(renderer, invoice(), tmp_path)

    assert all(word in found for word in ("online-p0 1–1234", "c0ffee", "7a7a", "42 (ab12cd34)"))  # noqa: RUF001


def test_two_thousand_usages_are_all_there(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """Each line of the itemised pages is whole: time, number, length and amount stand in one row."""
    made = with_usage(invoice("en", usage_line(1, 0)), 2000)
    pages = pages_of(renderer.render(made), tmp_path)
    rows = [row for page in pages for row in page.splitlines()]

    assert 20 < len(pages) < 60
    for index, page in enumerate(pages[1:], 2):
        assert f"Page {index} of {len(pages)}" in page
        assert "Invoice 2026-000042 · Ada Example" in page
    for index in (0, 1, 7, 8, 999, 1999):
        (row,) = [row for row in rows if f"+4930{index:08d}" in row]
        minutes = 8 * 60 + 6 * index
        clock = f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:00"
        assert clock in row
        assert f"{1_000 * index / 1_000_000:,.3f}" in row
    assert sum("+4930" in row for row in rows) == 2000
    assert "1,999.000" in "".join(pages)


def test_rows_that_are_too_wide_take_two_lines(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """A long destination breaks; its amount stays in its row, and its neighbours stay whole."""
    long = "United Kingdom of Great Britain and Northern Ireland, mobile networks"
    made = with_usage(invoice(), 3)
    items = (made.usage[0], replace(made.usage[1], destination=long), made.usage[2])
    rows = text(renderer, replace(made, usage=items), tmp_path).splitlines()
    (row,) = [row for row in rows if "+493000000001" in row]

    assert "United Kingdom of Great Britain" in row
    assert row.endswith("0.001")
    assert any("Northern Ireland" in row for row in rows)


def test_many_lines_follow_on_pages_of_their_own(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """The cover has sums by kind, later pages each number with its sum; a thousand lines are no trouble."""
    lines = [line(index, msisdn=f"4477009{index:05d}") for index in range(1, 1001)]
    pages = pages_of(renderer.render(invoice("en", *lines)), tmp_path)

    assert "Recurring fees 19,990.00" in pages[0]
    assert "Every charge is on the following pages." in pages[0]
    assert "+447700900001" not in pages[0]
    found = "".join(pages)
    assert all(f"+4477009{index:05d}" in found for index in (1, 500, 1000))


def test_long_names_break_and_are_whole(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """A name of three lines pushes nothing off the page; the running head shortens it."""
    name = "Wilhelmine Charlotte Sophie von Hohenlohe-Waldenburg-Schillingsfürst Holding GmbH & Co. KG"
    made = with_usage(invoice(party=InvoiceParty(name, ("1 Street",), "GB", "")), 3)
    found = text(renderer, made, tmp_path)

    assert all(word in found for word in name.replace("-", " ").split())
    assert "\N{HORIZONTAL ELLIPSIS}" in found


def test_prepaid_usage_is_listed_apart(renderer: InvoiceRenderer, tmp_path: Path) -> None:
    """What a balance paid is said to be so, and in no chart."""
    made = with_usage(invoice(), 4, paid=FROM_BALANCE)

    assert "paid from the balance when it was used" in text(renderer, made, tmp_path)
    assert daily_usage(made) is None


def test_the_chart_has_the_sum_of_each_day() -> None:
    """Days of the period only, money first, else units; bars as high as their share."""
    made = with_usage(invoice(currency="EUR"), 400)
    usage = daily_usage(made)

    assert usage is not None
    assert usage.measure == "amount"
    assert len(usage.days) == 30
    assert sum(usage.days) == sum(item.amount_micros for item in made.usage)
    picture = draw(usage, "#112233", "#445566")
    assert picture.count("M") == sum(day > 0 for day in usage.days)
    free = daily_usage(replace(made, usage=tuple(replace(item, amount_micros=0) for item in made.usage)))
    assert free is not None
    assert free.measure == "seconds"
    assert daily_usage(invoice()) is None


@pytest.mark.parametrize("language", ["en", "de", "el", "ja", "ar"])
def test_every_language_prints_without_an_english_word(
    renderer: InvoiceRenderer, language: str, tmp_path: Path
) -> None:
    """No label is left untranslated but those that are the operator's own."""
    found = text(renderer, with_usage(invoice(language, usage_line(1, 5_000_000)), 5), tmp_path)
    labels = (
        "Description",
        "Quantity",
        "Amount",
        "Itemised usage",
        "Billing period",
        "Page 1",
        "outgoing",
    )

    assert [label for label in labels if (label in found) is (language != "en")] == []
