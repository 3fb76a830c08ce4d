"""What outlives a session."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell


def shell_in(folder: Path) -> InteractiveShell:
    """A shell whose profile is this folder."""
    shell = InteractiveShell()
    shell.profile_dir = SimpleNamespace(location=str(folder))
    return shell


def test_it_is_a_dict_on_disk(tmp_path: Path) -> None:
    store = shell_in(tmp_path).db
    assert list(store) == []

    store["bookmarks"] = {"a": 1}
    store["autorestore/x"] = [2]
    store["autorestore/x"] = [3]

    again = shell_in(tmp_path).db
    assert again["bookmarks"] == {"a": 1}
    assert list(again.items()) == [("autorestore/x", [3]), ("bookmarks", {"a": 1})]
    assert again.keys("autorestore/*") == ["autorestore/x"]
    assert "bookmarks" in again

    del again["bookmarks"]
    assert "bookmarks" not in store
    assert store.get("bookmarks", 5) == 5
    with pytest.raises(KeyError):
        del again["bookmarks"]


def test_without_a_profile_it_lasts_as_long_as_the_session(
    shell: InteractiveShell,
) -> None:
    shell.db["x"] = [1]

    assert shell.db["x"] == [1]
    assert "x" not in InteractiveShell().db


def test_a_folder_that_cannot_be_written_to_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "db").write_text("in the way")
    store = shell_in(tmp_path).db

    store["x"] = 1
    store["y"] = 2

    assert (store["x"], store["y"]) == (1, 2)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_broken_file_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "x").write_bytes(b"\x80")

    assert shell_in(tmp_path).db.get("x") is None
