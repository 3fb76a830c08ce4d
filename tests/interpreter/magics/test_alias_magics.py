"""`%alias`, `%unalias`, `%rehashx`, `%alias_magic`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def test_aliases_are_made_shown_and_forgotten(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_line_magic("alias", "hi  echo hi")

    assert shell.run_line_magic("alias", "hi") == [("hi", "echo hi")]
    assert ("hi", "echo hi") in shell.run_line_magic("alias", "")

    shell.run_line_magic("unalias", "hi")
    with pytest.raises(UsageError, match="no alias hi"):
        shell.run_line_magic("alias", "hi")

    capsys.readouterr()
    shell.run_line_magic("unalias", "hi")
    shell.run_line_magic("alias", "cd echo")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "hi is no alias"
    assert "%cd is a magic" in second
    with pytest.raises(UsageError):
        shell.run_line_magic("unalias", "")


def test_one_that_is_stored_is_forgotten_there_too(shell: InteractiveShell) -> None:
    shell.run_line_magic("alias", "hi echo hi")
    shell.db["stored_aliases"] = {"hi": "echo hi", "ho": "echo ho"}

    shell.run_line_magic("unalias", "hi")

    assert shell.db["stored_aliases"] == {"ho": "echo ho"}


def test_every_program_on_the_path(
    shell: InteractiveShell,
    capsys: Out,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "bin"
    (folder / "folder").mkdir(parents=True)
    for name, mode in (("mine", 0o755), ("data", 0o644), ("a-b", 0o755), ("cd", 0o755)):
        (folder / name).write_text("#!/bin/sh\necho it is mine\n")
        (folder / name).chmod(mode)
    (folder / "ls").symlink_to("/bin/ls")
    monkeypatch.setenv("PATH", f"{folder}:/no/such:/bin:/usr/bin")

    shell.run_line_magic("rehashx", "")
    shell.run_cell("mine")

    aliases = dict(shell.alias_manager.aliases)
    assert capsys.readouterr().out == "it is mine\n"
    assert aliases["mine"] == "mine"
    assert aliases["ls"].startswith("ls ")  # with its options, as before
    assert not {"data", "a-b", "cd", "folder"} & set(aliases)


def test_a_magic_by_another_name(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_line_magic("alias_magic", "-p '-q ..' up cd")
    shell.run_line_magic("alias_magic", "%run_it %%system")
    shell.run_line_magic("alias_magic", "--cell cells sx")

    assert capsys.readouterr().out.splitlines() == [
        "%up stands for %cd -q .. from now on",
        "%run_it stands for %system from now on",
        "%%run_it stands for %%system from now on",
        "%%cells stands for %%sx from now on",
    ]
    assert shell.run_line_magic("run_it", "echo a") == ["a"]
    assert shell.run_cell_magic("run_it", "", "echo b\n") == ["b"]
    assert shell.find_magic("cells") is None


@pytest.mark.parametrize(
    "line", ["", "x", "x nosuch", "-c x pwd", "-l x writefile", "a b c"]
)
def test_what_is_wrong(shell: InteractiveShell, line: str) -> None:
    with pytest.raises(UsageError):
        shell.run_line_magic("alias_magic", line)
