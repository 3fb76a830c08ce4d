"""Extensions and the magics that load them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell

TEXT = """
calls = globals().get('calls', [])
version = {version}
def load_ipython_extension(shell):
    calls.append('load')
    shell.push({{'loaded': version}})
def unload_ipython_extension(shell):
    calls.append('unload')
"""


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(Path.cwd()))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def magic(shell: InteractiveShell, name: str, line: str) -> None:
    shell.run_line_magic(name, line)


def test_an_extension_is_loaded_once_and_unloaded(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text(TEXT.format(version=1))

    magic(shell, "load_ext", "mine")
    magic(shell, "load_ext", "mine")
    assert "already loaded" in capsys.readouterr().out
    magic(shell, "unload_ext", "mine")
    magic(shell, "unload_ext", "mine")
    assert "is not loaded" in capsys.readouterr().out

    assert sys.modules["mine"].calls == ["load", "unload"]
    assert shell.user_ns["loaded"] == 1


def test_reloading_reads_the_file_again(shell: InteractiveShell) -> None:
    path = Path("mine.py")
    path.write_text(TEXT.format(version=1))
    magic(shell, "load_ext", "mine")
    path.write_text(TEXT.format(version=22))
    os.utime(path, (1, 1))  # else Python may take it for the same

    magic(shell, "reload_ext", "mine")

    assert shell.user_ns["loaded"] == 22
    assert sys.modules["mine"].calls == ["load", "unload", "load"]


def test_reloading_one_that_was_not_loaded_loads_it(shell: InteractiveShell) -> None:
    Path("mine.py").write_text(TEXT.format(version=1))

    magic(shell, "reload_ext", "mine")

    assert sys.modules["mine"].calls == ["load"]


def test_a_module_that_is_no_extension_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plain.py").write_text("")

    magic(shell, "load_ext", "plain")

    assert "plain has no load_ipython_extension" in capsys.readouterr().out
    assert shell.extension_manager.loaded == set()


def test_one_without_a_way_to_be_unloaded_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("stays.py").write_text("def load_ipython_extension(shell): pass\n")
    magic(shell, "load_ext", "stays")

    magic(shell, "unload_ext", "stays")

    assert "no way to be unloaded" in capsys.readouterr().out


def test_a_module_that_is_not_there_is_an_error(shell: InteractiveShell) -> None:
    with pytest.raises(ModuleNotFoundError):
        shell.extension_manager.load_extension("no_such_extension")


@pytest.mark.parametrize("name", ["load_ext", "unload_ext", "reload_ext"])
def test_a_magic_without_a_name_says_what_it_wants(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(Exception, match="wants the name"):
        magic(shell, name, "  ")


def test_what_is_built_in_may_be_loaded_too(shell: InteractiveShell) -> None:
    shell.register_magic_function(lambda line: None, "line", "autoreload")

    assert shell.extension_manager.load_extension("autoreload") is None
    assert shell.extension_manager.reload_extension("autoreload") is None
    assert shell.extension_manager.load_extension("autoreload") == "already loaded"
