"""Programs on the real terminal: `!vim` works, and Ctrl-C reaches the program.

The program is in our own process group, as in a shell without job control. So the
terminal sends Ctrl-C and Ctrl-Z to it and to us: we take no notice of the first while
it runs, and stop and go on together at the second.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_seen(stream: Any) -> bool:
    """Whether what is written there goes to our standard output."""
    try:
        return bool(stream.fileno() == 1)
    except (AttributeError, OSError, ValueError):
        return False


def run_on_terminal(command: str, environment: dict[str, str] | None) -> int:
    """Run a shell command with our terminal as its own; its status, -N for signal N."""
    sys.stdout.flush()
    sys.stderr.flush()
    shell = os.environ.get("SHELL") or "/bin/sh"
    if not os.access(shell, os.X_OK):
        shell = "/bin/sh"
    before = _ignore_interrupts()
    try:
        pid = os.posix_spawn(
            shell,
            [shell, "-c", command],
            dict(os.environ) if environment is None else environment,
            # Python ignores these; programs expect to die of them.
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
        )
        return _wait(pid)
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
        _restore_terminal()


def _ignore_interrupts() -> Any:
    """Take no notice of Ctrl-C; the handler that was there, if we could."""
    try:
        # A function, not SIG_IGN, for that would be the program's as well.
        return signal.signal(signal.SIGINT, lambda _number, _frame: None)
    except ValueError:  # not the main thread, which alone hears of Ctrl-C
        return None


def _wait(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _restore_terminal() -> None:
    """Undo what a program that was killed may have left: no echo, no line ends."""
    import termios

    try:
        modes = termios.tcgetattr(0)
        if not (modes[3] & termios.ICANON and modes[3] & termios.ECHO):
            modes[0] |= termios.ICRNL
            modes[1] |= termios.OPOST
            modes[3] |= termios.ICANON | termios.ECHO | termios.ISIG
            termios.tcsetattr(0, termios.TCSADRAIN, modes)
    except (termios.error, ValueError):
        pass
