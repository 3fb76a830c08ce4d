"""Values that outlive the session: `shell.db` and `%store`."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.byvalue import NotKept
from ipcluster.engines.interpreter.configuration.profiles import ProfileDir
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.frontend import FrontEnd
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.session import open_shell
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.store import ProfileStore


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], InteractiveShell]]:
    """A function that opens one more shell of the profile."""
    shells = []

    def open_one() -> InteractiveShell:
        shell = InteractiveShell(RecordingFrontEnd())
        shell.profile_dir = ProfileDir(str(tmp_path / "profile"))
        shell.activate()
        shells.append(shell)
        return shell

    yield open_one
    for shell in reversed(shells):
        shell.close()


# --- shell.db -------------------------------------------------------------------------


@pytest.mark.parametrize("has_profile", [True, False])
def test_it_is_a_dict(
    shell: InteractiveShell, tmp_path: Path, has_profile: bool
) -> None:
    if has_profile:
        shell.profile_dir = ProfileDir(str(tmp_path / "profile"))
    db = shell.db

    assert dict(db) == {}
    db["bookmarks"] = {"a": "/tmp"}
    db["autorestore/x"] = 5
    db["autorestore/y z/../ü"] = [1]

    assert sorted(db) == ["autorestore/x", "autorestore/y z/../ü", "bookmarks"]
    assert db["bookmarks"] == {"a": "/tmp"}
    assert db["autorestore/y z/../ü"] == [1]
    assert db.keys("auto*") == ["autorestore/x", "autorestore/y z/../ü"]
    assert "bookmarks" in db
    assert "book" not in db
    assert db.get("nothing", 7) == 7
    del db["bookmarks"]
    with pytest.raises(KeyError):
        del db["bookmarks"]
    with pytest.raises(KeyError):
        db["bookmarks"]
    assert len(db) == 2


def test_values_are_files_where_ipython_has_them(
    start: Callable[[], InteractiveShell], tmp_path: Path
) -> None:
    start().db["autorestore/x"] = [1, 2]

    file = tmp_path / "profile" / "db" / "autorestore" / "x"
    assert pickle.loads(file.read_bytes()) == [1, 2]
    assert file.stat().st_mode & 0o077 == 0
    assert [one.name for one in file.parent.iterdir()] == ["x"]


def test_two_sessions_see_each_others_values(
    start: Callable[[], InteractiveShell],
) -> None:
    first, second = start().db, start().db
    first["x"] = 1
    assert second["x"] == 1
    second["x"] = 2
    assert first["x"] == 2


def test_a_value_is_a_copy(start: Callable[[], InteractiveShell]) -> None:
    db, value = start().db, [1]
    db["x"] = value
    value.append(2)

    assert db["x"] == [1]


def test_a_broken_file_is_skipped_with_a_message(
    start: Callable[[], InteractiveShell],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    db = start().db
    db["x"] = 1
    (tmp_path / "profile" / "db" / "x").write_bytes(b"broken")

    assert db.get("x", "otherwise") == "otherwise"
    assert db.get("x") is None
    assert capsys.readouterr().err.count("'x' cannot be read") == 1


def test_what_cannot_be_kept_says_why(start: Callable[[], InteractiveShell]) -> None:
    db = start().db
    db["x"] = 1
    with (
        open(__file__) as file,
        pytest.raises(NotKept, match=r"x\[1\]\['f'\]: cannot pickle"),
    ):
        db["x"] = [0, {"f": file}]

    assert db["x"] == 1


def test_a_folder_that_cannot_be_written_to_is_said_once(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    shell.profile_dir = ProfileDir(str(tmp_path / "file" / "profile"))
    db = shell.db

    db["x"] = 1
    db["y"] = 2

    assert (db["x"], db["y"]) == (1, 2)
    assert capsys.readouterr().err.count("Nothing can be stored") == 1


@pytest.mark.parametrize("key", ["", "a//b", "/", "a/"])
def test_a_key_has_no_empty_parts(
    start: Callable[[], InteractiveShell], key: str
) -> None:
    with pytest.raises(KeyError):
        start().db[key] = 1


# --- %store ---------------------------------------------------------------------------


def store(shell: InteractiveShell, line: str = "") -> None:
    shell.run_line_magic("store", line)


def test_variables_come_back_in_another_session(
    start: Callable[[], InteractiveShell], capsys: pytest.CaptureFixture[str]
) -> None:
    first = start()
    run(first, "x = [1, 2]", "y = 'text'")
    store(first, "x y")
    run(first, "x = 0")
    second = start()
    store(second, "-r")

    assert second.user_ns["x"] == [1, 2]
    assert second.user_ns["y"] == "text"
    store(second)
    assert capsys.readouterr().out == (
        "Stored 'x' (list)\nStored 'y' (str)\n"
        "Stored variables and their in-db values:\nx -> [1, 2]\ny -> 'text'\n"
    )


def test_functions_and_classes_of_the_prompt_come_back(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from ipcluster.engines.interpreter.frontend import FrontEnd\n"
        "from ipcluster.engines.interpreter.configuration.profiles import ProfileDir\n"
        "from ipcluster.engines.interpreter.shell import InteractiveShell\n"
        "shell = InteractiveShell(FrontEnd())\n"
        "shell.profile_dir = ProfileDir(sys.argv[1])\n"
        "shell.activate()\n"
        "for cell in sys.argv[2:]:\n"
        "    shell.run_cell(cell, store_history=True)\n"
        "shell.close()\n"
    )

    def session(*cells: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "profile"), *cells],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        return done.stdout

    session(
        "import math\n"
        "def helper(x): return math.sqrt(x)\n"
        "class K:\n"
        "    def __init__(self, x): self.x = x\n"
        "    def root(self): return helper(self.x)\n"
        "k = K(16)",
        "get_ipython().run_line_magic('store', 'k K helper')",
    )
    shown = session(
        "get_ipython().run_line_magic('store', '-r')",
        "print(k.root(), helper(4), isinstance(k, K), 'math' in globals())",
    )

    assert shown == "4.0 2.0 True False\n"


def test_macros_come_back(start: Callable[[], InteractiveShell]) -> None:
    first = start()
    first.define_macro("again", "a = 5\n")
    store(first, "again")
    second = start()
    store(second, "-r again")
    run(second, "again")

    assert second.user_ns["a"] == 5


def test_what_is_forgotten_does_not_come_back(
    start: Callable[[], InteractiveShell], capsys: pytest.CaptureFixture[str]
) -> None:
    shell = start()
    run(shell, "x = 1; y = 2; z = 3")
    store(shell, "x y z")
    store(shell, "-d x")
    store(shell, "-r x")
    assert "no stored variable or alias x" in capsys.readouterr().out
    store(shell, "-z")

    assert list(shell.db) == []
    with pytest.raises(UsageError, match="'x' is not stored"):
        store(shell, "-d x")
    with pytest.raises(UsageError, match="wants the names"):
        store(shell, "-d")


def test_values_go_to_files_as_text(
    start: Callable[[], InteractiveShell],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shell = start()
    run(shell, "x = [1]; y = 'two'")
    store(shell, "x > out.txt")
    store(shell, "y >>out.txt")
    store(shell, "x * 2 >> 'out.txt'")

    assert Path("out.txt").read_text() == "[1]\ntwo\n[1, 1]\n"
    assert capsys.readouterr().out.startswith("Writing 'x' (list) to file 'out.txt'.")
    with pytest.raises(UsageError, match="cannot be written"):
        store(shell, "x > no/folder/out.txt")
    with pytest.raises(UsageError, match="NameError"):
        store(shell, "nothing > out.txt")


def test_store_says_what_is_wrong(start: Callable[[], InteractiveShell]) -> None:
    shell = start()
    run(shell, "f = (n for n in ())")

    with pytest.raises(UsageError, match="Unknown variable 'nothing'"):
        store(shell, "nothing")
    with pytest.raises(UsageError, match=r"f cannot be stored: .*generator"):
        store(shell, "f")
    with pytest.raises(UsageError, match="-x"):
        store(shell, "-x")


def test_a_value_with_a_broken_repr_is_listed(
    start: Callable[[], InteractiveShell], capsys: pytest.CaptureFixture[str]
) -> None:
    shell = start()
    run(
        shell,
        "class K:\n    def __repr__(self): raise RuntimeError('no')",
        "k = K()",
    )
    store(shell, "k")
    store(shell)

    assert "k -> <its __repr__ raises RuntimeError>" in capsys.readouterr().out


class Aliases:
    """As much of the manager of shell aliases as %store needs."""

    def __init__(self) -> None:
        self.commands: dict[str, str] = {}

    def retrieve_alias(self, name: str) -> str:
        if name not in self.commands:
            raise ValueError(name)
        return self.commands[name]

    def define_alias(self, name: str, command: str) -> None:
        self.commands[name] = command


def test_aliases_come_back(
    start: Callable[[], InteractiveShell], capsys: pytest.CaptureFixture[str]
) -> None:
    first: Any = start()
    second: Any = start()
    first.alias_manager, second.alias_manager = Aliases(), Aliases()
    first.alias_manager.define_alias("foo", "echo hi")

    store(first, "foo")
    store(second)
    store(second, "-r foo")
    assert second.alias_manager.commands == {"foo": "echo hi"}

    store(second, "-d foo")
    assert list(first.db["stored_aliases"]) == []
    assert "foo -> echo hi" in capsys.readouterr().out


def test_all_comes_back_at_the_start_if_that_is_configured(tmp_path: Path) -> None:
    folder = ProfileDir(str(tmp_path / "profile"))

    class Shell(InteractiveShell):
        def activate(self) -> None:
            self.profile_dir = folder
            super().activate()

    first = open_shell(FrontEnd(), shell_class=Shell)
    first.db["autorestore/x"] = 5
    first.close()
    config = {"StoreMagics": {"autorestore": True}}
    second = open_shell(FrontEnd(), shell_class=Shell, config=config)
    third = open_shell(FrontEnd(), shell_class=Shell)
    try:
        assert second.user_ns["x"] == 5
        assert "x" not in third.user_ns
    finally:
        third.close()
        second.close()


def test_a_store_has_a_short_repr(shell: InteractiveShell) -> None:
    assert repr(ProfileStore(shell)) == "<ProfileStore in memory>"
