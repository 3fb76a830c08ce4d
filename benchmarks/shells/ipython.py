"""IPython's terminal shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.shells.ours import timed
from benchmarks.shells.shell import Shell, fill_sqlite


class IPython(Shell):
    """As it comes."""

    name = "ipython"
    package = "ipython"
    prompt = b"In [1]: "

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "IPython"]

    def cell_command(self, code: str) -> Sequence[str]:
        return [sys.executable, "-m", "IPython", "-c", code]

    def run_cells(self, number: int) -> float:
        code = (
            "import time\n"
            "from IPython.core.interactiveshell import InteractiveShell\n"
            "shell = InteractiveShell.instance()\n"
            "for _ in range(50): shell.run_cell('pass', store_history=True)\n"
            "began = time.perf_counter()\n"
            f"for _ in range({number}): shell.run_cell('pass', store_history=True)\n"
            "print(time.perf_counter() - began)\n"
        )
        return timed(code)

    def fill_history(self, number: int) -> None:
        root = Path(os.environ["IPYTHONDIR"])
        fill_sqlite(root / "profile_default" / "history.sqlite", number)
