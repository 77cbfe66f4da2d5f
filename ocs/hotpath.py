"""Compiled or interpreted: which form of the hot modules this process runs.

The modules of HOT_MODULES are plain typed Python. Where a C compiler is there, ``make compile`` builds them
with mypyc and writes a stamp: the digest of every source that went in, the interpreter and the run-time
library. ``choose`` compares the stamp with the sources that lie there now. Where they differ, or where
OCS_PURE=1, Python is told to take the sources of our packages and no compiled file, so that an edit is
never shadowed by an old build. An installation without a checkout (a wheel) has no stamp, and its compiled
files are trusted.
"""

import hashlib
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, FileFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import mypy_extensions

ROOT: Final = Path(__file__).parent.parent
STAMP: Final = "build/hot.stamp"
PACKAGES: Final = ("protocol", "rating", "balance", "config", "ocs")
GROUP: Final = "ocs_hot"
"""The name of the shared library that holds all hot modules."""

HOT_MODULES: Final = (
    "balance.account",
    "balance.changes",
    "balance.keys",
    "balance.memory",
    "balance.operations",
    "balance.packing",
    "balance.quantity",
    "balance.redis_store.commit",
    "balance.redis_store.connection",
    "balance.redis_store.execution",
    "balance.redis_store.holder",
    "balance.redis_store.naming",
    "balance.redis_store.replies",
    "balance.redis_store.resp",
    "balance.redis_store.transaction",
    "balance.store",
    "balance.subscriber",
    "config.deck_columns",
    "config.deck_rows",
    "ocs.cdr.lines",
    "ocs.charging.answering",
    "ocs.charging.attributes",
    "ocs.charging.committing",
    "ocs.charging.decision",
    "ocs.charging.failed_avp",
    "ocs.charging.fee_record",
    "ocs.charging.fees",
    "ocs.charging.gifts",
    "ocs.charging.grants",
    "ocs.charging.limits",
    "ocs.charging.line_rate",
    "ocs.charging.lookup",
    "ocs.charging.meter_octets",
    "ocs.charging.metering",
    "ocs.charging.outcome",
    "ocs.charging.overload",
    "ocs.charging.pending",
    "ocs.charging.policy",
    "ocs.charging.rated_service",
    "ocs.charging.record",
    "ocs.charging.remembered",
    "ocs.charging.renewal",
    "ocs.charging.request_queue",
    "ocs.charging.served",
    "ocs.charging.service",
    "ocs.charging.service_closing",
    "ocs.charging.service_rating",
    "ocs.charging.session",
    "ocs.charging.session_octets",
    "ocs.charging.session_opening",
    "ocs.charging.stored_answer",
    "ocs.charging.surroundings",
    "ocs.charging.turn",
    "ocs.charging.usage",
    "ocs.latency",
    "ocs.metrics",
    "ocs.simulation.answer",
    "ocs.simulation.answer_check",
    "ocs.simulation.echo",
    "ocs.simulation.gateway",
    "ocs.simulation.schedule",
    "ocs.simulation.session",
    "ocs.simulation.tally",
    "ocs.simulation.template",
    "ocs.tariffs.instants",
    "ocs.tariffs.replay_totals",
    "ocs.tariffs.replaying",
    "ocs.usage_import.gifts",
    "ocs.usage_import.plain_columns",
    "ocs.usage_import.pots",
    "ocs.usage_import.rated_rows",
    "ocs.usage_import.row_texts",
    "ocs.usage_import.staged_day",
    "ocs.usage_import.standings",
    "ocs.usage_import.tenure",
    "ocs.usage_import.tenures",
    "protocol.avp",
    "protocol.avp_issues",
    "protocol.avp_walk",
    "protocol.cardinality",
    "protocol.codes",
    "protocol.connection",
    "protocol.cursor",
    "protocol.decode",
    "protocol.decode_groups",
    "protocol.decode_services",
    "protocol.decode_texts",
    "protocol.dictionary",
    "protocol.dictionary_tables",
    "protocol.echo",
    "protocol.encode",
    "protocol.encode_services",
    "protocol.framing",
    "protocol.handler",
    "protocol.intake",
    "protocol.messages",
    "protocol.peer",
    "protocol.peer_state",
    "protocol.peer_table",
    "protocol.refusal",
    "protocol.result_codes",
    "protocol.shape",
    "protocol.shape_learning",
    "protocol.traffic",
    "protocol.unit_walk",
    "protocol.user_location",
    "protocol.watchdog",
    "rating.attributes",
    "rating.bundles",
    "rating.calendar",
    "rating.catalogue",
    "rating.charge",
    "rating.collecting",
    "rating.conditions",
    "rating.deck_prices",
    "rating.deck_row",
    "rating.deck_table",
    "rating.decks",
    "rating.engine",
    "rating.exchange",
    "rating.explain",
    "rating.fees",
    "rating.flat",
    "rating.intervals",
    "rating.line_prices",
    "rating.meter",
    "rating.meter_copy",
    "rating.meter_state",
    "rating.moment",
    "rating.numbering",
    "rating.offers",
    "rating.opening",
    "rating.periods",
    "rating.plan_tables",
    "rating.prefix_list",
    "rating.prefixes",
    "rating.price_row",
    "rating.pricing",
    "rating.rates",
    "rating.rule",
    "rating.selection",
    "rating.selector",
    "rating.sharing",
    "rating.situation",
    "rating.sorting",
    "rating.tariff",
    "rating.totals",
    "rating.usage",
    "rating.walk",
)


def module_path(module: str) -> str:
    """The source file of a module, relative to the root."""
    return module.replace(".", "/") + ".py"


def hot_sources(root: Path) -> list[str]:
    """The hot modules whose source is there, as paths relative to the root."""
    paths = [module_path(module) for module in HOT_MODULES]
    return [path for path in paths if (root / path).is_file()]


def sources_behind(root: Path, paths: list[str]) -> list[str]:
    """The given sources and every source of ours they import, at any depth: the compiler inlines constants."""
    import ast  # noqa: PLC0415  (only a build needs it, every start of a command imports this module)

    found: set[str] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse((root / path).read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            ours = (module_path(name) for name in names if name.split(".")[0] in PACKAGES)
            waiting.extend(each for each in ours if (root / each).is_file())
    return sorted(found)


def digest(root: Path, hot: list[str], sources: list[str]) -> str:
    """The hash of what a build depends on: the list, the sources, the interpreter and librt."""
    total = hashlib.sha256("\n".join([*hot, "", sys.version, _librt_version()]).encode())
    for path in sources:
        try:
            octets = (root / path).read_bytes()
        except OSError:
            octets = b"absent"
        total.update(f"\n{path} {len(octets)}\n".encode())
        total.update(octets)
    return total.hexdigest()


def write_stamp(root: Path, compiler: str) -> None:
    """Say what the compiled files beside the sources were made from."""
    hot = hot_sources(root)
    sources = sources_behind(root, hot)
    lines = [
        f"digest {digest(root, hot, sources)}",
        f"compiler {compiler}",
        *(f"source {path}" for path in sources),
    ]
    stamp = root / STAMP
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text("\n".join(lines) + "\n")


def is_built(root: Path) -> bool:
    """Whether every hot module is compiled, from the sources that lie there now."""
    try:
        lines = (root / STAMP).read_text().splitlines()
    except OSError:
        return False
    hot = hot_sources(root)
    sources = [line[7:] for line in lines if line.startswith("source ")]
    if not lines or lines[0] != "digest " + digest(root, hot, sources):
        return False
    return all(_compiled_file(root, path).is_file() for path in hot)


def choose(root: Path = ROOT) -> None:
    """Decide once, before any hot module is imported; one line on stderr where an old build is passed over."""
    if os.environ.get("OCS_PURE", "") not in {"", "0"}:
        take_sources(root)
        return
    if not (root / "pyproject.toml").is_file():
        return
    if is_built(root):
        return
    take_sources(root)
    if any(_compiled_file(root, path).is_file() for path in hot_sources(root)):
        sys.stderr.write(
            "ocs: the compiled modules are older than the sources, which run interpreted: make compile\n"
        )


def take_sources(root: Path) -> None:
    """Make Python import our packages from their sources only."""
    ours = tuple(str(root / package) for package in PACKAGES)

    def finder(path: str) -> FileFinder:
        if path in ours or path.startswith(tuple(package + os.sep for package in ours)):
            return FileFinder(path, (SourceFileLoader, [".py"]))
        raise ImportError(path)

    sys.path_hooks.insert(0, finder)
    for path in [path for path in sys.path_importer_cache if path.startswith(ours)]:
        del sys.path_importer_cache[path]
    _convert_quickly()


def _convert_quickly() -> None:
    """Let ``i64(number)`` of interpreted modules be a call of ``int``: of a request, a sixth was such calls.

    Interpreted, mypy_extensions' classes of numbers do the same as ``int``, by a function of their own.
    """
    for name in ("i16", "i32", "i64", "u8"):
        setattr(mypy_extensions, name, int)


def compiled() -> bool:
    """Whether the hot modules of this process are the compiled ones."""
    spec = find_spec("protocol.messages")
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))


def form() -> str:
    """``compiled`` or ``interpreted``, as people are told it."""
    return "compiled" if compiled() else "interpreted"


def _compiled_file(root: Path, path: str) -> Path:
    return root / (path[:-3] + EXTENSION_SUFFIXES[0])


def _librt_version() -> str:
    """The version of librt from the name of its metadata folder: importlib.metadata would cost 20 ms."""
    spec = find_spec("librt")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in os.listdir(Path(folder).parent):  # noqa: PTH208  (names only, an order of magnitude cheaper)
            if name.startswith("librt-"):
                return name
    return "librt absent"
