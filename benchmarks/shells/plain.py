"""Python's own prompt."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.shells.ours import timed
from benchmarks.shells.shell import Shell


class Plain(Shell):
    """What all others are more than."""

    name = "python"
    prompt = b">>> "
    has_menu = False

    def command(self) -> Sequence[str]:
        return [sys.executable, "-i"]

    def cell_command(self, code: str) -> Sequence[str]:
        return [sys.executable, "-c", code]

    def run_cells(self, number: int) -> float:
        code = (
            "import code, time\n"
            "console = code.InteractiveInterpreter()\n"
            "began = time.perf_counter()\n"
            f"for _ in range({number}): console.runsource('pass')\n"
            "print(time.perf_counter() - began)\n"
        )
        return timed(code)
