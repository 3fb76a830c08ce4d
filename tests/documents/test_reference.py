"""What pages say of magics and options is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_pages_have_every_magic_and_option_as_they_are() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "reference.py", "--check"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout
    magics = (ROOT / "docs" / "magics.md").read_text()
    assert "| `%timeit` `%%timeit` |" in magics
    assert "| `%cluster` |" in magics
