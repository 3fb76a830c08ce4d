"""`%session`: a whole session in a file, and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.configuration.profiles import ProfileDir
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.saved.names import circles
from ipcluster.engines.interpreter.shell import InteractiveShell

Start = Callable[[], InteractiveShell]


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def session(shell: InteractiveShell, line: str) -> None:
    """Call the magic in a cell of its own."""
    code = f"get_ipython().run_line_magic('session', {line!r})"
    shell.run_cell(code, store_history=True).raise_error()


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """A function that opens one more shell of the profile."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
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


def there_and_back(start: Start, *cells: str) -> InteractiveShell:
    """A new shell with what cells have made in another one."""
    first = start()
    run(first, *cells)
    session(first, "save work")
    first.close()
    second = start()
    session(second, "restore work")
    return second


# --- names ----------------------------------------------------------------------------


def test_names_come_back_with_what_they_share(start: Start) -> None:
    shell = there_and_back(
        start,
        "a = [1, 2]; b = a; c = {'a': a}; _own = 'x'",
        "import os, collections as col",
        "d = col.deque([1]); n = None",
    )
    names = shell.user_ns

    assert names["a"] is names["b"]
    assert names["c"]["a"] is names["a"]
    assert names["_own"] == "x"
    assert names["os"] is os
    assert list(names["d"]) == [1]
    assert names["n"] is None


def test_functions_live_in_the_namespace_again(start: Start) -> None:
    shell = there_and_back(
        start,
        "x = 1\ndef f(y=2):\n    'doc'\n    return g(y) + x\ndef g(y): return y * 10",
        "def counter():\n    n = 0\n    def count():\n        nonlocal n\n"
        "        n += 1\n        return n\n    return count",
        "c = counter(); c(); square = lambda x: x * x; f.mark = 5",
        "async def later(): return x",
    )
    run(
        shell, "x = 100", "seen = f(), c(), square(3), f.mark, f.__doc__, await later()"
    )

    assert shell.user_ns["seen"] == (120, 2, 9, 5, "doc", 100)
    assert shell.user_ns["f"].__globals__ is shell.user_ns


def test_classes_and_their_instances_stay_together(start: Start) -> None:
    shell = there_and_back(
        start,
        "import dataclasses, enum",
        "class A:\n    n = 0\n    def up(self):\n        A.n += 1; return self",
        "@dataclasses.dataclass\nclass P:\n    x: int\n    a: A = None",
        "class E(enum.Enum):\n    one = 1",
        "a = A().up(); p = P(3, a); e = E.one",
    )
    run(
        shell,
        "seen = (type(a) is A, type(p) is P, p.a is a, A.n, E.one is e, p == P(3, a))",
    )

    assert shell.user_ns["seen"] == (True, True, True, 1, True, True)


def test_values_in_circles_come_back(start: Start) -> None:
    shell = there_and_back(
        start,
        "a = []; b = [a]; a.append(b)",
        "class Node: pass",
        "x, y, z = Node(), Node(), Node(); x.next, y.next, z.next = y, z, x",
        "me = []; me.append(me)",
    )
    names = shell.user_ns

    assert names["a"][0] is names["b"]
    assert names["b"][0] is names["a"]
    assert names["x"].next.next.next is names["x"]
    assert names["z"].next is names["x"]
    assert names["me"][0] is names["me"]


def test_sources_of_the_prompt_are_found_again(start: Start) -> None:
    shell = there_and_back(start, "def f():\n    return 1  # one")
    run(shell, "import inspect; source = inspect.getsource(f)")

    assert shell.user_ns["source"] == "def f():\n    return 1  # one\n"


def test_what_cannot_be_kept_is_listed_and_the_rest_is_kept(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = there_and_back(
        start,
        "import threading",
        "lock = threading.Lock(); box = {'inner': [lock]}; gen = (n for n in ())",
        "class Bad:\n    def __reduce__(self): raise RuntimeError('not me')",
        "bad = Bad(); good = 5",
    )
    shown = capsys.readouterr().out

    assert shell.user_ns["good"] == 5
    assert not {"lock", "box", "gen", "bad"} & shell.user_ns.keys()
    assert "Not saved:\n  lock  cannot pickle '_thread.lock' object" in shown
    assert "box   box['inner'][0]: cannot pickle '_thread.lock' object" in shown
    assert "bad   not me" in shown
    assert "Not saved then:" in shown


def test_a_value_whose_library_has_gone_is_listed(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "gone_library.py").write_text("class T: pass\n__version__ = '1'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    first = start()
    run(first, "import gone_library", "t = gone_library.T(); ts = [t]; x = 1")
    session(first, "save work")
    (tmp_path / "gone_library.py").unlink()
    monkeypatch.delitem(sys.modules, "gone_library")
    second = start()
    session(second, "restore work")

    assert second.user_ns["x"] == 1
    assert "t" not in second.user_ns
    shown = capsys.readouterr().out
    assert "  t             No module named 'gone_library'" in shown
    assert "  ts            it needs t: No module named 'gone_library'" in shown


def test_other_versions_are_told(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "grown_library.py").write_text("__version__ = '1.0'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    first = start()
    run(first, "import grown_library as g")
    session(first, "save work")
    first.user_ns["g"].__version__ = "2.0"
    session(start(), "restore work")

    assert "Note: grown_library was 1.0, and is 2.0." in capsys.readouterr().out


def change_manifest(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write a session's file anew with another manifest."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)


def test_code_of_another_python_is_made_anew_from_its_source(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ipcluster.engines.interpreter import byvalue

    first = start()
    monkeypatch.setattr(byvalue, "MAGIC_NUMBER", b"0000")
    monkeypatch.setattr(byvalue, "_VERSION", "3.7")
    run(
        first,
        "import functools",
        "def double(f): return lambda *a: 2 * f(*a)",
        "@double\ndef f(x):\n    return x + 1",
        "class K:\n    def __init__(self, x): self.x = x\n"
        "    def get(self): return f(self.x)",
        "k = K(1); square = lambda x: x * x",
    )
    session(first, "save work")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    change_manifest(
        tmp_path / "profile" / "sessions" / "work.ipsession",
        lambda manifest: manifest.update(python="3.7.1"),
    )
    first.close()
    shell = start()
    session(shell, "restore work")
    run(shell, "seen = k.get(), type(k) is K")

    shown = capsys.readouterr().out
    assert "Note: Python was 3.7.1, and is" in shown
    assert "Made anew from their sources: double, K." in shown
    assert "square" in shown
    assert "it has code of Python 3.7" in shown
    assert "square" not in shell.user_ns
    # `f` is what a decorator made: no function of that name, so it has no source.
    assert "f" not in shell.user_ns


# --- inputs and outputs ---------------------------------------------------------------


def test_numbers_go_on_where_they_were(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = there_and_back(start, "a = 5", "a + 1", "display(a); 1/0")
    run(shell, "a", "seen = In[2], Out[2], _2, _i2, _")

    assert shell.user_ns["In"][:4] == ["", "a = 5", "a + 1", "display(a); 1/0"]
    assert shell.user_ns["seen"] == ("a + 1", 6, 6, "a + 1", 5)
    assert sorted(shell.outputs) == [2, 4]
    assert shell.execution_count == 6
    shown = [
        (number, [one.output_type for one in outputs])
        for number, outputs in shell.history_manager.outputs.items()
    ]
    assert sorted(shown)[:2] == [
        (2, ["execute_result"]),
        (3, ["display_data", "error"]),
    ]
    shell.run_line_magic("history", "-n -o 2")
    assert capsys.readouterr().out.endswith("   2: a + 1\n6\n")


def test_bundles_come_back_as_they_were_shown(start: Start) -> None:
    from ipcluster.engines.interpreter import events as e

    first = start()
    run(first, "a = 1")
    png = e.Display({"image/png": b"\x89PNG", "text/plain": "plot"}, {"width": 5})
    first.history_manager.outputs.note(1, png)
    session(first, "save work")
    second = start()
    session(second, "restore work")

    [shown] = second.history_manager.outputs[1]
    assert shown.bundle == png.data
    assert shown.metadata == {"width": 5}


def test_an_output_is_the_object_that_a_name_has(start: Start) -> None:
    shell = there_and_back(start, "a = [1]; a", "object()")

    assert shell.outputs[1] is shell.user_ns["a"]


def test_features_of_the_future_stay_on(start: Start) -> None:
    shell = there_and_back(start, "from __future__ import annotations")
    run(shell, "def f(x: nowhere): pass")

    assert shell.user_ns["f"].__annotations__ == {"x": "nowhere"}


def test_restored_inputs_are_not_found_twice(start: Start) -> None:
    shell = there_and_back(start, "a = 5", "b = 6")
    manager = shell.history_manager

    assert [text for _, _, text in manager.search("a = 5")] == ["a = 5"]
    assert [text for _, _, text in manager.get_range(0, 1, 3)] == ["a = 5", "b = 6"]
    assert manager.session_number == 2


# --- what is there already ------------------------------------------------------------


def test_names_of_this_session_are_not_lost_silently(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    first = start()
    run(first, "x = 1; y = 2")
    session(first, "save work")
    second = start()
    run(second, "x = 'mine'; z = 'mine'")
    front = second.frontend
    assert isinstance(front, RecordingFrontEnd)

    front.lines = ["n"]
    session(second, "restore work")
    assert front.prompts == ["This session's x will be lost. Go on? [y/N] "]
    assert second.user_ns["x"] == "mine"
    assert "y" not in second.user_ns

    front.lines = ["y"]
    session(second, "restore work")
    assert (second.user_ns["x"], second.user_ns["y"]) == (1, 2)
    assert second.user_ns["z"] == "mine"

    run(second, "x = 'mine'")
    session(second, "restore --force work")
    assert second.user_ns["x"] == 1
    assert "Replaced: x, y." in capsys.readouterr().out


def test_an_interrupt_puts_back_what_was_there(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start()
    run(
        first,
        "x = 1; y = 2",
        "def stop(): raise KeyboardInterrupt",
        "class Stops:\n    def __reduce__(self): return stop, ()",
        "z = Stops()",
    )
    session(first, "save work")
    second = start()
    run(second, "x = 'mine'")

    second.run_cell(
        "get_ipython().run_line_magic('session', 'restore -f work')",
        store_history=True,
    )

    assert isinstance(second.frontend, RecordingFrontEnd)
    assert second.frontend.errors == ["KeyboardInterrupt"]
    assert second.user_ns["x"] == "mine"
    assert "y" not in second.user_ns
    assert second.execution_count == 3


# --- files ----------------------------------------------------------------------------


def test_sessions_are_listed_shown_and_deleted(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = start()
    session(shell, "list")
    run(shell, "x = [1, 2, 3]")
    session(shell, "save work")
    session(shell, "save other")
    capsys.readouterr()

    session(shell, "list")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["other", "work"]
    assert "1 name, 3 inputs" in lines[0]

    session(shell, "list work")
    assert "  x  list  [1, 2, 3]\n" in capsys.readouterr().out

    session(shell, "delete -f work")
    session(shell, "list")
    assert "Deleted work.\nother" in capsys.readouterr().out


def test_a_kept_session_is_replaced_only_if_that_is_wanted(start: Start) -> None:
    shell = start()
    front = shell.frontend
    assert isinstance(front, RecordingFrontEnd)
    run(shell, "x = 1")
    session(shell, "save work")
    run(shell, "x = 2")
    front.lines = ["n", "n"]
    session(shell, "save work")
    session(shell, "delete work")
    other = start()
    session(other, "restore work")

    assert len(front.prompts) == 2
    assert other.user_ns["x"] == 1


def test_a_save_that_fails_leaves_the_old_file(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = start()
    run(shell, "x = 1")
    session(shell, "save work")
    path = tmp_path / "profile" / "sessions" / "work.ipsession"
    before = path.read_bytes()

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(UsageError, match="No space left on device"):
            shell.run_line_magic("session", "save -f work")

    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["work.ipsession"]


def test_a_path_is_a_file_anywhere(shell: InteractiveShell) -> None:
    run(shell, "x = 1")
    with pytest.raises(UsageError, match="no profile to keep work in"):
        shell.run_line_magic("session", "save work")

    shell.run_line_magic("session", "save ./work")
    run(shell, "del x")
    shell.run_line_magic("session", f"restore {os.getcwd()}/work.ipsession")

    assert shell.user_ns["x"] == 1


def test_bad_files_are_told(start: Start, tmp_path: Path) -> None:
    shell = start()
    run(shell, "x = 1")
    session(shell, "save work")
    path = tmp_path / "profile" / "sessions" / "work.ipsession"

    change_manifest(path, lambda manifest: manifest.update(format=99))
    with pytest.raises(UsageError, match="another version"):
        shell.run_line_magic("session", "restore work")

    path.write_bytes(b"no zip")
    with pytest.raises(UsageError, match="no saved session"):
        shell.run_line_magic("session", "restore work")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme", "something else")
    with pytest.raises(UsageError, match=r"no manifest\.json"):
        shell.run_line_magic("session", "restore work")
    with pytest.raises(UsageError, match="Kept sessions: work"):
        shell.run_line_magic("session", "restore nothing")
    shell.run_line_magic("session", "list")


@pytest.mark.parametrize(
    "line", ["", "keep x", "save a b", "save", "restore", "save .x"]
)
def test_session_says_what_is_wrong(start: Start, line: str) -> None:
    shell = start()
    with pytest.raises(UsageError):
        shell.run_line_magic("session", line)


def test_a_session_comes_back_in_another_process(tmp_path: Path) -> None:
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

    def python(*cells: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "profile"), *cells],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        return done.stdout

    python(
        "class K:\n    def m(self): return help_(self)\ndef help_(k): return k.x",
        "import numpy as np\nk = K(); k.x = a = np.arange(5); v = {'k': k}",
        "get_ipython().run_line_magic('session', 'save work')",
    )
    shown = python(
        "get_ipython().run_line_magic('session', 'restore work')",
        "print(k.m() is a, v['k'] is k, a.sum(), In[1][:7])",
        "print(get_ipython().execution_count)",
    )

    assert shown.splitlines()[-2:] == ["True True 10 class K", "4"]


# --- circles --------------------------------------------------------------------------


def test_circles_are_found() -> None:
    needs = {
        "a": {"b"},
        "b": {"c", "x"},
        "c": {"a", "gone"},
        "x": set[str](),
        "y": {"x", "a"},
        "z": {"z"},
    }

    assert sorted(map(sorted, circles(needs))) == [["a", "b", "c"], ["x"], ["y"], ["z"]]


def test_a_long_chain_is_no_error() -> None:
    needs = {str(n): {str(n + 1)} for n in range(5000)}
    needs["5000"] = {"4999"}

    assert max(map(len, circles(needs))) == 2
