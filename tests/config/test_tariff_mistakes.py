"""Wrong tariffs: each kind of mistake has its number, its place and its words; warnings hinder nothing."""

import re
from pathlib import Path

import pytest

from config.catalogue_file import check_catalogue

HEAD = """\
services: [voice, data, sms]
time_zone: Europe/Berlin
holidays: { national: [2026-12-25] }
calendars: { week: { bands: { weekend: { days: [sat, sun, national] }, rest: otherwise } } }
destinations: { prefixes: { home: ["49"], france: ["33"], spain: ["34"] }, groups: { eu: [france, spain] } }
networks: { prefixes: { abroad: ["208"] } }
exchange_rates: [{ from: USD, to: EUR, rate: "0.9", valid_from: 2026-01-01 }]
"""


def told(folder: Path, text: str) -> list[str]:
    """Line, number (warnings with a ``w``) and text at the place of each issue of a file beside the head."""
    (folder / "head.yaml").write_text(HEAD)
    (folder / "p.yaml").write_text(text)
    lines = text.splitlines()
    return [
        f"{issue.line} {'w' if issue.severity == 'warning' else ''}{issue.code} "
        + re.split(r"[,}\]:]", lines[issue.line - 1][issue.column - 1 :])[0].strip()
        for issue in check_catalogue(folder).issues
        if str(issue.source).endswith("p.yaml")
    ]


def plan(voice: str, more: str = "") -> str:
    """A plan whose rules for voice are given, each in a line from line 2 on; ``more`` are keys of line 1."""
    rules = "".join(f"  {rule},\n" for rule in voice.split("\n"))
    return f"plans: {{p: {{name: x, currency: EUR{more}, voice: [\n{rules}]}}}}\n"


FREE = "{ price: free }"
RULES = [
    ("{ destination: franc, price: 1 EUR per 60 s }", ["T201 franc"]),
    ("{ network: abrod, price: 1 EUR per 60 s }", ["T201 abrod"]),
    ("{ price: { weekend: free }, calendar: week }", ["T101 { weekend"]),
    ("{ price: { weekend: free, rest: free, peak: free }, calendar: week }", ["T201 free"]),
    ("{ price: { weekend: free, rest: free } }", ["T101 { weekend"]),
    ("{ price: free, calendar: weak }", ["T201 weak"]),
    ("{ price: { weekend: 1 EUR per 60 s, rest: 1 EUR per 1 MB }, calendar: week }", ["T109 { weekend"]),
    ("{ price: 1 EUR per 60 s, tiers: [{ price: free }] }", ["T108 { price"]),
    ("{ tiers: [{ price: free }, { price: 1 EUR per 60 s }] }", ["T101 { price"]),
    ("{ tiers: [{ up_to: 60 s, price: free }] }", ["T108 60 s"]),
    ("{ tiers: [{ up_to: 9 s, price: free }, { up_to: 9 s, price: free }, { price: free }] }", ["T402 9 s"]),
    ("{ tiers: [{ up_to: 1 MB, price: 1 EUR per 60 s }, { price: free }] }", ["T109 1 MB"]),
    ("{ tiers: [{ price: 1 EUR per 60 s }], tiers_of: minuts }", ["T201 minuts"]),
    ("{ price: 1 EUR per 60 s, increment: 1 MB }", ["T109 1 MB"]),
    ("{ price: 1 EUR per 60 s, increment: 0 s }", ["T104 0 s"]),
    ("{ price: 1 EUR per 60 s, increment: 60/0 }", ["T104 60/0"]),
    ("{ price: 1 EUR per 60 s, increment: 9000000000000000/1 }", ["T110 9000000000000000/1"]),
    ("{ price: 1 EUR per 60 s, minimum: 1 MB }", ["T109 1 MB"]),
    ("{ price: 1 EUR per 60 s, cap: 1 EUR per century }", ["T105 1 EUR per century"]),
    ("{ price: 1 EUR per 60 s, connection_fee: 1 USD }", ["T109 { price"]),
    ("{ price: 1 GBP per 60 s }", ["T203 1 GBP per 60 s"]),
    ("{ price: 1 USD per 60 s, valid_from: 2025-01-01 }", ["T203 1 USD per 60 s"]),
    ("{ price: 1 EUR per 60 s, valid_from: 2026-02-01, valid_until: 2026-01-01 }", ["T402 2026-01-01"]),
    ("{ price: 1 EUR per 60 s, valid_from: 2026-02-30 }", ["T104 2026-02-30"]),
    ("{ price: 1 EUR per 60 s, priority: high }", ["T104 high"]),
    ("{ deck: nowhere }", ["T201 nowhere"]),
    ("{ direction: sideways, price: free }", ["T105 sideways"]),
    ("{ slice: 256, price: free }", ["T104 256"]),
    ("{ rat_type: 5g, price: free }", ["T105 5g"]),
    ("{ called: '+49 30 abc', price: free }", ["T104 '+49 30 abc'"]),
    ("{ access: denied, tiers: [{ price: free }] }", ["T108 { access"]),
    ("{ price: free, valid_from: 2026-03-29 02:30 }", ["T205 2026-03-29 02"]),
    ("{ price: free, valid_until: 2027-03-28 02:59:59 }", ["T205 2027-03-28 02"]),
    ("{ access: denied, connection_fee: 1 EUR }", ["T108 connection_fee"]),
]


@pytest.mark.parametrize(("rule", "expected"), RULES, ids=[rule for rule, _ in RULES])
def test_mistake_in_a_rule(tmp_path: Path, rule: str, expected: list[str]) -> None:
    """A wrong rule is told with its number at its place, and nothing else is told as an error."""
    found = [issue for issue in told(tmp_path, plan(f"{rule}\n{FREE}")) if " wT" not in issue]
    assert [issue.removeprefix("2 ") for issue in found if "T401" not in issue] == expected


@pytest.mark.parametrize(
    "asked",
    [
        "destination: franc",
        "network: abrod",
        "location: stadium",
        "called: abc",
        "direction: sideways",
        "rat_type: 5g",
        "slice: 256",
    ],
)
def test_a_rule_that_asks_for_what_there_is_not_is_not_ambiguous_too(tmp_path: Path, asked: str) -> None:
    """What it asks for is told; that a rule for everything stands beside it is no second mistake."""
    found = told(tmp_path, plan(f"{{ {asked}, price: 1 EUR per 60 s }}\n{FREE}"))
    assert len([issue for issue in found if " wT" not in issue]) == 1


OFFERS = [
    ("caps: {c: {amount: 1 EUR, per: fortnight}}", ["T105 fortnight"]),
    ("caps: {c: {amount: 1 USD, per: day}}", ["T109 1 USD"]),
    ("bundles: {b: {units: 1 EUR, recurs: year}}", ["T105 year"]),
    ("bundles: {b: {units: 1 GB, rollover: {maximum: 1 GB}}}", ["T108 {maximum"]),
    ("bundles: {b: {units: 1 GB, recurs: day, rollover: {maximum: 1 s}}}", ["T109 1 s"]),
    ("bundles: {b: {units: 1 GB, for: {service: fax}}}", ["T201 fax"]),
    ("discounts: {d: {first: 30 d}}", ["T108 {first"]),
    ("discounts: {d: {percent: 101 %}}", ["T104 101 %"]),
    ("discounts: {d: {percent: 10 %, bands: [weekend]}}", ["T101 [weekend"]),
    ("discounts: {d: {percent: 10 %, calendar: week, bands: [weakend]}}", ["T201 weakend"]),
    ("discounts: {d: {percent: 10 %, every: 1}}", ["T104 1"]),
    ("fees: {f: {amount: 1 EUR}}", ["T108 {amount"]),
    ("fees: {f: {amount: 1 EUR, once: birthday}}", ["T105 birthday"]),
    ("fees: {f: {amount: 1 EUR, once: activation, prorate: true}}", ["T108 true"]),
    ("bonuses: {b: {when: rain, give: 1 EUR}}", ["T105 rain"]),
    ("bonuses: {b: {when: activation, give: {bundle: b}}}", ["T201 b"]),
    ("bonuses: {b: {when: {counter: c, reaches: 1 EUR}, give: 1 EUR}}", ["T201 c"]),
    ("bonuses: {b: {when: activation, give: 0.00 EUR}}", ["T110 0.00 EUR"]),
    ("bonuses: {b: {when: activation, give: 10 %}}", ["T108 10 %"]),
    ("bonuses: {b: {when: top_up, give: 0 %}}", ["T104 0 %"]),
    ("bonuses: {b: {when: top_up, give: 1 USD}}", ["T109 1 USD"]),
    ("bonuses: {b: {when: top_up, give: 1 EUR, to: both}}", ["T108 both"]),
    ("bonuses: {b: {when: referral, give: 1 EUR, to: mother}}", ["T105 mother"]),
    ("bonuses: {b: {when: referral, give: 1 EUR, at_least: 5 EUR}}", ["T108 5 EUR"]),
    ("bonuses: {b: {when: {active_for: 1 year}, give: 1 EUR}}", ["T104 1 year"]),
    ("bonuses: {b: {when: {active_for: 0 s}, give: 1 EUR}}", ["T104 0 s"]),
    ("bonuses: {b: {when: {active_for: 1 d, reaches: 1 EUR}, give: 1 EUR}}", ["T102 reaches"]),
    ("bundles: {b: {units: 1 GB, given: sometimes}}", ["T105 sometimes"]),
    ("bundles: {b: {units: 1 GB, given: by bonus, recurs: day}}", ["T108 day"]),
    ("valid_from: 2026-03-29 02:00", ["T205 2026-03-29 02"]),
    ("credit_limit: 5 EUR", ["T108 5 EUR"]),
    ("payment: hybrid, credit_limit: 5 USD", ["T109 5 USD"]),
    ("time_zone: Mars/Phobos", ["T204 Mars/Phobos"]),
]


@pytest.mark.parametrize(("keys", "expected"), OFFERS, ids=[keys for keys, _ in OFFERS])
def test_mistake_beside_the_rules(tmp_path: Path, keys: str, expected: list[str]) -> None:
    """What is wrong with fees, bundles, caps and the like is told with its number at its place."""
    found = told(tmp_path, plan(FREE, f", {keys}"))
    assert [issue.removeprefix("1 ") for issue in found if " wT" not in issue] == expected


WARNINGS = [
    ("{ price: free, priority: 5 }\n{ destination: home, price: 1 EUR per 60 s }", ["3 wT901 { destination"]),
    (
        (
            "{ destination: france, price: free }\n{ destination: spain, price: free }\n"
            "{ destination: eu, price: 1 EUR per 60 s }\n{ price: free }"
        ),
        ["4 wT901 { destination"],
    ),
    ("{ destination: home, price: free }", ["1 wT906 voice"]),
    ("{ direction: incoming, price: free }\n{ direction: outgoing, price: free }", []),
    ("{ price: free, valid_until: 2026-06-01 }\n{ price: free, valid_from: 2026-07-01 }", ["1 wT906 voice"]),
    (
        (
            "{ called: '1', price: 0.10 EUR per 60 s }\n{ called: '2', price: 0.12 EUR per 60 s }\n"
            "{ called: '3', price: 12.00 EUR per 60 s }\n{ price: 0.09 EUR per 60 s }"
        ),
        ["4 wT903 12.00 EUR per 60 s"],
    ),
]


AT_A_PRICE = "price: 1 EUR per 60 s"
TAKEN = ["3 wT907 { destination"]
RECEIVED = [
    ("direction: incoming, price: free", f"destination: home, {AT_A_PRICE}", TAKEN),
    ("direction: incoming, price: free", f"destination: home, {AT_A_PRICE}, increment: 60/1", TAKEN),
    ("direction: incoming, price: free", "destination: [france, home], access: denied", TAKEN),
    ("direction: incoming, network: abroad, price: free", f"destination: home, {AT_A_PRICE}", TAKEN),
    ("direction: incoming, price: free", "destination: home, price: free", []),
    ("direction: incoming, price: free", f"destination: eu, {AT_A_PRICE}", []),
    ("direction: incoming, price: free", f"destination: home, direction: outgoing, {AT_A_PRICE}", []),
    ("direction: incoming, price: free, priority: 1", f"destination: home, {AT_A_PRICE}", []),
    (
        "direction: incoming, price: free, valid_until: 2026-06-01",
        f"destination: home, {AT_A_PRICE}, valid_from: 2026-06-01",
        [],
    ),
]


@pytest.mark.parametrize(("received", "zone", "expected"), RECEIVED)
def test_a_received_call_is_not_to_have_the_price_of_its_own_number(
    tmp_path: Path, received: str, zone: str, expected: list[str]
) -> None:
    """A rule for the network's own zone without a direction would take it; without numbering nobody knows."""
    rules = plan("\n".join(f"{{ {keys} }}" for keys in ("price: free", zone, received)))
    assert told(tmp_path, rules) == []
    assert told(tmp_path, f"{rules}numbering: {{ country: 49 }}\n") == expected


GROUPS = [
    (
        (
            "{ rating_group: 10, price: 1 EUR per 1 MB }\n{ rating_group: 20, price: 1.5 EUR per 1 MB }\n"
            "{ rating_group: 30, price: 150 EUR per 1 MB }\n{ rating_group: any, price: 1 EUR per 1 MB }"
        ),
        ["4 wT903 150 EUR per 1 MB"],
    ),
    ("{ rating_group: 10, price: 1 EUR per 1 MB }\n{ rating_group: 20, price: free }", ["1 wT906 data"]),
    ("{ rating_group: [10, none], price: free }\n{ rating_group: any, access: denied }", []),
]


@pytest.mark.parametrize(("rules", "expected"), GROUPS, ids=[rules for rules, _ in GROUPS])
def test_warning_in_a_plain_table_of_rating_groups(tmp_path: Path, rules: str, expected: list[str]) -> None:
    """Rules that ask for a rating group only are looked at as all others are."""
    assert told(tmp_path, plan(rules).replace("voice", "data")) == expected


def test_fees_that_nobody_takes_are_told(tmp_path: Path) -> None:
    """A balance pays what is due while there is a plan; bills have no use for what an unpaid fee does."""
    fees = ", fees: {monthly: {amount: 1 EUR, every: month, unpaid: owe}}"
    assert told(tmp_path, plan(FREE, fees)) == []
    assert told(tmp_path, plan(FREE, f"{fees}, payment: hybrid")) == ["1 wT902 owe"]
    end = ", fees: {last: {amount: 1 EUR, once: termination}}"
    assert told(tmp_path, plan(FREE, end)) == ["1 wT902 last"]
    assert told(tmp_path, plan(FREE, f"{end}, payment: hybrid")) == []
    once = ", fees: {first: {amount: 1 EUR, once: activation, unpaid: owe}}"
    assert told(tmp_path, plan(FREE, once)) == ["1 T108 owe"]


def test_rating_groups_of_one_apn_only_leave_the_others_without_a_price(tmp_path: Path) -> None:
    """That is told at the APN's rules."""
    text = "plans: {p: {name: x, currency: EUR, apns: {ims: {data: [{ rating_group: any, price: free }]}}}}\n"
    assert told(tmp_path, text) == ["1 wT906 data"]


def test_a_price_far_below_its_neighbours_is_told_in_words(tmp_path: Path) -> None:
    """How much less it costs, in numbers that can be read."""
    rules = "\n".join(f"{{ rating_group: {n}, price: 1.32 EUR per 1 MB }}" for n in (1, 2))
    (tmp_path / "head.yaml").write_text(HEAD)
    rules += "\n{ rating_group: any, price: 0.01 EUR per 1 MB }"
    (tmp_path / "p.yaml").write_text(plan(rules).replace("voice", "data"))
    (slip,) = [issue.message for issue in check_catalogue(tmp_path).issues if issue.code == "T903"]
    assert slip == "this costs 132 times less than what is usual for data on this plan"


@pytest.mark.parametrize(("rules", "expected"), WARNINGS, ids=[rules for rules, _ in WARNINGS])
def test_warning(tmp_path: Path, rules: str, expected: list[str]) -> None:
    """What is most likely not meant is a warning at its place, and the catalogue loads."""
    assert told(tmp_path, plan(rules)) == expected
    assert check_catalogue(tmp_path).catalogue is not None


def test_ambiguous_rules_name_each_other(tmp_path: Path) -> None:
    """Two rules that fit the same usage are an error at both places, each with the other's file and line."""
    (tmp_path / "head.yaml").write_text(HEAD)
    rules = "{ destination: eu, price: free }\n{ destination: [spain, home], price: free }\n{ price: free }"
    (tmp_path / "p.yaml").write_text(plan(rules))
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.code == "T401"]
    assert found == []
    rules = "{ destination: eu, price: free }\n{ destination: [eu, home], price: free }\n{ price: free }"
    (tmp_path / "p.yaml").write_text(plan(rules))
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.code == "T401"]
    assert [(issue.line, issue.message.split(" fits")[0]) for issue in found] == [
        (2, "the rule of p.yaml:3"),
        (3, "the rule of p.yaml:2"),
    ]


def test_validity_and_priority_settle_which_rule_fits(tmp_path: Path) -> None:
    """Rules with the same conditions may follow each other in time, or have priorities."""
    rules = (
        "{ destination: eu, price: free, valid_until: 2026-07-01 }\n"
        "{ destination: eu, price: 1 EUR per 60 s, valid_from: 2026-07-01 }\n"
        "{ destination: eu, price: free, priority: 1, valid_from: 2026-12-24, valid_until: 2026-12-27 }\n"
        "{ price: free }"
    )
    assert told(tmp_path, plan(rules)) == []


def test_unused_things_are_warned_of(tmp_path: Path) -> None:
    """A calendar, a zone, a counter, an exchange rate and a deck that nothing asks for are each told once."""
    (tmp_path / "d.csv").write_text("prefix,destination,price\n49,Germany,0.05\n")
    (tmp_path / "c.yaml").write_text(
        "services: [voice]\n"
        "holidays: { h: [2026-12-25] }\n"
        "calendars: { c: { bands: { all: {} } } }\n"
        "destinations: { prefixes: { z: ['49'] }, groups: { g: [z] } }\n"
        "exchange_rates: [{ from: USD, to: EUR, rate: '1' }]\n"
        "rate_decks: { d: { file: d.csv, currency: EUR } }\n"
        "plans: { p: { name: x, currency: EUR, counters: {n: {measure: usages}}, voice: [{price: free}] } }\n"
    )
    checked = check_catalogue(tmp_path)
    assert checked.catalogue is not None
    assert [(issue.line, issue.code) for issue in checked.issues] == [(n, "T902") for n in range(2, 8)]


def test_partly_taken_usage_is_refused(tmp_path: Path) -> None:
    """A cap for a part of what a rule prices is an error, unless stronger rules take all of that part."""
    caps = ", caps: {c: {amount: 1 EUR, per: day, for: {destination: eu}}}"
    dear = "{ price: 2 EUR per 60 s }"
    assert [each for each in told(tmp_path, plan(dear, caps)) if " wT" not in each] == ["2 T108 { price"]
    rules = f"{{ destination: eu, price: 1 EUR per 60 s }}\n{dear}"
    assert told(tmp_path, plan(rules, caps)) == []
    france, spain = (f"{{ destination: {zone}, price: 1 EUR per 60 s }}\n" for zone in ("france", "spain"))
    assert told(tmp_path, plan(f"{france}{spain}{dear}", caps)) == []
    assert told(tmp_path, plan(f"{france}{dear}", caps)) == ["3 T108 { price"]
    dated = spain.replace("spain", "spain, valid_until: 2027-01-01")
    assert told(tmp_path, plan(f"{france}{dated}{dear}", caps)) == ["4 T108 { price"]


BUNDLE = "bundles: {b: {units: 10 min, for: {destination: france}}}"


@pytest.mark.parametrize(
    "offer",
    [
        "bundles: {b: {units: 10 messages, for: {service: sms}}}",
        "bundles: {b: {units: 10 messages}}",
        "bundles: {b: {units: 10 min, for: {destination: france}}}",
        "caps: {b: {amount: 1 EUR, per: day, for: {service: data}}}",
        "discounts: {b: {percent: 10 %, for: {service: voice, destination: spain}}}",
    ],
)
def test_what_no_charge_can_take_part_in_is_told(tmp_path: Path, offer: str) -> None:
    """It is for a service without rules, another kind of unit, what is free, or zones that no rule prices."""
    rules = "{ destination: france, price: free }\n{ destination: home, price: 1 EUR per 60 s }"
    found = told(tmp_path, plan(rules, f", {offer}"))
    assert [each for each in found if "T902" in each] == ["1 wT902 b"]
    assert not [
        each for each in told(tmp_path, plan("{ price: 1 EUR per 60 s }", f", {BUNDLE}")) if "T902" in each
    ]


def test_a_rule_that_ends_before_its_plan_begins_is_told(tmp_path: Path) -> None:
    """The one that ends later is not."""
    rules = (
        "{ destination: home, price: free, valid_until: 2026-01-01 }\n"
        "{ destination: france, price: free, valid_until: 2026-01-02 }\n{ price: free }"
    )
    assert told(tmp_path, plan(rules, ", valid_from: 2026-01-01")) == ["2 wT901 2026-01-01"]


def test_a_free_rule_has_nothing_that_a_cap_could_take(tmp_path: Path) -> None:
    """Whatever part of its usage the cap is for; with a connection fee it has."""
    caps = ", caps: {c: {amount: 1 EUR, per: day, for: {destination: eu}}}"
    rules = "{ destination: eu, price: 1 EUR per 60 s }\n{ direction: incoming, price: free }\n{ price: free }"
    assert told(tmp_path, plan(rules, caps)) == []
    fee = rules.replace("incoming, price: free", "incoming, price: free, connection_fee: 1 EUR")
    assert told(tmp_path, plan(fee, caps)) == []
    fee = fee.replace("incoming", "incoming, priority: 1")
    assert [each for each in told(tmp_path, plan(fee, caps)) if " wT" not in each] == ["3 T108 { direction"]


def test_called_numbers_are_in_their_zones(tmp_path: Path) -> None:
    """A rule for numbers is in a counter for destinations wholly, where they are, or not at all."""
    scope = "{measure: usages, period: day, for: {service: voice, destination: france}}"
    counters = f", counters: {{c: {scope}}}"
    tiers = "tiers: [{up_to: 3 units, price: 1 EUR per 60 s}, {price: free}]"
    rest = f"\n{{ destination: france, tiers_of: c, {tiers} }}\n{{ price: free }}"
    for numbers in ("'123'", "'331', '3377'", "'34911', '49301'"):
        assert told(tmp_path, plan(f"{{ called: [{numbers}], price: 1 EUR per 60 s }}{rest}", counters)) == []
    mixed = plan(f"{{ called: ['331', '34911'], price: 1 EUR per 60 s }}{rest}", counters)
    assert told(tmp_path, mixed) == ["2 T108 { called"]


def test_groups_that_contain_each_other(tmp_path: Path) -> None:
    """A circle of groups is told with its way, and ends."""
    (tmp_path / "c.yaml").write_text(
        "services: [voice]\n"
        "destinations: { prefixes: { z: ['49'] }, groups: { a: [b], b: [c, z], c: [a] } }\n"
        "plans: { p: { name: x, currency: EUR, voice: [{ destination: a, price: free }, { price: free }] } }\n"
    )
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.code == "T202"]
    assert [issue.message for issue in found] == ["group 'a' contains itself: a > b > c > a"]


TEST_NETWORKS = {
    'network: "00102"': "costs: 1 EUR",
    'network: "00101"': "costs: 2 EUR",
    "location: 00101-1-7": "costs: 3 EUR",
    'network: "101"': "refused: denied",
}


def test_networks_may_begin_with_zeros(tmp_path: Path) -> None:
    """MCC 001 is that of test networks; what no MCC and MNC can begin with is refused."""
    text = (
        "services: [data]\n"
        'networks: { prefixes: { test: ["001"], lab: ["00101", "0010172"], plus: ["+49"] } }\n'
        'locations: { prefixes: { room: ["00101-1"] } }\n'
        "plans: { p: { name: x, currency: EUR, data: [\n"
        "  { network: test, price: 1 EUR per 1 MB }, { network: lab, price: 2 EUR per 1 MB },\n"
        "  { location: room, price: 3 EUR per 1 MB }, { rating_group: any, access: denied }] } }\n"
        "examples:\n"
    ) + "".join(
        f"  - {{ name: x{number}, plan: p, {end},"
        f" usage: {{ service: data, volume: 1 MB, at: 2026-01-01, {where} }} }}\n"
        for number, (where, end) in enumerate(TEST_NETWORKS.items())
    )
    (tmp_path / "c.yaml").write_text(text)
    found = [issue for issue in check_catalogue(tmp_path).issues if issue.severity == "error"]
    assert [issue.message for issue in found] == ["'0010172' is not a prefix", "'+49' is not a prefix"]
    assert {issue.hint for issue in found} == {
        "up to 6 digits, the beginning of MCC and MNC, such as 262 or 00101"
    }
    (tmp_path / "c.yaml").write_text(text.replace(', "0010172"], plus: ["+49"]', "]"))
    assert check_catalogue(tmp_path).issues == []


def test_a_rate_of_a_refused_rule_is_used(tmp_path: Path) -> None:
    """A mistake in the rule that needs an exchange rate is told alone."""
    (tmp_path / "c.yaml").write_text(
        "services: [voice]\n"
        "exchange_rates: [{ from: USD, to: EUR, rate: '1' }]\n"
        "plans: { p: { name: x, currency: EUR, voice: [{ price: 1 USD per 60 s, connection_fee: 1 EUR }] } }\n"
    )
    assert [issue.code for issue in check_catalogue(tmp_path).issues] == ["T109"]


def test_a_service_of_an_example_is_one_of_the_catalogue(tmp_path: Path) -> None:
    """A slip of the pen in an example that is to be refused does not prove anything."""
    usage = "{ service: vioce, duration: 1 s, at: 2026-01-01 }"
    text = plan(FREE) + f"examples: [{{ name: a, plan: p, usage: {usage}, refused: yes }}]\n"
    assert told(tmp_path, text) == ["4 T201 vioce"]
