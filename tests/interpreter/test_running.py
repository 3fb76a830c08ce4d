"""What extensions call to run files, modules and code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def test_safe_execfile_runs_in_the_namespaces_that_it_is_given(
    shell: InteractiveShell,
) -> None:
    Path("s.py").write_text("x = seen\nimport sys\npath = sys.path[0]\n")
    names: dict[str, object] = {"seen": 3}
    before = list(sys.path)

    shell.safe_execfile("s.py", names)

    assert names["x"] == 3
    assert names["path"] == str(Path.cwd())
    assert "x" not in shell.user_ns
    assert sys.path == before


def test_safe_execfile_shows_errors_or_raises_them(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("bad.py").write_text("1/0")
    Path("ends.py").write_text("raise SystemExit(3)")

    shell.safe_execfile("bad.py", {})
    shell.safe_execfile("nofile.py", {})
    shell.safe_execfile("ends.py", {})
    shell.safe_execfile("ends.py", {}, exit_ignore=True)
    with pytest.raises(ZeroDivisionError):
        shell.safe_execfile("bad.py", {}, raise_exceptions=True)
    with pytest.raises(SystemExit):
        shell.safe_execfile("ends.py", {}, raise_exceptions=True)

    assert frontend.errors == ["ZeroDivisionError", "FileNotFoundError", "SystemExit"]


def test_safe_execfile_shares_the_future_where_it_is_told_to(
    shell: InteractiveShell,
) -> None:
    Path("s.py").write_text("def f(a: 1 + 1): ...\n")
    shell.run_cell("from __future__ import annotations")
    apart: dict[str, object] = {}
    shared: dict[str, object] = {}

    shell.safe_execfile("s.py", apart)
    shell.safe_execfile("s.py", shared, shell_futures=True)

    assert apart["f"].__annotations__ == {"a": 2}
    assert shared["f"].__annotations__ == {"a": "1 + 1"}


def test_safe_execfile_ipy_runs_typed_text_in_the_session(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("typed.txt").write_text("x = %pwd\n5\n")
    Path("bad.ipy").write_text("1/0")

    shell.safe_execfile_ipy("typed.txt")
    shell.safe_execfile_ipy("bad.ipy")
    with pytest.raises(ZeroDivisionError):
        shell.safe_execfile_ipy("bad.ipy", raise_exceptions=True)

    assert shell.user_ns["x"] == str(Path.cwd())
    assert frontend.results == []
    assert frontend.errors == ["ZeroDivisionError"]


def test_safe_run_module_gives_the_modules_names(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("runs_as_main.py").write_text("name = __name__\n")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    names: dict[str, object] = {}

    shell.safe_run_module("runs_as_main", names)
    shell.safe_run_module("no_such_module", names)

    assert names == {"name": "__main__"}
    assert frontend.errors == ["ModuleNotFoundError"]
    assert sys.modules["__main__"].__dict__ is shell.user_ns


def test_a_new_module_for_each_run_and_the_last_of_each_file_is_kept(
    shell: InteractiveShell,
) -> None:
    first = shell.new_main_mod("s.py", "__main__")
    second = shell.new_main_mod("s.py", "other")

    assert first is not second
    assert second.__name__ == "other"
    assert second.__file__ == str(Path.cwd() / "s.py")
    assert shell.namespace.programs == {str(Path.cwd() / "s.py"): second}


def test_run_code_says_whether_it_failed(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    def failed(source: str) -> bool:
        code = shell.compile(source, "<here>", "exec")
        return asyncio.run(shell.run_code(code))

    assert not failed("x = 1")
    assert not failed("import asyncio\nawait asyncio.sleep(0)\ny = 2")
    assert failed("1/0")
    assert failed("await asyncio.sleep(0)\n1/0")

    assert (shell.user_ns["x"], shell.user_ns["y"]) == (1, 2)
    assert frontend.errors == ["ZeroDivisionError", "ZeroDivisionError"]
