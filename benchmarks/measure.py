"""One measurement: one row on one system, in a process of its own.

    python -m benchmarks.measure ROW SYSTEM ANSWER [--quick]

What it found goes as JSON into the file ANSWER; what the system prints goes wherever
stdout goes. A fresh process for each is what makes rounds comparable: no system runs
beside another, none inherits another's threads, caches or memory.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from benchmarks.kernels import KERNELS
from benchmarks.rows import find
from benchmarks.shells import SHELLS
from benchmarks.systems import SYSTEMS
from benchmarks.systems.system import NotOffered


def answer(row: str, system: str, *, quick: bool) -> dict[str, Any]:
    """What came of it, in words of JSON."""
    try:
        kinds = {**SYSTEMS, **{kind.name: kind for kind in (*SHELLS, *KERNELS)}}
        figure = find(row).measure(kinds[system](), quick)
    except NotOffered:
        return {"not_offered": True}
    except Exception as error:
        traceback.print_exc()
        first = (str(error).splitlines() or [""])[0]
        return {"error": f"{type(error).__name__}: {first}"[:200]}
    return {"value": figure.value, "note": figure.note}


def main() -> None:
    row, system, file = sys.argv[1:4]
    found = answer(row, system, quick="--quick" in sys.argv)
    Path(file).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
