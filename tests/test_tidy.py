"""The house rules that no linter knows, checked on every source of the repository."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from ocs import hotpath

ROOT = Path(__file__).parent.parent
PACKAGES = (*hotpath.PACKAGES, "tests", "bench")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MONEY = (
    "balance/account.py",
    "balance/changes.py",
    "balance/memory.py",
    "balance/operations.py",
    "balance/packing.py",
    "balance/quantity.py",
    "balance/subscriber.py",
    "balance/redis_store/commit.py",
    "config/bill_discounts_file.py",
    "config/price_list.py",
    "config/quantity_text.py",
    "config/settlement_*.py",
    "config/subscribers_file.py",
    "config/tax_file.py",
    "ocs/accounts/*.py",
    "ocs/audit/**/*.py",
    "ocs/billing/*.py",
    "ocs/cdr/reader.py",
    "ocs/cdr/selection.py",
    "ocs/charging/*.py",
    "ocs/cli/account.py",
    "ocs/cli/bill.py",
    "ocs/cli/bill_text.py",
    "ocs/cli/settle*.py",
    "ocs/settlement/**/*.py",
    "ocs/billing/document/*.py",
    "ocs/cli/payment.py",
    "ocs/documents/listing.py",
    "ocs/documents/number_text.py",
    "ocs/payments/*.py",
    "ocs/subscribers/*.py",
    "rating/*.py",
)
SECONDS_ONLY = {
    "ocs/audit/recheck.py",
    "ocs/charging/expiry.py",
    "ocs/charging/lookup.py",
    "ocs/charging/surroundings.py",
}
"""Money modules whose floats are seconds of the event loop."""
PURE = (
    "balance/account.py",
    "balance/changes.py",
    "balance/keys.py",
    "balance/operations.py",
    "balance/packing.py",
    "balance/quantity.py",
    "balance/subscriber.py",
    "ocs/audit/books.py",
    "ocs/audit/sums.py",
    "ocs/billing/coins.py",
    "ocs/billing/draft.py",
    "ocs/billing/drafting.py",
    "ocs/billing/fees.py",
    "ocs/billing/invoice.py",
    "ocs/billing/periods.py",
    "ocs/billing/segments.py",
    "ocs/billing/taxes.py",
    "ocs/billing/terms.py",
    "ocs/charging/*.py",
    "ocs/latency.py",
    "ocs/metrics.py",
    "ocs/payments/open_items.py",
    "ocs/settlement/basis.py",
    "ocs/settlement/composition.py",
    "ocs/settlement/period.py",
    "ocs/settlement/pricing.py",
    "ocs/settlement/reconciliation/matching.py",
    "ocs/settlement/statement.py",
    "ocs/simulation/gateway.py",
    "ocs/simulation/session.py",
    "ocs/subscribers/changes.py",
    "protocol/[!a]*.py",
    "protocol/avp*.py",
    "rating/*.py",
)
MOST_FILE_LINES = 400
MOST_TEST_LINES = 500
MOST_FUNCTION_LINES = 70
GENERATED = {"protocol/dictionary_tables.py"}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
# spelled in pieces, so that this file does not name them
REGISTRY_HOSTS = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "crates" + ".io",
)


def committed_files() -> list[Path]:
    """The files git knows and that are there; the test is skipped where this is no checkout."""
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    return [path for name in found.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def sources_of(patterns: tuple[str, ...]) -> list[Path]:
    """The sources that a list of patterns names."""
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern)})


def place(path: Path, line: int) -> str:
    """Where something is, as editors read it."""
    return f"{path.relative_to(ROOT)}:{line}"


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions of a module, methods and nested ones too."""
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def test_no_float_near_money() -> None:
    """Code that touches money has no float literal, no float() or annotation, and no true division."""
    found = []
    for path in sources_of(MONEY):
        if str(path.relative_to(ROOT)) in SECONDS_ONLY:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, (ast.expr, ast.stmt)):
                continue
            literal = isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))
            named = isinstance(node, ast.Name) and node.id == "float"
            divided = isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div)
            path_joined = divided and _joins_paths(node)
            if literal or named or (divided and not path_joined):
                found.append(place(path, node.lineno))

    assert found == []


def _joins_paths(node: ast.AST) -> bool:
    """Whether a division is a Path being joined: its right side is text, or its left is called a directory."""
    if not isinstance(node, ast.BinOp):
        return False
    text = isinstance(node.right, ast.JoinedStr) or (
        isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
    )
    left = ast.unparse(node.left)
    return text or left.endswith(("directory", "folder", "Path(__file__).parent"))


def test_pure_code_has_no_clock_and_no_chance() -> None:
    """Pure modules call no clock and no random source; time comes in as an argument."""
    pattern = re.compile(
        r"\b(time\.(time|monotonic|perf_counter)|datetime\.(now|utcnow|today)|random\.|urandom|uuid)\b"
    )
    found = [
        place(path, number)
        for path in sources_of(PURE)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


def test_files_are_short() -> None:
    """A file is about one thing; a generated table may be longer."""
    long = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for path in SOURCES
        if (count := len(path.read_text().splitlines()))
        > (MOST_TEST_LINES if path.is_relative_to(ROOT / "tests") else MOST_FILE_LINES)
        and str(path.relative_to(ROOT)) not in GENERATED
    ]

    assert long == []


def test_functions_are_short() -> None:
    """A function fits on a screen, docstring and all."""
    long = []
    for path in SOURCES:
        for node in functions(ast.parse(path.read_text())):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > MOST_FUNCTION_LINES:
                long.append(f"{place(path, node.lineno)} {node.name}: {count} lines")

    assert long == []


def test_nothing_is_left_to_do() -> None:
    """No note in a committed file says that something is still to be done."""
    pattern = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
    found: list[str] = []
    for path in committed_files():
        if path.suffix in {".py", ".lua", ".sh", ".toml", ".yaml", ".md", ".c", ""}:
            lines = path.read_text(errors="replace").splitlines()
            found.extend(place(path, number) for number, line in enumerate(lines, 1) if pattern.search(line))

    assert found == []


def test_names_say_what_a_module_is_about() -> None:
    """No module is called utils, helpers, common or manager."""
    found = [str(path.relative_to(ROOT)) for path in SOURCES if path.stem in NAMES_THAT_SAY_NOTHING]

    assert found == []


def test_no_package_registry_is_named() -> None:
    """No committed file names the host of a package registry: locks work with whatever mirror is configured."""
    found: list[str] = []
    for path in committed_files():
        octets = path.read_bytes()
        found.extend(f"{path.relative_to(ROOT)}: {host}" for host in REGISTRY_HOSTS if host.encode() in octets)

    assert found == []


def test_tests_say_what_they_prove() -> None:
    """Every test function has a docstring: the property that held."""
    found: list[str] = []
    for path in SOURCES:
        if path.name.startswith("test_"):
            found.extend(
                f"{place(path, node.lineno)} {node.name}"
                for node in functions(ast.parse(path.read_text()))
                if node.name.startswith("test_") and not ast.get_docstring(node)
            )

    assert found == []


def test_every_hot_module_is_there() -> None:
    """The list of modules to compile names existing sources, each once, in order."""
    missing = [name for name in hotpath.HOT_MODULES if not (ROOT / hotpath.module_path(name)).is_file()]

    assert missing == []
    assert sorted(set(hotpath.HOT_MODULES)) == list(hotpath.HOT_MODULES)
