"""xonsh: Python and the system's shell in one."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.shells.shell import Shell


class Xonsh(Shell):
    """Without files of the person's."""

    name = "xonsh"
    package = "xonsh"
    prompt = b"ready>"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "xonsh", "--no-rc", "-DPROMPT=ready> "]

    def cell_command(self, code: str) -> Sequence[str]:
        return [sys.executable, "-m", "xonsh", "--no-rc", "-c", code]
