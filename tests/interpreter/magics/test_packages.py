"""`%pip` and its kin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.packages import NOTE
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def test_pip_is_that_of_this_python(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_cell("%pip --version")

    out = capsys.readouterr().out
    assert out.startswith("pip ")
    assert f"python {sys.version_info[0]}.{sys.version_info[1]}" in out
    assert NOTE not in out


def test_after_an_install_it_says_what_to_do(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_cell("%pip install --no-index --dry-run no-such-package-at-all")

    assert NOTE in capsys.readouterr().out
    assert shell.user_ns["_exit_code"] != 0


def program(folder: Path, name: str) -> None:
    """A program that prints its arguments."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_text('#!/bin/sh\nfor x in "$@"; do printf "%s|" "$x"; done; echo\n')
    path.chmod(0o755)


def test_uv_is_told_which_environment(
    shell: InteractiveShell,
    capsys: Out,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program(tmp_path / "bin", "uv")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")

    shell.run_cell("%uv pip install numpy")
    shell.run_cell("%uv --version")

    first, _, second = capsys.readouterr().out.splitlines()
    assert first == f"pip|install|--python|{sys.executable}|numpy|"
    assert second == "--version|"


def test_conda_is_told_which_environment(
    shell: InteractiveShell,
    capsys: Out,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = tmp_path / "an env"
    (prefix / "conda-meta").mkdir(parents=True)
    program(prefix / "bin", "conda")
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.delenv("CONDA_EXE", raising=False)

    for line in ("install numpy", "list", "install -n x -y y", "--version"):
        shell.run_cell(f"%conda {line}")

    lines = [line for line in capsys.readouterr().out.splitlines() if line != NOTE]
    assert lines == [
        f"install|--prefix|{prefix}|--yes|numpy|",
        f"list|--prefix|{prefix}|",
        "install|-n|x|-y|y|",
        "--version|",
    ]


@pytest.mark.parametrize("name", ["conda", "mamba", "micromamba"])
def test_an_environment_that_is_not_condas(
    shell: InteractiveShell, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    with pytest.raises(UsageError, match="%pip"):
        shell.run_line_magic(name, "install x")


def test_a_program_that_is_not_there(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MAMBA_EXE", raising=False)

    with pytest.raises(UsageError, match="no mamba"):
        shell.run_line_magic("mamba", "list")
