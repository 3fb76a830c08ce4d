"""A virtual environment that a shell from elsewhere is started in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.configuration.virtualenv import (
    use_virtual_environment,
)
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment that we are not installed in."""
    folder = tmp_path / "venv"
    monkeypatch.setenv("VIRTUAL_ENV", str(folder))
    monkeypatch.setattr(sys, "path", ["", "/lib"])
    return folder


def test_its_packages_are_used_and_that_is_told(
    shell: InteractiveShell, environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = environment / "lib" / version / "site-packages"
    packages.mkdir(parents=True)

    use_virtual_environment(shell)
    assert sys.path == ["", str(packages), "/lib"]
    assert str(environment) in capsys.readouterr().err

    shell.warn_venv = False
    use_virtual_environment(shell)
    assert capsys.readouterr().err == ""


def test_one_of_another_version_is_not(
    shell: InteractiveShell, environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (environment / "lib" / "python2.7" / "site-packages").mkdir(parents=True)

    use_virtual_environment(shell)

    assert sys.path == ["", "/lib"]
    assert "it is not used" in capsys.readouterr().err


def test_our_own_is_no_news(
    shell: InteractiveShell,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)

    use_virtual_environment(shell)

    assert sys.path == ["", "/lib"]
    assert capsys.readouterr().err == ""
