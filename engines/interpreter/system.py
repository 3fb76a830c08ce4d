"""Shell commands: `!cmd`, and what a command prints as a value.

    the person's    frontend.run_command -> terminal_command: it has the terminal
                                         -> stream_command:   its output, as it comes
    a value         get_output:          its output, when it has ended

A command in a terminal is in our process group, as under `os.system`: Ctrl-C, Ctrl-Z
and `fg` mean it (and us), programs such as vim draw on the screen. Without a terminal
it has a group of its own, and an interrupt of ours is passed on: first SIGINT, then
SIGTERM, then SIGKILL. Either way Ctrl-C ends the command and not the shell; who presses
it twice within a second, in a loop of commands, stops the cell.

Commands run in `$SHELL` where that is a usable shell. What Windows does otherwise is in
`_arguments`, `child_group` and `_pump`.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from typing import IO, Any

    from ipcluster.engines.interpreter.holding import HeldInterrupts
    from ipcluster.engines.interpreter.shell import InteractiveShell

    Sink = Callable[[str], object]

IS_WINDOWS = sys.platform == "win32"

# Seconds within which two commands that were interrupted mean the cell.
TWICE = 1.0

_NO_SHELLS = ("false", "true", "nologin", "sync", "git-shell")


# --- for the person -------------------------------------------------------------------


def run_command(shell: InteractiveShell, command: str) -> None:
    """Run it for the person; `_exit_code` has its status, -N for signal N.

    Raises:
        subprocess.CalledProcessError: it failed, and `system_raise_on_error` is on.
        KeyboardInterrupt: the second command that was interrupted within a second.
    """
    status = shell.frontend.run_command(command, None)
    shell.namespace.put("_exit_code", status)
    shell.history_manager.note_exit_status(status)
    after_interrupt(shell, status)
    _check(shell, command, status)


def _check(shell: InteractiveShell, command: str, status: int) -> None:
    if status and shell.system_raise_on_error:
        from subprocess import CalledProcessError

        raise CalledProcessError(status, command)


def after_interrupt(shell: InteractiveShell, status: int) -> None:
    """Stop the cell if its last two commands ended by Ctrl-C, just now."""
    if status != -2:
        return
    now, cell = time.monotonic(), shell.cells.result
    then, its_cell = shell.__dict__.get("_command_interrupted", (-TWICE, None))
    shell.__dict__["_command_interrupted"] = now, cell
    if cell is its_cell and now - then < TWICE:
        raise KeyboardInterrupt


def owns_terminal() -> bool:
    """Whether what a child writes is seen where `sys.stdout` is seen.

    Not while a cell's output is captured, or when a thread or a front end has put
    something else into the place of `sys.stdout`.
    """
    try:
        return sys.stdout.fileno() == 1 and os.isatty(0) and os.isatty(1)
    except (AttributeError, OSError, ValueError):
        return False


def terminal_command(command: str, environment: Mapping[str, str] | None) -> int:
    """Run it with the terminal as its own; its exit status."""
    import signal
    import subprocess
    import threading

    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    modes = _terminal_modes()
    # A handler, unlike SIG_IGN, is not passed on to a child: Ctrl-C ends the command
    # and leaves us alone.
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGINT)):
            if number not in before and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, _nothing)
    try:
        child = subprocess.Popen(_arguments(command), env=environment, shell=IS_WINDOWS)
        status = _status(child.wait())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if status:  # it may have died in the middle of drawing
        _restore_modes(modes)
    return status


def _nothing(_number: int, _frame: object) -> None:
    """Handle a signal that is meant for somebody else."""


def _terminal_modes() -> list[Any] | None:
    try:
        import termios

        return termios.tcgetattr(0)
    except Exception:  # no terminal, or a system without termios
        return None


def _restore_modes(modes: list[Any] | None) -> None:
    if modes is not None:
        import termios

        termios.tcsetattr(0, termios.TCSADRAIN, modes)


def stream_command(command: str, environment: Mapping[str, str] | None) -> int:
    """Run it, its output to `sys.stdout` as it comes; its exit status.

    It has no input. What it leaves running (`cmd &`) goes on to print.
    """
    import subprocess

    from ipcluster.engines.interpreter.holding import HeldInterrupts

    with HeldInterrupts() as held:
        child = subprocess.Popen(
            _arguments(command),
            env=environment,
            shell=IS_WINDOWS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **child_group(),
        )
        assert child.stdout is not None
        return follow(child, [(child.stdout, _write_out)], held, has_group=True)


def _write_out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


# --- as a value -----------------------------------------------------------------------


def get_output(shell: InteractiveShell, command: str, split: bool) -> Any:
    """What a command prints: a list of lines, or a text with `split` off.

    Raises:
        subprocess.CalledProcessError: it failed, and `system_raise_on_error` is on.
        KeyboardInterrupt: the command has been ended, there is no value.
    """
    import subprocess

    from ipcluster.engines.interpreter.holding import HeldInterrupts
    from ipcluster.engines.interpreter.slist import LSString, SList

    # In a terminal it may ask for a password.
    has_terminal = shell.frontend.has_terminal
    with HeldInterrupts() as held:
        child = subprocess.Popen(
            _arguments(command),
            shell=IS_WINDOWS,
            stdin=None if has_terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **({} if has_terminal else child_group()),
        )
        try:
            held.let_go()
            content, _ = child.communicate()
        except BaseException:
            _end(child, not has_terminal)
            raise
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    _check(shell, command, _status(child.returncode))
    if not split:
        return LSString(text)
    return SList(text.removesuffix("\n").split("\n") if text else ())


# --- children -------------------------------------------------------------------------


def _arguments(command: str) -> Any:
    """What runs a command line: the user's shell, or on Windows the system's."""
    if "\0" in command:
        from ipcluster.engines.interpreter.errors import UsageError

        raise UsageError("a command cannot have null characters in it")
    if IS_WINDOWS:
        return command
    return [user_shell(), "-c", command]


def user_shell() -> str:
    """`$SHELL`, unless it is none that runs commands."""
    named = os.environ.get("SHELL", "")
    usable = (
        os.path.isabs(named)
        and os.path.basename(named) not in _NO_SHELLS
        and os.access(named, os.X_OK)
    )
    return named if usable else "/bin/sh"


def child_group() -> dict[str, Any]:
    """How a child gets a process group of its own."""
    return {} if IS_WINDOWS else {"process_group": 0}


def _status(returncode: int) -> int:
    """-N for signal N, also where a shell tells of it as 128 + N."""
    return 128 - returncode if 128 < returncode <= 128 + 64 else returncode


def tell_child(
    child: subprocess.Popen[bytes], number: int, has_group: bool = True
) -> None:
    """Send a signal to a child, or to all of its group; it may have ended."""
    try:
        if has_group and not IS_WINDOWS:
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
    except (OSError, ValueError):  # it has ended, or Windows does not know the signal
        pass


def _end(child: subprocess.Popen[bytes], has_group: bool) -> None:
    """Nobody waits for it any more."""
    import signal

    tell_child(child, getattr(signal, "SIGKILL", signal.SIGTERM), has_group)
    child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def follow(
    child: subprocess.Popen[bytes],
    outputs: list[tuple[IO[bytes], Sink]],
    held: HeldInterrupts,
    content: bytes = b"",
    *,
    has_group: bool,
) -> int:
    """Feed a child, and pass on what it prints, until it has ended; its status.

    An interrupt is passed on to it, as is the one that was `held` since before its
    start; from the fourth on it is ours.
    """
    import signal

    escalation = (
        signal.SIGINT,
        signal.SIGTERM,
        getattr(signal, "SIGKILL", signal.SIGTERM),
    )
    interrupts = 0
    try:
        pump = _pump(child, outputs, content)
        while True:
            try:
                held.let_go()
                pump.run()
                break
            except KeyboardInterrupt:
                if interrupts == len(escalation):
                    raise
                if has_group or interrupts:  # else the terminal has told it
                    tell_child(child, escalation[interrupts], has_group)
                interrupts += 1
        status = child.wait()
    except BaseException:
        _end(child, has_group)
        raise
    return _status(status)


def _pump(
    child: subprocess.Popen[bytes],
    outputs: list[tuple[IO[bytes], Sink]],
    content: bytes,
) -> Any:
    if IS_WINDOWS:
        from ipcluster.engines.interpreter.pumps import WaitingPump

        return WaitingPump(child, outputs, content)
    from ipcluster.engines.interpreter.pumps import Pump

    return Pump(child, outputs, content)
