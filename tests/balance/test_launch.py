"""How a private store is started."""

from pathlib import Path

import pytest

from balance.redis_store import launch
from balance.redis_store.private import base_octets


def test_jemalloc_is_preloaded_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands before what the user preloads; a large store asks for huge pages, unless the user did."""
    library = tmp_path / "x86_64-linux-gnu" / launch.JEMALLOC
    library.parent.mkdir()
    library.touch()
    monkeypatch.setattr(launch, "LIBRARY_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("LD_PRELOAD", "theirs.so")
    monkeypatch.delenv("MALLOC_CONF", raising=False)
    environment = launch.launch_environment(launch.LARGE_OCTETS)
    assert environment["LD_PRELOAD"] == f"{library}:theirs.so"
    assert environment["MALLOC_CONF"] == launch.HUGE_PAGES
    assert "MALLOC_CONF" not in launch.launch_environment(launch.LARGE_OCTETS - 1)
    monkeypatch.setenv("MALLOC_CONF", "narenas:1")
    assert launch.launch_environment(launch.LARGE_OCTETS)["MALLOC_CONF"] == "narenas:1"


def test_without_jemalloc_nothing_is_preloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library's own malloc is set up, unless the user does so."""
    monkeypatch.setattr(launch, "LIBRARY_FOLDERS", (str(tmp_path),))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    environment = launch.launch_environment(0)
    assert "LD_PRELOAD" not in environment
    assert environment["GLIBC_TUNABLES"] == launch.GLIBC_TUNABLES
    large = launch.launch_environment(launch.LARGE_OCTETS)
    assert large["GLIBC_TUNABLES"] == launch.GLIBC_TUNABLES + launch.GLIBC_HUGE_PAGES
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=1")
    assert launch.launch_environment(0)["GLIBC_TUNABLES"] == "glibc.malloc.check=1"


def test_the_states_in_the_log_are_measured(tmp_path: Path) -> None:
    """What came since the log was rewritten does not count; a store that never ran has none."""
    assert base_octets(tmp_path) == 0
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    (folder / "appendonly.aof.2.base.rdb").write_bytes(b"12345")
    (folder / "appendonly.aof.2.incr.aof").write_bytes(b"678")
    (folder / "appendonly.aof.manifest").write_bytes(b"9")
    assert base_octets(tmp_path) == 5
