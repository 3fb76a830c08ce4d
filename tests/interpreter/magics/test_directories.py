"""`%cd` and its kin."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


@pytest.fixture
def work(shell: InteractiveShell, tmp_path: Path) -> Path:
    work = tmp_path / "work"
    (work / "sub").mkdir()
    (work / "a b").mkdir()
    (work / "file").touch()
    return work


def magic(shell: InteractiveShell, line: str) -> object:
    name, _, rest = line.partition(" ")
    return shell.run_line_magic(name, rest)


def test_cd_goes_and_says_where(
    shell: InteractiveShell, work: Path, capsys: Out
) -> None:
    magic(shell, "cd sub")
    magic(shell, "cd ..")
    magic(shell, "cd -q 'a b'")
    magic(shell, 'cd "../a b"')

    assert capsys.readouterr().out == f"{work}/sub\n{work}\n{work}/a b\n"
    assert os.getcwd() == f"{work}/a b"
    assert magic(shell, "pwd") == f"{work}/a b"
    assert shell.user_ns["_dh"] == [f"{work}", f"{work}/sub", f"{work}", f"{work}/a b"]


def test_cd_may_be_silent_always(
    shell: InteractiveShell, work: Path, capsys: Out
) -> None:
    shell.run_cell("%config OSMagics.cd_force_quiet = True")
    magic(shell, "cd sub")

    assert capsys.readouterr().out == ""
    assert os.getcwd() == f"{work}/sub"


def test_cd_home(shell: InteractiveShell, work: Path, tmp_path: Path) -> None:
    for line in ("cd", "cd ~"):
        magic(shell, "cd /")
        magic(shell, line)
        assert os.getcwd() == str(tmp_path / "home")


def test_cd_back_in_history(shell: InteractiveShell, work: Path, capsys: Out) -> None:
    magic(shell, "cd sub")
    magic(shell, "cd -")
    assert os.getcwd() == str(work)

    magic(shell, "cd -1")
    assert os.getcwd() == f"{work}/sub"

    magic(shell, "cd /")
    magic(shell, "cd --su")
    assert os.getcwd() == f"{work}/sub"

    capsys.readouterr()
    magic(shell, "cd -99")
    assert "no folder 99" in capsys.readouterr().out
    for line in ("cd --nosuch", "cd -x"):
        with pytest.raises(UsageError):
            magic(shell, line)


@pytest.mark.parametrize("target", ["nosuch", "file"])
def test_a_folder_that_is_none(
    shell: InteractiveShell, work: Path, capsys: Out, target: str
) -> None:
    magic(shell, f"cd {target}")

    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(repr(target))
    assert second == str(work)


def test_a_folder_that_was_deleted(shell: InteractiveShell, work: Path) -> None:
    magic(shell, "cd -q sub")
    (work / "sub").rmdir()

    with pytest.raises(UsageError, match="deleted"):
        magic(shell, "pwd")
    magic(shell, f"cd -q {work}")

    assert magic(shell, "pwd") == str(work)


def test_a_shell_starts_in_a_folder_that_was_deleted(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    before = os.getcwd()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        shell = InteractiveShell()
    finally:
        os.chdir(before)

    assert shell.dir_history == []


def test_the_stack(shell: InteractiveShell, work: Path, capsys: Out) -> None:
    assert magic(shell, "pushd sub") == [str(work)]
    assert magic(shell, "pushd") == [f"{work}/sub", str(work)]
    assert magic(shell, "dirs") == [f"{work}/sub", str(work)]

    capsys.readouterr()
    magic(shell, "popd")
    magic(shell, "popd")
    assert capsys.readouterr().out == (
        f"{work}/sub\npopd -> {work}/sub\n{work}\npopd -> {work}\n"
    )
    with pytest.raises(UsageError, match="empty"):
        magic(shell, "popd")


def test_folders_at_home_are_short_on_the_stack(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    (tmp_path / "home" / "x").mkdir()
    magic(shell, "cd -q ~/x")

    assert magic(shell, "pushd /") == ["~/x"]
    magic(shell, "popd")
    assert os.getcwd() == str(tmp_path / "home" / "x")


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("dhist", [0, 1, 2]),
        ("dhist 2", [1, 2]),
        ("dhist 1 2", [1]),
        ("dhist 0 9", [0, 1, 2]),
    ],
)
def test_dhist(
    shell: InteractiveShell, work: Path, capsys: Out, line: str, numbers: list[int]
) -> None:
    magic(shell, "cd -q sub")
    magic(shell, "cd -q /")

    magic(shell, line)

    folders = [str(work), f"{work}/sub", "/"]
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"{number}: {folders[number]}" for number in numbers
    ]
    with pytest.raises(UsageError):
        magic(shell, "dhist x")


# --- bookmarks ------------------------------------------------------------------------


def test_bookmarks_outlive_the_session(
    shell: InteractiveShell, work: Path, capsys: Out
) -> None:
    profile = SimpleNamespace(location=str(work))
    shell.profile_dir = profile
    magic(shell, "bookmark here")
    magic(shell, "bookmark other '/usr'")

    again = InteractiveShell()
    again.profile_dir = profile
    magic(again, "cd -b other")
    magic(again, "cd here")

    assert os.getcwd() == str(work)
    assert capsys.readouterr().out == (
        f"(bookmark:other) -> /usr\n/usr\n(bookmark:here) -> {work}\n{work}\n"
    )


def test_bookmarks_are_listed_and_forgotten(
    shell: InteractiveShell, capsys: Out
) -> None:
    magic(shell, "bookmark b /b")
    magic(shell, "bookmark aa /a")
    magic(shell, "bookmark -l")
    assert capsys.readouterr().out.splitlines()[1:] == ["aa -> /a", "b  -> /b"]

    magic(shell, "bookmark -d b")
    magic(shell, "bookmark -l")
    assert capsys.readouterr().out.splitlines()[1:] == ["aa -> /a"]

    magic(shell, "bookmark -r")
    magic(shell, "bookmark -l")
    assert capsys.readouterr().out.splitlines()[1:] == []


@pytest.mark.parametrize(
    "line", ["bookmark", "bookmark -d", "bookmark -d x", "bookmark a b c", "cd -b x"]
)
def test_a_bookmark_that_is_none(shell: InteractiveShell, line: str) -> None:
    with pytest.raises(UsageError):
        magic(shell, line)
