"""Magics that run a cell as the script of another program."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Option
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    CELL,
    Magics,
    cell_magic,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from typing import IO, Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Child = subprocess.Popen[bytes]

_PROGRAMS = ("sh", "bash", "perl", "ruby", "python", "python2", "python3", "pypy")

# Seconds for background scripts to end after SIGINT, and after SIGTERM.
PATIENCE = 0.5


class ScriptOptions:
    """What stands behind `%%script`, before and among what the program is told."""

    flags = ("bg", "no-raise-error")
    values = ("out", "err", "proc")

    def __init__(self, line: str) -> None:
        self.given: dict[str, str] = {}
        self.command: list[str] = []
        from ipcluster.engines.interpreter.magics.options import split

        words = iter(split(line))
        for word in words:
            name, has_value, value = word[2:].partition("=")
            if word == "--":
                self.command.extend(words)
            elif not word.startswith("--"):
                self.command.append(word)
            elif name in self.flags and not has_value:
                self.given[name] = ""
            elif name in self.values:
                taken = value if has_value else next(words, "")
                if not taken.isidentifier():
                    raise UsageError(f"--{name} wants the name of a variable")
                self.given[name] = taken
            else:
                self.command.append(word)

    def __contains__(self, name: str) -> bool:
        return name in self.given


def _named(program: str) -> Callable[..., Any]:
    """The cell magic that runs one program."""

    def run(self: ScriptMagics, line: str, cell: str) -> None:
        self.script(f"{self.program(program)} {line}", cell)

    run.__name__ = program
    run.__doc__ = (
        f"Run the cell with {program}: short for `%%script {program}`.\n\n"
        "Its options are those of `%%script`."
    )
    return cell_magic(program)(run)  # type: ignore[no-any-return]  # what a decorator gives


@magics_class
class ScriptMagics(Magics):
    """Scripts of other programs."""

    script_magics = Option[list[str]]([], "Further programs with a magic of their own.")
    script_paths = Option[dict[str, str]]({}, "Programs whose path is not their name.")

    bash, perl, pypy, ruby, sh = map(_named, ("bash", "perl", "pypy", "ruby", "sh"))
    python, python2, python3 = map(_named, ("python", "python2", "python3"))

    def __init__(self, shell: InteractiveShell | None = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        self.bg_processes: list[Child] = []
        self._is_watched = False
        for program in self.script_magics:
            if program not in _PROGRAMS:
                self.magics[CELL][program] = _named(program).__get__(self)
                self.shell.register_magic_function(
                    self.magics[CELL][program], CELL, program
                )

    def program(self, name: str) -> str:
        """The command that a program's name stands for."""
        from shlex import quote

        if name in self.script_paths:
            return self.script_paths[name]
        if name in ("python", "python3"):  # the one with the user's packages
            return quote(sys.executable)
        return name

    @cell_magic
    def script(self, line: str, cell: str) -> None:
        r"""Run the cell as the script of a program, which reads it from its input.

            %%script [options] PROGRAM [its arguments]

        --out NAME           keep what it prints in a variable, and do not show it
        --err NAME           the same for what it prints to its error output
        --bg                 do not wait for it; NAME of --out and --err is then a file
                             to read from, and what nobody keeps is thrown away
        --proc NAME          with --bg: the process, a `subprocess.Popen`
        --no-raise-error     it may fail

            In [1]: %%script --out lines bash
               ...: for i in 1 2; do echo $i; done
            In [2]: lines
            Out[2]: '1\n2\n'

        Ctrl-C interrupts the program. One that fails raises a
        `subprocess.CalledProcessError`. `%killbgscripts` ends those with --bg.
        """
        options = ScriptOptions(line)
        if not options.command:
            raise UsageError("%%script [options] PROGRAM [arguments]: which program?")
        if "bg" in options:
            self._in_background(options, cell.encode())
        else:
            self._wait_for(options, cell.encode())

    def _start(self, options: ScriptOptions, has_group: bool, **pipes: Any) -> Child:
        import subprocess

        from ipcluster.engines.interpreter.system import child_group

        try:
            return subprocess.Popen(
                options.command,
                stdin=subprocess.PIPE,
                **pipes,
                **(child_group() if has_group else {}),
            )
        except OSError as error:
            raise UsageError(
                f"{options.command[0]} can not be run: {error.strerror}"
            ) from None

    # --- one that is waited for -------------------------------------------------------

    def _wait_for(self, options: ScriptOptions, content: bytes) -> None:
        import subprocess

        from ipcluster.engines.interpreter.holding import HeldInterrupts
        from ipcluster.engines.interpreter.system import follow

        sys.stdout.flush()
        # In a terminal it stays in our group, so it may ask there for a password.
        has_group = not self.shell.frontend.has_terminal
        kept: dict[str, list[str]] = {"out": [], "err": []}
        try:
            with HeldInterrupts() as held:
                child = self._start(
                    options, has_group, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
                outputs: list[tuple[IO[bytes], Callable[[str], object]]] = [
                    (pipe, kept[name].append if name in options else _printer(name))
                    for name, pipe in (("out", child.stdout), ("err", child.stderr))
                    if pipe is not None
                ]
                status = follow(child, outputs, held, content, has_group=has_group)
        finally:
            for name, texts in kept.items():
                if name in options:
                    self.shell.push({options.given[name]: "".join(texts)})
        if status == -2:
            raise KeyboardInterrupt
        if status and "no-raise-error" not in options:
            raise subprocess.CalledProcessError(status, options.command)

    # --- one that is not --------------------------------------------------------------

    def _in_background(self, options: ScriptOptions, content: bytes) -> None:
        import subprocess

        kinds = {
            "stdout": subprocess.PIPE if "out" in options else subprocess.DEVNULL,
            "stderr": subprocess.PIPE if "err" in options else subprocess.DEVNULL,
        }
        child = self._start(options, True, **kinds)
        if not self._is_watched:
            import atexit

            atexit.register(self.kill_bg_processes)
            self._is_watched = True
        self.bg_processes = [one for one in self.bg_processes if one.poll() is None]
        self.bg_processes.append(child)
        found = {"out": child.stdout, "err": child.stderr, "proc": child}
        self.shell.push(
            {options.given[name]: found[name] for name in found if name in options}
        )
        assert child.stdin is not None
        _feed(child.stdin, content)

    @line_magic
    def killbgscripts(self, line: str = "") -> None:
        """End all scripts that were started with `--bg` and still run."""
        ended = self.kill_bg_processes()
        if ended:
            print(f"Ended {ended} background script{'s' if ended > 1 else ''}.")
        else:
            print("No background script is running.")

    def kill_bg_processes(self) -> int:
        """End them, asking first and insisting then; how many there were."""
        import signal

        from ipcluster.engines.interpreter.system import tell_child

        running = [one for one in self.bg_processes if one.poll() is None]
        for name in ("SIGINT", "SIGTERM", "SIGKILL"):
            number = getattr(signal, name, signal.SIGTERM)
            left = [child for child in running if child.poll() is None]
            for child in left:
                tell_child(child, number)
            _wait(left)
        self.bg_processes = []
        return len(running)


def _printer(name: str) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream: Any = sys.stdout if name == "out" else sys.stderr
        stream.write(text)
        stream.flush()

    return write


def _feed(pipe: IO[bytes], content: bytes) -> None:
    """Write a script to a program that may be slow to read it."""
    import threading

    def run() -> None:
        try:
            with pipe:
                pipe.write(content)
        except OSError:  # it has ended before it had read all
            pass

    threading.Thread(target=run, name="input of a script", daemon=True).start()


def _wait(children: list[Child]) -> None:
    import subprocess
    import time

    until = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            continue
