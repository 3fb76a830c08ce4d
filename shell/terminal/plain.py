"""Cells as plain lines: for pipes, dumb terminals, and `--simple-prompt`."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell


class PlainReader:
    """Reads with `input()`, line by line, until the cell is complete."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell
        self._typed: list[str] = []  # lines that were typed before we were there

    def feed(self, data: bytes) -> None:
        """Take what somebody else has read: lines, as far as that is what they are."""
        text = data.decode("utf-8", "replace").replace("\r", "\n")
        self._typed += text.split("\n")[:-1]

    def _line(self, prompt: str) -> str:
        if not self._typed:
            if not _gives_lines():
                return input(prompt)
            sys.stdout.write(prompt)
            sys.stdout.flush()
            _wait_for_line()
            return input()
        line = self._typed.pop(0)
        print(f"{prompt}{line}")
        return line

    def read(self, text: str) -> str:
        """One cell. A text to begin with is shown; an empty line takes it."""
        from ipcluster.shell.terminal.presses import hear_presses
        from ipcluster.shell.terminal.prompts import text_of, tokens_of

        hear_presses()  # `input()` needs them
        shell = self.shell
        if text:
            print(f"Next input, if you press Enter:\n{text}")
        if sys.stdin is None:  # it was closed before we began
            raise EOFError
        lines = [self._line(text_of(tokens_of(shell, "in_prompt_tokens")))]
        if text and not lines[0]:
            return text
        more = text_of(tokens_of(shell, "continuation_prompt_tokens"))
        while self._is_incomplete(lines):
            try:
                lines.append(self._line(more))
            except EOFError:  # what there is of it, is run
                print()
                break
        return "\n".join(lines)

    def _is_incomplete(self, lines: list[str]) -> bool:
        """Whether a cell goes on. An empty line ends it, as in the line editor."""
        end = "" if lines[-1].strip() else "\n"
        return self.shell.check_complete("\n".join(lines) + end)[0] == "incomplete"

    def is_over(self) -> bool:
        """A pipe or a file that ended; at a terminal Ctrl-D may be a slip."""
        try:
            return not sys.stdin.isatty()
        except (AttributeError, ValueError):
            return True


def _gives_lines() -> bool:
    """Whether a terminal hands over whole lines, which can be waited for."""
    import os

    if os.name == "nt" or "readline" in sys.modules:
        return False
    try:
        return sys.stdin.fileno() == 0 and os.isatty(0) and sys.stdout.isatty()
    except (AttributeError, ValueError, OSError):
        return False


def _wait_for_line() -> None:
    """Return when there is something to read.

    The C library, which reads it then, would not hear of a Ctrl-C that comes just
    before it begins to wait.

    Raises:
        KeyboardInterrupt: whenever it came.
    """
    import select
    import signal
    import socket

    bell, ear = socket.socketpair()
    with bell, ear:
        bell.setblocking(False)
        try:
            before = signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        except ValueError:  # not the main thread, which alone hears of signals
            return
        try:
            while 0 not in select.select([0, ear.fileno()], [], [])[0]:
                ear.recv(4096)  # a signal whose handler has raised nothing
        finally:
            signal.set_wakeup_fd(before)
