"""`ipshell`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.shells.shell import Shell, environment, fill_sqlite, script
from benchmarks.shells.terminal import Terminal

# Says how many modules there are when the first prompt is drawn. Asked at the prompt
# the answer would count the line editor, which is loaded behind it.
_COUNTS = """
import os, sys
from ipcluster.shell.terminal import early
def wait(self, prompt, columns):
    os.write(1, b"modules %d there\\r\\n" % len(sys.modules))
    os._exit(0)
early.EarlyPrompt.wait = wait
from ipcluster.shell.terminal.app import main
main([])
"""


class Ours(Shell):
    """The prompt comes before the line editor; keys typed early are kept."""

    name = "ipshell"
    prompt = b"In [1]: "

    def command(self) -> Sequence[str]:
        return [script("ipshell")]

    def cell_command(self, code: str) -> Sequence[str]:
        return [script("ipshell"), "-c", code]

    def modules(self) -> int:
        terminal = Terminal([sys.executable, "-c", _COUNTS], environment())
        try:
            terminal.wait_for(b" there")
            return int(terminal.text.rpartition(b"modules ")[2].split()[0])
        finally:
            terminal.close()

    def run_cells(self, number: int) -> float:
        code = (
            "import time\n"
            "from ipcluster.engines.interpreter.frontend import FrontEnd\n"
            "from ipcluster.engines.interpreter.session import open_shell\n"
            "shell = open_shell(FrontEnd())\n"
            "for _ in range(50): shell.run_cell('pass', store_history=True)\n"
            "began = time.perf_counter()\n"
            f"for _ in range({number}): shell.run_cell('pass', store_history=True)\n"
            "print(time.perf_counter() - began)\n"
        )
        return timed(code)

    def fill_history(self, number: int) -> None:
        root = Path(os.environ["IPCLUSTER_DIR"])
        fill_sqlite(root / "profile_default" / "history.sqlite", number)


def timed(code: str) -> float:
    """What a program of this interpreter prints last: seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    seconds = float(done.stdout.split()[-1])
    assert seconds < time.perf_counter() - began
    return seconds
