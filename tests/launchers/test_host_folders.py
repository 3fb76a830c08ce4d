"""Folders of agents: none is taken from who uses it, and none stays for ever."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from ipcluster.launchers import host_folders
from ipcluster.launchers.app import main


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(host_folders, "places", lambda: [tmp_path])
    return tmp_path


def left_behind(place: Path) -> Path:
    folder = place / f"ipcluster-{os.getuid()}-agent-1-abc"
    folder.mkdir()
    (folder / "segment").write_bytes(b"x")
    return folder


def test_what_is_used_is_left_alone_and_what_nobody_locks_goes(place: Path) -> None:
    others = place / "ipcluster-agent"
    others.mkdir()
    old = left_behind(place)

    with host_folders.host_folders() as (folders, _locks):
        assert not old.exists()
        assert host_folders.sweep(place) == 0
        assert folders[0].is_dir()

    assert list(place.iterdir()) == [others]


def test_a_folder_that_another_start_sweeps_at_once_is_made_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = tempfile.mkdtemp
    swept: list[int] = []

    def make_and_lose(**words: object) -> str:
        folder = make(**words)  # type: ignore[call-overload]  # passed on as they come
        if not swept:
            swept.append(host_folders.sweep(place))
        return str(folder)

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_lose)

    with host_folders.host_folders() as (folders, _locks):
        assert swept == [1]
        assert folders[0].is_dir()


def test_clean_sweeps(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = left_behind(place)

    assert main(["clean"]) == 0

    assert not old.exists()
    assert "killed: 1 removed" in capsys.readouterr().out
    main(["clean"])
    assert capsys.readouterr().out == "nothing to clean\n"
