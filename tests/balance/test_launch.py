"""How a private store is started."""

from pathlib import Path

import pytest

from balance.redis_store import launch


def test_jemalloc_is_preloaded_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands before what the user preloads."""
    library = tmp_path / "x86_64-linux-gnu" / launch.JEMALLOC
    library.parent.mkdir()
    library.touch()
    monkeypatch.setattr(launch, "LIBRARY_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("LD_PRELOAD", "theirs.so")
    assert launch.launch_environment()["LD_PRELOAD"] == f"{library}:theirs.so"


def test_without_jemalloc_the_environment_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is preloaded."""
    monkeypatch.setattr(launch, "LIBRARY_FOLDERS", (str(tmp_path),))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    assert "LD_PRELOAD" not in launch.launch_environment()
