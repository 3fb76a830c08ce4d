"""A shell in this process, with a front end that remembers what it was shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def frontend() -> RecordingFrontEnd:
    return RecordingFrontEnd()


@pytest.fixture
def shell(
    frontend: RecordingFrontEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """A shell whose home and working folder are new."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        monkeypatch.delattr(sys, name, raising=False)
    shell = InteractiveShell(frontend)
    shell.activate()
    yield shell
    shell.close()
