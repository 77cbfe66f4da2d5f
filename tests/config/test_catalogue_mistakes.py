"""Wrong catalogue files: each mistake has its exact words and place, and all are told at once."""

from pathlib import Path

import pytest

from tests.config.catalogue_folder import HEAD, words_of, write_files

RULE_HINT = "a rule has either: 'price: 1.00 EUR per 1 MB' or 'access: denied'"
RULE_KEYS = (
    "access, apn, calendar, called, cap, connection_fee, deck, destination, direction, grant, increment, "
)

RULES = [
    ("{ price: free }", "8:9: 'rating_group' is missing", "a Rating-Group, a list of them"),
    ("{ rating_group: 1 }", "8:9: the rule has neither a price nor an access", RULE_HINT),
    ("{ rating_group: 1, price: free, access: denied }", "8:9: the rule has a price and an access", RULE_HINT),
    ("{ rating_group: 1, prize: free, price: free }", "8:28: unknown key 'prize'", "did you mean 'price'?"),
    ("{ rating_group: 1, zzzz: 1, price: free }", "8:28: unknown key 'zzzz'", f"known: {RULE_KEYS}"),
    ("{ rating_group: 1, price: 5 EUR }", "8:35: '5 EUR' is not a price", "write a price such as"),
    ("{ rating_group: 1, price: }", "8:35: a value is missing here", ""),
    ("{ rating_group: 1, price: [free] }", "8:35: a text is expected here, not a list", ""),
    (
        "{ rating_group: 1, price: 1 USD per MB }",
        "8:35: a price in USD, but the plan's currency is EUR",
        "",
    ),
    (
        "{ rating_group: 1, price: 1 EUR per MB, increment: 1 s }",
        "8:60: an increment of 1 second, but the price counts octets",
        "increment and price count the same kind of unit",
    ),
    (
        "{ rating_group: 1, price: 1 EUR per MB, rounding: near }",
        "8:59: 'near' is not one of 'up', 'half up' or 'down'",
        "",
    ),
    (
        "{ rating_group: 1, access: free }",
        "8:36: 'free' is not one of 'not controlled' or 'denied'",
        "",
    ),
    (
        "{ rating_group: 1, access: denied, increment: 1 kB }",
        "8:44: 'increment' has no meaning beside 'access: denied'",
        "remove it",
    ),
    ("{ rating_group: x, price: free }", "8:25: 'x' is not a rating group", "write a number up to 4294967295"),
    ("{ rating_group: [1, 1], price: free }", "8:25: a rating group stands here twice", ""),
    ("{ rating_group: [1, any], price: free }", "8:25: 'any' covers every other rating group of this list", ""),
    ("{ rating_group: [], price: free }", "8:25: the list is empty", ""),
    ("{ rating_group: 1, price: free, name: 'a b' }", "8:47: 'a b' is not a name", "up to 64 letters"),
    (
        "{ rating_group: 1, price: free, grant: { default: 2 MB, maximum: 1 MB } }",
        "8:59: the default grant of 2000000 octets is over the maximum of 1000000 octets",
        "",
    ),
    (
        "{ rating_group: 1, price: free, grant: { default: 1 s } }",
        "8:59: a grant of 1 second, but the price counts octets",
        "",
    ),
    (
        "{ rating_group: 1, price: free, grant: { default: [1 MB, 2 MB] } }",
        "8:59: two sizes of the same kind",
        "one size in octets, one in seconds, one in units",
    ),
    (
        "{ rating_group: 1, price: free, grant: { validity_time: 60 d } }",
        "8:65: a validity time is between 1 s and 30 d",
        "it returns what a vanished gateway held",
    ),
    ("{ rating_group: 1, price: free, grant: x }", "8:48: a mapping (key: value) is expected here", ""),
    ("free", "8:9: a mapping (key: value) is expected here", ""),
]


@pytest.mark.parametrize(("rule", "words", "hint"), RULES)
def test_mistake_in_a_rule(tmp_path: Path, rule: str, words: str, hint: str) -> None:
    """A wrong rule is told with its place, and that is all that is told."""
    text = f"# plans\n{HEAD}plans:\n  p:\n    name: x\n    currency: EUR\n    data:\n      - {rule}\n"
    found = words_of(write_files(tmp_path, c=text), tmp_path)
    assert len(found) == 1
    message, _, told_hint = found[0].partition("\n    hint: ")
    assert message == f"c.yaml:{words}"
    assert told_hint.startswith(hint)
    assert bool(told_hint) == bool(hint)


PLANS = [
    ("plans: {p: {currency: EUR, data: [RULE]}}", ["2:9: 'name' is missing"]),
    (
        "plans: {p: {name: x, data: [RULE]}}",
        ["2:9: 'currency' is missing\n    hint: add a line such as 'currency: EUR'"],
    ),
    (
        "plans: {p: {name: x, currency: EURO, data: [RULE]}}",
        ["2:32: 'EURO' is not a currency code of ISO 4217\n    hint: did you mean 'EUR'?"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, overdraft: no, data: [RULE]}}",
        ["2:48: 'no' is not one of 'allowed' or 'forbidden'"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, dta: [RULE], data: [RULE]}}",
        ["2:37: unknown key 'dta'\n    hint: did you mean 'data'?"],
    ),
    (
        "plans: {p: {name: x, currency: EUR}}",
        ["2:9: the plan has no prices\n    hint: add a list of rules for a service, such as 'data:'"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: []}}",
        ["2:43: the list is empty\n    hint: start each entry with '- '"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: free}}",
        ["2:43: a list is expected here\n    hint: start each entry with '- '"],
    ),
    ("plans: {p: free}", ["2:12: a mapping (key: value) is expected here"]),
    ("plans: [p]", ["2:8: a mapping (key: value) is expected here"]),
    (
        "plans: {a b: {name: x, currency: EUR, data: [RULE]}}",
        ["2:9: 'a b' is not a name\n    hint: up to 64 letters, digits, '.', '_' and '-'"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: [RULE, RULE]}}",
        ["2:93: rating group any has a rule already in line 2"],
    ),
    (
        (
            "plans: {p: {name: x, currency: EUR, data: [{rating_group: 1, price: free, name: n}],"
            " voice: [{rating_group: 1, price: free, name: n}]}}"
        ),
        ["2:131: the rule of line 2 is called 'n' already"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: [RULE], bundles: {b: {unit: 1 GB}}}}",
        [
            "2:89: 'units' is missing\n    hint: add a line such as 'units: 1 GB'",
            "2:93: unknown key 'unit'\n    hint: did you mean 'units'?",
        ],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: [RULE], bundles: {b: {units: 1 GB, valid_for: 0 s}}}}",
        ["2:117: a duration above 0 s is expected here"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: [RULE], apns: {'a b': {data: [RULE]}}}}",
        ["2:86: 'a b' is not an APN\n    hint: letters, digits, '.' and '-'"],
    ),
    (
        "plans: {p: {name: x, currency: EUR, data: [RULE], apns: {a: {data: [RULE]}, A: {data: [RULE]}}}}",
        ["2:133: APN 'A' is here twice: case makes no difference"],
    ),
    ("grant: {default: 1 MB}", ["1:1: 'plans' is missing"]),
    ("grants: {}\nplans: {}", ["2:1: unknown key 'grants'\n    hint: did you mean 'grant'?"]),
    (
        "emergency_apns: [sos, 's s']\nplans: {}",
        ["2:23: 's s' is not an APN\n    hint: letters, digits, '.' and '-'"],
    ),
]


@pytest.mark.parametrize(("text", "words"), PLANS)
def test_mistake_in_a_plan(tmp_path: Path, text: str, words: list[str]) -> None:
    """A wrong plan is told with its place, and that is all that is told."""
    written = text.replace("RULE", "{rating_group: any, price: free}")
    write_files(tmp_path, c=f"{HEAD}{written}\n")
    assert words_of(tmp_path, tmp_path) == [f"c.yaml:{word}" for word in words]


def test_service_contexts_are_checked(tmp_path: Path) -> None:
    """A service has a name of its own and suffixes that no other service has."""
    write_files(tmp_path, c="service_contexts:\n  grant: a@b\n  data: [a@b, 'x y']\nplans: {}\n")
    assert words_of(tmp_path, tmp_path) == [
        (
            "c.yaml:2:3: 'grant' can not be the name of a service\n"
            "    hint: small letters and digits, and no key that a plan has otherwise"
        ),
        "c.yaml:3:10: 'a@b' belongs to service 'grant' already",
        "c.yaml:3:15: 'x y' is not a Service-Context-Id",
    ]


def test_files_do_not_say_the_same_thing_twice(tmp_path: Path) -> None:
    """What a folder may say once is refused in a second file, by the name of the first."""
    text = HEAD + "plans: {p: {name: x, currency: EUR, data: [{rating_group: any, price: free}]}}\n"
    write_files(tmp_path, a=text, b=text)
    assert words_of(tmp_path, tmp_path) == [
        "b.yaml:1:1: 'service_contexts' was given already in a.yaml",
        "b.yaml:1:26: '32251@3gpp.org' belongs to service 'data' already",
        "b.yaml:1:49: '32260@3gpp.org' belongs to service 'voice' already",
        "b.yaml:2:9: plan 'p' is in a.yaml already",
    ]


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """A syntax error in one file, a wrong rule and a wrong plan in others do not hide each other."""
    write_files(
        tmp_path,
        a=HEAD + "grant: {threshold: 200 %}\n",
        b="plans:\n\tp: 1\n",
        c="plans:\n q:\n  name: y\n  data:\n   - {rating_group: 1, price: cheap}\n   - {price: free}\n",
    )
    places = [word.split(": ")[0] for word in words_of(tmp_path, tmp_path)]
    assert places == ["a.yaml:2:20", "b.yaml:2:1", "c.yaml:2:2", "c.yaml:5:31", "c.yaml:6:6"]


def test_unread_place_is_told_once(tmp_path: Path) -> None:
    """What YAML itself refuses is not told a second time as a missing value."""
    plan = "{name: x, currency: *c, data: [{rating_group: any, price: free}]}"
    write_files(tmp_path, c=f"{HEAD}plans: {{p: {plan}}}\n")
    hint = "\n    hint: write the value out"
    assert words_of(tmp_path, tmp_path) == [f"c.yaml:2:32: alias *c is not supported{hint}"]
