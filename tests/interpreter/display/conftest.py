"""Front ends that show more than text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def rich(
    frontend: RecordingFrontEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """A shell whose front end shows everything."""
    monkeypatch.chdir(tmp_path)
    frontend.is_rich = True
    shell = InteractiveShell(frontend)
    shell.activate()
    yield shell
    shell.close()
