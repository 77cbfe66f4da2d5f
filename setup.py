"""Build the hot modules with mypyc.

``python setup.py build_ext --inplace`` compiles them beside their sources and writes the stamp that
``ocs.hotpath`` checks. In a wheel build they are optional extensions: without a C compiler the wheel holds the
sources alone. OCS_PURE=1 leaves them out.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))
PURE = os.environ.get("OCS_PURE", "") not in {"", "0"}
os.environ["OCS_PURE"] = "1"  # this process compiles the sources, it need not judge what is there

from ocs import hotpath  # noqa: E402  (the root is on the path only now)


def hot_extensions() -> list[Extension]:
    """One group of all hot modules; none where OCS_PURE=1 or mypyc is missing."""
    if PURE:
        return []
    try:
        from mypyc.build import mypycify  # noqa: PLC0415  (a build tool that need not be there)
    except ImportError:
        sys.stderr.write("ocs: mypyc is not installed, the hot modules stay interpreted\n")
        return []
    paths = [path for path in hotpath.hot_sources(ROOT) if not path.endswith("__init__.py")]
    extensions: list[Extension] = mypycify(paths, group_name=hotpath.GROUP, opt_level="3", debug_level="0")
    for extension in extensions:
        extension.optional = "--inplace" not in sys.argv
    return extensions


class StampedBuild(build_ext):
    """A build in place that says what it was made from, last: an interrupted one leaves no stamp."""

    def run(self) -> None:
        """Remove the old stamp, build, write the new one."""
        if not self.inplace:
            super().run()
            return
        (ROOT / hotpath.STAMP).unlink(missing_ok=True)
        super().run()
        if self.extensions:
            hotpath.write_stamp(ROOT, f"mypy {version('mypy')}")


setup(ext_modules=hot_extensions(), cmdclass={"build_ext": StampedBuild})
