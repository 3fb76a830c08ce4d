"""A folder with modules that are changed while a session uses them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


class Project:
    """Modules in the working folder of a shell that reloads them."""

    def __init__(self, shell: InteractiveShell, frontend: RecordingFrontEnd) -> None:
        self.shell = shell
        self.frontend = frontend
        self.names = shell.user_ns
        self._time = 1_000_000_000

    def write(self, name: str, text: str) -> None:
        """Put a module's text into its file, later than all before."""
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        self._time += 10
        os.utime(path, (self._time, self._time))
        importlib.invalidate_caches()  # the folder has changed within its clock's tick

    def run(self, *cells: str) -> None:
        for cell in cells:
            self.shell.run_cell(dedent(cell), store_history=True)

    def value(self, expression: str) -> Any:
        """What a cell gives, before which changed modules are reloaded."""
        done = self.shell.run_cell(expression, store_history=True)
        done.raise_error()
        return done.result


@pytest.fixture
def project(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Project]:
    monkeypatch.syspath_prepend(os.getcwd())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before, folder = set(sys.modules), os.getcwd()
    project = Project(shell, frontend)
    project.run("%autoreload all")
    yield project
    for name in set(sys.modules) - before:
        module = sys.modules[name]
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", [])]
        if any(str(place).startswith(str(folder)) for place in places):
            del sys.modules[name]
