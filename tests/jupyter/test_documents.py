"""What docs/kernel.md says about clients of a kernel is tried with the real ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Seconds: kernels start, one dies, a cluster comes and goes.
PATIENCE = 120


def test_examples_with_jupyter_client_do_what_they_say(tmp_path: Path) -> None:
    pytest.importorskip("jupyter_client")

    done = subprocess.run(
        [
            *(sys.executable, ROOT / "tests" / "documents" / "follow.py"),
            *(ROOT / "docs" / "kernel.md", tmp_path),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 0, done.stdout
