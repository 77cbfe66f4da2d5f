"""Build the hot modules with mypyc.

``python setup.py build_ext --inplace`` compiles them beside their sources and writes the stamp that
``ocs.hotpath`` checks. In a wheel build they are optional extensions: without a C compiler the wheel holds the
sources alone. OCS_PURE=1 leaves them out.

Each module becomes one C file. They are compiled on all cores, and after an edit only those are compiled again
whose C or whose headers changed.
"""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
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
    extensions: list[Extension] = mypycify(
        paths, group_name=hotpath.GROUP, opt_level="3", debug_level="0", multi_file=True
    )
    for extension in extensions:
        extension.optional = "--inplace" not in sys.argv
    return extensions


def cores() -> int:
    """How many processes may compile beside each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class HotBuild(build_ext):
    """A build on all cores, of what changed; in place it says what it was made from.

    The stamp is written last: an interrupted build leaves none.
    """

    def finalize_options(self) -> None:
        """Build the extensions beside each other unless the caller says how many."""
        super().finalize_options()
        self.parallel = self.parallel or cores()

    def run(self) -> None:
        """Remove the old stamp, build, write the new one."""
        if not self.inplace:
            super().run()
            return
        (ROOT / hotpath.STAMP).unlink(missing_ok=True)
        super().run()
        if self.extensions:
            hotpath.write_stamp(ROOT, f"mypy {version('mypy')}")

    def build_extension(self, ext: Extension) -> None:
        """Compile the C files of the shared library first; what is left to do for it then is to link."""
        if len(ext.sources) > 1:
            if self.compiler.compiler_type == "unix":
                # Calls between our functions need no table then, and may be inlined.
                ext.extra_compile_args.append("-fvisibility=hidden")
            largest_first = sorted(ext.sources, key=lambda path: -Path(path).stat().st_size)
            behind = self._digest_of_headers(ext)
            with ThreadPoolExecutor(cores()) as pool:
                objects = list(pool.map(lambda source: self._object_of(ext, source, behind), largest_first))
            ext.sources, ext.extra_objects, ext.depends = [], sorted(objects), objects
        super().build_extension(ext)

    def _digest_of_headers(self, ext: Extension) -> bytes:
        """What all objects of an extension depend on: headers, flags, compiler, interpreter, mypyc."""
        command = getattr(self.compiler, "compiler_so", [])
        told = [sys.version, version("mypy"), *command, *ext.extra_compile_args]
        total = hashlib.sha256("\n".join(map(str, told)).encode())
        # The headers of mypyc's run-time are told by its version; they are copied only after the first look.
        for header in sorted(path for path in ext.depends if Path(path).name.startswith("__native")):
            total.update(hashlib.sha256(Path(header).read_bytes()).digest())
        return total.digest()

    def _object_of(self, ext: Extension, source: str, behind: bytes) -> str:
        """The object of one C file, compiled unless the one that is there was made from the same."""
        wanted = hashlib.sha256(behind + Path(source).read_bytes()).hexdigest()
        [path] = self.compiler.object_filenames([source], output_dir=self.build_temp)
        made_from = Path(path + ".made_from")
        if Path(path).is_file() and made_from.is_file() and made_from.read_text() == wanted:
            return str(path)
        made_from.unlink(missing_ok=True)
        self.compiler.compile(
            [source],
            output_dir=self.build_temp,
            include_dirs=ext.include_dirs,
            extra_postargs=ext.extra_compile_args,
        )
        made_from.write_text(wanted)
        return str(path)


setup(ext_modules=hot_extensions(), cmdclass={"build_ext": HotBuild})
