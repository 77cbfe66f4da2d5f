"""Whatever decides about charges and is changed in a price list is told, with what it was and what it is."""

from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue
from ocs.tariffs.differences import differences_of

LIST = """\
services: [voice, data, sms]
time_zone: Europe/Berlin
numbering: { country: 49, national_prefix: "0", international_prefix: "00" }
holidays: { free: [2026-12-25] }
calendars:
  week: { bands: { peak: { days: mon-fri, hours: 08:00-20:00 }, rest: otherwise } }
  nights: { bands: { night: { hours: 22:00-06:00 }, day: { hours: 06:00-22:00 } } }
  feasts: { bands: { feast: { days: [free] }, usual: otherwise } }
destinations:
  prefixes: { home: ["49"], france: ["33"], spain: ["34"] }
  groups: { eu: [france, spain] }
exchange_rates:
  - { from: USD, to: EUR, rate: "0.9" }
  - { from: USD, to: EUR, rate: "0.8", valid_from: 2030-01-01 }
rate_decks: { world: { file: world.csv, currency: USD } }
plans:
  p:
    - name: Old
      valid_from: 2020-01-01
      currency: EUR
      payment: postpaid
      fees: { start: { amount: 1.00 EUR, once: activation } }
      voice: [{ price: 0.20 EUR per 60 s }]
    - name: New
      valid_from: 2026-06-01
      currency: EUR
      counters: { calls: { measure: usages, period: month, for: { service: voice } } }
      caps: { data: { amount: 5.00 EUR, per: day, for: { service: data } } }
      discounts:
        less: { percent: 10 %, for: { service: sms } }
        feast: { percent: 50 %, calendar: feasts, bands: [feast], for: { service: data } }
      bundles: { night: { units: 1 GB, calendar: nights, bands: [night], for: { service: data } } }
      voice:
        - direction: outgoing
          tiers_of: calls
          tiers: [{ up_to: 9 calls, price: free }, { price: 1 EUR per 60 s }]
        - { direction: incoming, price: free, valid_until: 2030-01-01, name: called }
        - { direction: incoming, price: 0.01 EUR per 60 s, valid_from: 2030-01-01, name: calls }
        - { destination: eu, calendar: week, price: { peak: 0.10 EUR per 60 s, rest: 0.05 EUR per 60 s } }
        - { deck: world }
      sms: [{ price: 0.05 EUR per message }]
      data:
        - rating_group: any
          calendar: week
          price: { peak: 2 EUR per 1 GB, rest: 1 EUR per 1 GB }
          switch: at end
addons:
  pack: { name: Pack, currency: EUR, fee: 5.00 EUR, valid_for: 30 d, bundles: { data: { units: 1 GB } } }
"""
DECK = """\
prefix,destination,price,increment,valid_from,valid_until
1,Far,0.02,60/1,,
44,UK,0.03,,,2026-07-01
44,UK,0.04,,2026-07-01,
"""
CHANGES = [
    ("time_zone: Europe/Berlin", "time_zone: Europe/Lisbon", "+ time zone Europe/Lisbon"),
    ("country: 49", "country: 43", "+ numbers: country 43, national prefix 0, international 00"),
    ("[2026-12-25]", "[2026-12-25, 2026-12-26]", "+ calendar feasts, holidays of 2026: 12-25, 12-26"),
    ("08:00-20:00", "07:00-20:00", "mon tue wed thu fri: 00:00 rest, 07:00 peak, 20:00 rest"),
    (
        "22:00-06:00 }, day: { hours: 06:00-22:00",
        "22:00-05:00 }, day: { hours: 05:00-22:00",
        "05:00 day, 22:00 n",
    ),
    ("eu: [france, spain]", "eu: [france, spain, home]", "+ group eu of destinations: france, home, spain"),
    ('spain: ["34"]', 'spain: ["34", "350"]', "+ 350 spain"),
    ('rate: "0.8"', 'rate: "0.7"', "+ 1 USD is 0.7 EUR from 2030-01-01"),
    ("0.20 EUR per 60 s }", "0.20 EUR per 60 s, tax: other }", "rounded up; tax other"),
    ("price: 0.20 EUR", "price: 0.30 EUR", "subscribers of p (Old) from 2020-01-01:"),
    ("valid_from: 2026-06-01", "valid_from: 2026-09-01", "subscribers of p (Old) from 2026-06-01:"),
    ("service: voice } }", "service: [voice, sms] } }", "+ counter calls (usages, month) counts "),
    ("for: { service: sms }", "for: { service: [sms, voice] }", "+ discount less is for"),
    ("bands: [feast]", "bands: [usual]", "in band usual"),
    ("bands: [night]", "bands: [day]", "in band day"),
    ("valid_until: 2030-01-01", "valid_until: 2029-01-01", "direction incoming until 2029-01-01"),
    ("          switch: at end\n", "", "over a switch: at end ->"),
    ("once: activation }", "once: activation, tax: other }", "+ fee start: 1.00 EUR at activation, tax other"),
    ("fee: 5.00 EUR", "fee: 6.00 EUR", "+ add-on pack fee"),
    ("units: 1 GB } } }", "units: 2 GB } } }", "+ add-on pack bundle data: 2 GB included"),
    ("valid_for: 30 d", "valid_for: 31 d", "+ add-on pack (Pack) for all plans, for 31 d"),
    ("1,Far,0.02,60/1", "1,Far,0.02,30/1", "1 Far: 0.02 per 60 s by 60/1 -> 0.02 per 60 s by 30/1"),
    ("0.03,,,2026", "0.05,,,2026", "44 UK: 0.03 per 60 s until 2026-07-01 -> 0.05 per 60 s until 2026-07-01"),
    ("44,UK,0.04,,2026-07-01,\n", "", "44 UK: "),
    ("1,Far", "1,Near", "1 Far -> Near: "),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES)
def test_a_change_is_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """One change, found in both directions, and told where it was made."""
    assert old in LIST + DECK
    for name, pair in (("was", ("", "")), ("is", (old, new))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "c.yaml").write_text(LIST.replace(*pair))
        (folder / "world.csv").write_text(DECK.replace(*pair))
    was, is_now = check_catalogue(tmp_path / "was"), check_catalogue(tmp_path / "is")
    lines = differences_of(was, is_now).lines()
    assert expected in "\n".join(lines)
    assert len(differences_of(is_now, was).lines()) > 1
    assert "nothing that a subscriber would notice" not in lines
