"""Bonuses of plans: what pays for usage after they were given, and how they are told."""

from pathlib import Path

from config.catalogue_file import check_catalogue
from config.offer_words import offer_lines
from config.time_zones import zone_named
from rating.bundles import MONEY
from rating.catalogue import Catalogue

PLANS = """\
services: [voice, data]
plans:
  loyal:
    name: Loyal
    currency: EUR
    bundles:
      own: { units: 10 min, for: { service: voice } }
      extra: { units: 30 min, for: { service: voice }, valid_for: 30 d, given: by bonus }
    bonuses:
      own: { when: activation, give: 2.00 EUR, valid_for: 30 d }
      minutes: { when: top_up, give: { bundle: extra } }
      tenth: { when: top_up, at_least: 20.00 EUR, give: 12.5 %, valid_for: 7 d }
      year: { when: { active_for: 365 d }, give: 1.00 EUR }
      friend: { when: referral, give: 5.00 EUR, to: referrer }
    voice: [{ price: 0.10 EUR per 60 s }]
    data: [{ rating_group: any, price: 1.00 EUR per 1 GB }]
examples:
  - name: minutes of a bonus, then money of one
    plan: loyal
    usage: { service: voice, duration: 25 min, at: 2026-11-24 12:00 }
    state: { buckets: { own: 5 min, extra: 10 min, tenth: 0.30 EUR } }
    uses: { own: 5 min, extra: 10 min, tenth: 0.30 EUR }
    costs: 0.70 EUR
  - name: money of a bonus pays for all
    plan: loyal
    usage: { service: data, volume: 1 GB, at: 2026-11-24 12:00 }
    state: { buckets: { "loyal/own#credit": 2.00 EUR } }
    uses: { "loyal/own#credit": 1.00 EUR }
    costs: 0.00 EUR
"""


def _catalogue(folder: Path, text: str = PLANS) -> Catalogue:
    (folder / "p.yaml").write_text(text)
    checked = check_catalogue(folder)
    assert [str(issue) for issue in checked.issues] == []
    assert checked.catalogue is not None
    return checked.catalogue


def test_what_bonuses_give_pays_for_usage(tmp_path: Path) -> None:
    """Money with an end as credit, and a bundle that only a bonus gives: the examples above hold."""
    plan = _catalogue(tmp_path).plans["loyal"]
    assert [bundle.bundle_id for bundle in plan.bundles] == ["loyal/own"]
    credit = plan.bonuses[0].credit
    assert credit is not None
    assert (credit.unit_kind, credit.units, credit.valid_for_s) == (MONEY, 2_000_000, 30 * 86_400)


def test_bonuses_in_words(tmp_path: Path) -> None:
    """Each in a line, with all that decides about it."""
    lines = [line for line in offer_lines(_catalogue(tmp_path).plans["loyal"]) if line.startswith("bonus")]
    assert lines == [
        "bonus own: 2.00 EUR at the activation, for 30 d",
        "bonus minutes: 30 min at a top-up",
        "bonus tenth: 12.5 % of it at a top-up of 20.00 EUR or more, for 7 d",
        "bonus year: 1.00 EUR 365 d after the activation",
        "bonus friend: 5.00 EUR for a referral, to who refers",
    ]


def test_what_decides_about_a_bonus_is_in_the_version(tmp_path: Path) -> None:
    """The part, its end, and to whom it goes."""
    before = _catalogue(tmp_path).version
    for old, new in (
        ("12.5 %", "12.6 %"),
        ("valid_for: 7 d", "valid_for: 8 d"),
        ("to: referrer", "to: referred"),
    ):
        assert _catalogue(tmp_path, PLANS.replace(old, new)).version != before


def test_a_bundle_that_no_bonus_gives_is_warned_of(tmp_path: Path) -> None:
    """It would be described, and never given."""
    (tmp_path / "p.yaml").write_text(
        PLANS.replace("{ when: top_up, give: { bundle: extra } }", "{ when: top_up, give: 1.00 EUR }")
    )
    found = [
        (issue.line, issue.code) for issue in check_catalogue(tmp_path).issues if issue.severity == "warning"
    ]
    assert found == [(8, "T902")]


def test_a_day_that_begins_late_is_no_mistake(tmp_path: Path) -> None:
    """Where clocks go forward at midnight a day's beginning is the first time after it."""
    (tmp_path / "p.yaml").write_text(
        "services: [voice]\ntime_zone: America/Santiago\n"
        "plans: { p: { name: P, currency: EUR, valid_from: 2026-09-06, voice: [{ price: free }] } }\n"
    )
    catalogue = check_catalogue(tmp_path).catalogue
    assert catalogue is not None
    start_s = catalogue.plans["p"].valid_from_ms // 1000
    zone = zone_named("America/Santiago")
    assert (start_s + zone.offset_s(start_s)) % 86_400 == 3600
    assert zone.offset_s(start_s - 1) != zone.offset_s(start_s)
