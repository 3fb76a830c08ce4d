"""Runs cells in a shell, and writes what they have shown: JSON in, JSON out."""

from __future__ import annotations

import io
import json
import sys
from base64 import b64encode
from typing import Any

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.session import open_shell


def plain(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes) else repr(value)


def main() -> None:
    cells = json.load(sys.stdin)
    frontend = RecordingFrontEnd()
    frontend.is_rich = True
    shell = open_shell(frontend)
    streams = sys.stdout, sys.stderr
    found = []
    for cell in cells:
        frontend.events.clear()
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        try:
            done = shell.run_cell(cell, store_history=True)
        finally:
            out, err = sys.stdout.getvalue(), sys.stderr.getvalue()
            sys.stdout, sys.stderr = streams
        error = done.error
        found.append(
            {
                "out": out,
                "err": err,
                "error": error and f"{type(error).__name__}: {error}",
                "bundles": [
                    event.data for event in frontend.events if hasattr(event, "data")
                ],
            }
        )
    shell.close()
    print(json.dumps(found, default=plain))


if __name__ == "__main__":
    main()
