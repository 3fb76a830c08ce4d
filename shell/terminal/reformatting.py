"""A cell as a formatter would have it: black, ruff or yapf, where it is installed."""

from __future__ import annotations

import sys

# Seconds for a formatter.
_PATIENCE = 10.0

_WORDS = {
    "black": ["-m", "black", "--quiet", "-"],
    "ruff": ["-m", "ruff", "format", "-"],
    "yapf": ["-m", "yapf"],
}


def reformatted(formatter: str, text: str) -> str:
    """The text in the formatter's style; as it was, if that is no Python to it."""
    import subprocess

    try:
        done = subprocess.run(
            [sys.executable, *_WORDS[formatter]],
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return text
    if done.returncode != 0:
        return text
    return done.stdout.decode("utf-8", "replace").rstrip("\n") or text
