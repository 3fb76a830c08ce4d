"""ptpython: prompt_toolkit's own Python prompt."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.shells.shell import Shell


class PtPython(Shell):
    """It completes without Tab."""

    name = "ptpython"
    package = "ptpython"
    prompt = b">>>"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "ptpython"]
