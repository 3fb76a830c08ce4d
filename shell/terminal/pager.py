"""What is longer than the screen: through `$PAGER`, `less`, or a plain one of ours."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipcluster.shell.terminal.frontend import TerminalFrontEnd


def page(frontend: TerminalFrontEnd, text: str, start: int = 0) -> None:
    """Show a text from a line on (counted from 0), a screen at a time if need be."""
    if not text.endswith("\n"):
        text += "\n"
    lines = text.split("\n")[start:-1]
    shell = frontend.shell
    fits = _rows(lines, frontend.width) < frontend.height
    if (
        fits
        or not frontend.has_terminal
        or (shell is not None and (shell.display_page or shell.simple_prompt))
    ):
        print("\n".join(lines))
    elif not _external(text, start):
        _plain(frontend, lines)


def _rows(lines: Sequence[str], width: int) -> int:
    """Rows of the screen that lines take, escape codes not counted."""
    if len(lines) > 1000:
        return len(lines)
    rows = 0
    for line in lines:
        length = len(line)
        if "\x1b" in line:
            import re

            length = len(re.sub(r"\x1b\[[0-9;]*m", "", line))
        rows += 1 + max(length - 1, 0) // max(width, 1)
    return rows


def _external(text: str, start: int) -> bool:
    """Let a program show it; False: there is none that could."""
    import shlex
    import shutil
    import subprocess

    words = shlex.split(os.environ.get("PAGER") or "less")
    if not words or shutil.which(words[0]) is None:
        words = ["less"]
        if shutil.which("less") is None:
            return False
    if os.path.basename(words[0]) == "less":
        # Colours as they are; a last screen stays where it is.
        words.append("-R")
        if start:
            words.append(f"+{start + 1}")
    elif start:
        text = "".join(text.splitlines(keepends=True)[start:])
    sys.stdout.flush()
    try:
        with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
            _feed(process, text)
    except OSError as error:
        print(f"the pager {words[0]} failed: {error.strerror}", file=sys.stderr)
        return False
    return process.returncode != 127


def _feed(process: object, text: str) -> None:
    """Give it the text, until it has been left. Ctrl-C is the pager's own."""
    import signal
    import subprocess

    assert isinstance(process, subprocess.Popen)
    before = None
    try:
        before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    except ValueError:  # not the main thread, which alone hears of Ctrl-C
        pass
    try:
        process.communicate(text.encode("utf-8", "replace"))
    except BrokenPipeError:
        process.wait()
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _plain(frontend: TerminalFrontEnd, lines: Sequence[str]) -> None:
    """A screen at a time: Enter for the next, q and Enter to leave."""
    size = max(frontend.height - 1, 1)
    for at in range(0, len(lines), size):
        print("\n".join(lines[at : at + size]))
        if at + size < len(lines):
            try:
                answer = input("-- more: Enter; leave: q -- ")
            except (EOFError, KeyboardInterrupt):
                print()
                return
            if answer.strip().lower().startswith("q"):
                return
