"""Commands that are called as magics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ipcluster.engines.interpreter.aliases import AliasError, AliasManager
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _plain_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")


@pytest.mark.parametrize(
    ("command", "typed", "printed"),
    [
        ("echo", "a b", "a b\n"),
        ("echo hello", "", "hello\n"),
        ("echo [%l]", "a b", "[a b]\n"),
        ("echo %s-%s x", "a b", "a-b x\n"),
        ("echo %s", "%s b c", "%s b c\n"),
        ("echo %%s", "a", "%s a\n"),
        ("echo $v", "{v + 1} $$v", "5 6\n"),
    ],
)
def test_what_is_typed_is_put_into_the_command(
    shell: InteractiveShell, capsys: Out, command: str, typed: str, printed: str
) -> None:
    shell.user_ns["v"] = 5
    shell.run_cell(f"%alias al {command}")

    shell.run_cell(f"%al {typed}")

    assert capsys.readouterr().out == printed


def test_it_is_called_like_any_magic(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_cell("%alias ec echo")

    for cell in ("ec a", "%ec a", "x = %ec a", "if 1:\n    %ec a"):
        shell.run_cell(cell)

    assert capsys.readouterr().out == "a\n" * 4
    assert shell.user_ns["x"] is None
    assert shell.user_ns["_exit_code"] == 0


def test_values_are_those_of_the_caller_and_put_in_once(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_cell("%alias ec echo")
    shell.run_cell("w = 'no'\ndef f(v):\n    %ec '$v'\nf('$w')")

    assert capsys.readouterr().out == "$w\n"


def test_too_few_words(shell: InteractiveShell) -> None:
    shell.alias_manager.define_alias("two", "echo %s %s")

    with pytest.raises(UsageError, match="wants 2 words, there are 1"):
        shell.run_line_magic("two", "a")


@pytest.mark.parametrize(
    ("name", "command"),
    [("cd", "echo"), ("a b", "echo"), ("3x", "echo"), ("x", "  "), ("x", "echo %s %l")],
)
def test_what_makes_no_alias(shell: InteractiveShell, name: str, command: str) -> None:
    with pytest.raises(AliasError):
        shell.alias_manager.define_alias(name, command)


def test_those_of_the_system_are_there(shell: InteractiveShell) -> None:
    table = shell.magics_manager.lsmagic()["line"]

    assert {"ls", "ll", "cat", "cp", "mv", "rm", "mkdir", "rmdir"} <= set(table)
    assert "ls" in dict(shell.alias_manager.aliases)
    assert shell.alias_manager.is_alias("cat")
    assert not shell.alias_manager.is_alias("cd")
    assert shell.alias_manager.retrieve_alias("rm") == "rm"


def test_they_are_called_without_having_been_loaded(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_cell("mkdir here")
    shell.run_cell("ls -d here")

    assert capsys.readouterr().out == "here/\n"


def test_one_that_is_forgotten(shell: InteractiveShell) -> None:
    shell.alias_manager.undefine_alias("ls")

    assert shell.find_magic("ls") is None
    assert "ls" not in shell.magics_manager.magics["line"]
    with pytest.raises(ValueError, match="no alias"):
        shell.alias_manager.undefine_alias("ls")


@pytest.fixture
def configured() -> Iterator[InteractiveShell]:
    config = {
        "AliasManager": {
            "user_aliases": [("hi", "echo hi"), ("cd", "no")],
            "default_aliases": [("ls", "ls")],
        }
    }
    shell = InteractiveShell(RecordingFrontEnd(), config=config)
    shell.activate()
    yield shell
    shell.close()


def test_a_config_defines_aliases(configured: InteractiveShell, capsys: Out) -> None:
    configured.run_cell("hi there")

    captured = capsys.readouterr()
    assert captured.out == "hi there\n"
    assert "no alias cd" in captured.err
    assert configured.find_magic("cp") is None
    assert isinstance(configured.alias_manager, AliasManager)
