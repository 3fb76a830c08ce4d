"""The text that a cell's error is shown as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Shown = Callable[..., str]


@pytest.fixture
def shown(shell: InteractiveShell, frontend: RecordingFrontEnd) -> Shown:
    """Run cells; the traceback that the last of them showed."""

    def run(*cells: str) -> str:
        for cell in cells:
            shell.run_cell(cell, store_history=True)
        errors = frontend.of_kind(e.Error)
        return "\n".join(errors[-1].traceback) if errors else ""

    return run


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, one of which is `lib`."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "lib.py").write_text(
        "def call(function, *args):\n"
        "    return inner(function, args)\n"
        "def inner(function, args):\n"
        "    return function(*args)\n"
        "def fail():\n"
        "    deeper()\n"
        "def deeper():\n"
        "    raise LookupError('in a library')\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(__import__("sys").modules, "lib", raising=False)
    return folder
