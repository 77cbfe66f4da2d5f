"""Compiled or interpreted: an old build never shadows a source, and a good one is taken."""

import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from ocs import hotpath

ROOT = Path(__file__).parent.parent.parent
ORIGIN = """
import ocs
from ocs import hotpath
import balance.keys
print(balance.keys.__file__)
print(hotpath.compiled())
"""


def checkout(folder: Path) -> Path:
    """A copy of the sources, without anything compiled."""
    for package in hotpath.PACKAGES:
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def hotpath_of(folder: Path) -> ModuleType:
    """The copy's own ``ocs.hotpath``: the checkout may be edited while the tests run."""
    spec = spec_from_file_location("hotpath_of_copy", folder / "ocs" / "hotpath.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pretend_compiled(folder: Path) -> None:
    """Put an empty file where each compiled module would be, and the stamp that vouches for them."""
    own = hotpath_of(folder)
    for path in own.hot_sources(folder):
        (folder / (path[:-3] + EXTENSION_SUFFIXES[0])).write_bytes(b"")
    own.write_stamp(folder, "test")


def run(folder: Path, pure: str = "") -> subprocess.CompletedProcess[str]:
    """Import a hot module in a fresh interpreter and print where it came from."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "OCS_PURE": pure}
    return subprocess.run(
        [sys.executable, "-P", "-c", ORIGIN],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def test_sources_run_where_nothing_is_compiled(tmp_path: Path) -> None:
    """Without a build the sources run, and nothing is said about it."""
    done = run(checkout(tmp_path))

    assert done.stdout.split() == [str(tmp_path / "balance/keys.py"), "False"]
    assert done.stderr == ""


def test_current_build_is_taken(tmp_path: Path) -> None:
    """With a stamp that fits its sources the compiled files are imported (these are empty, so that fails)."""
    pretend_compiled(checkout(tmp_path))
    done = run(tmp_path)

    assert hotpath_of(tmp_path).is_built(tmp_path)
    assert "ImportError" in done.stderr
    assert EXTENSION_SUFFIXES[0] in done.stderr


@pytest.mark.parametrize("edited", ["balance/keys.py", "rating/catalogue.py"])
def test_edited_source_shadows_its_old_build(tmp_path: Path, edited: str) -> None:
    """After an edit all sources run, and one line says that the build is old."""
    pretend_compiled(checkout(tmp_path))
    with (tmp_path / edited).open("a") as source:
        source.write("# edited\n")
    done = run(tmp_path)

    assert done.stdout.split() == [str(tmp_path / "balance/keys.py"), "False"]
    assert done.stderr.count("\n") == 1
    assert "make compile" in done.stderr


def test_build_without_a_stamp_is_not_trusted_in_a_checkout(tmp_path: Path) -> None:
    """A build that was interrupted, or made by hand, is passed over."""
    pretend_compiled(checkout(tmp_path))
    (tmp_path / hotpath.STAMP).unlink()

    assert run(tmp_path).stdout.split()[1] == "False"


def test_pure_is_pure(tmp_path: Path) -> None:
    """OCS_PURE=1 runs the sources even where the build is current."""
    pretend_compiled(checkout(tmp_path))
    done = run(tmp_path, pure="1")

    assert done.stdout.split() == [str(tmp_path / "balance/keys.py"), "False"]
    assert done.stderr == ""


def test_interpreted_numbers_are_plain_at_once() -> None:
    """What the compiler makes machine integers of is ``int`` where the sources run."""
    script = "import ocs, balance.packing as hot; print(hot.i64 is int, hot.u8 is int)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OCS_PURE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]


def test_stamp_covers_what_hot_modules_import() -> None:
    """Constants are compiled in, so a build depends on every source of ours that a hot module imports."""
    sources = hotpath.sources_behind(ROOT, ["protocol/avp.py"])

    assert "protocol/codes.py" in sources
    assert "protocol/avp.py" in sources
