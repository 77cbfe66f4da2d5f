"""How a private store is started."""

from pathlib import Path

import pytest

from balance.redis_store import launch


def test_jemalloc_is_preloaded_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands before what the user preloads, and asks for huge pages unless the user sets it up."""
    library = tmp_path / "x86_64-linux-gnu" / launch.JEMALLOC
    library.parent.mkdir()
    library.touch()
    monkeypatch.setattr(launch, "LIBRARY_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("LD_PRELOAD", "theirs.so")
    monkeypatch.delenv("MALLOC_CONF", raising=False)
    environment = launch.launch_environment()
    assert environment["LD_PRELOAD"] == f"{library}:theirs.so"
    assert environment["MALLOC_CONF"] == launch.HUGE_PAGES
    monkeypatch.setenv("MALLOC_CONF", "narenas:1")
    assert launch.launch_environment()["MALLOC_CONF"] == "narenas:1"


def test_without_jemalloc_nothing_is_preloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library's own malloc is set up, unless the user does so."""
    monkeypatch.setattr(launch, "LIBRARY_FOLDERS", (str(tmp_path),))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    environment = launch.launch_environment()
    assert "LD_PRELOAD" not in environment
    assert environment["GLIBC_TUNABLES"] == launch.GLIBC_TUNABLES
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=1")
    assert launch.launch_environment()["GLIBC_TUNABLES"] == "glibc.malloc.check=1"
