"""The session's log: what `%logstart` writes.

The log is valid Python, so it can be run to be where the session was: outputs are
comments (`#[Out]# 5`), and so are inputs that are no Python. With `-r` it has what was
typed instead, magics and all. Each entry is on disk before the next cell runs.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from ipcluster.engines.interpreter.shell import InteractiveShell

MODES = ("append", "backup", "global", "over", "rotate")
OUTPUT_MARK = "#[Out]# "
FAILED_MARK = "#[Failed]# "
HEAD = "# Log of an ipshell session\n\n"
# Magics that are not run again: they look, ask, write files, or are about the log.
_NOT_REPLAYED = tuple(
    f"get_ipython().run_line_magic('{name}'"
    for name in (
        *("logstart", "logstop", "logon", "logoff", "logstate", "session"),
        *("hist", "history", "recall", "rep", "rerun", "edit", "ed", "load", "loadpy"),
        *("save", "notebook"),
    )
)


class Logger:
    """Writes inputs, and perhaps outputs, to a file."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.logfname = "ipython_log.py"
        self.loghead = ""
        self.logfile: TextIO | None = None
        self.log_raw_input = False
        self.log_output = False
        self.timestamp = False
        # Off between `%logoff` and `%logon`.
        self.log_active = False
        self._mode = "over"

    @property
    def logmode(self) -> str:
        return self._mode

    @logmode.setter
    def logmode(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"{mode!r} is no way to log; there are {', '.join(MODES)}")
        self._mode = mode

    # --- beginning and end ------------------------------------------------------------

    def logstart(
        self,
        logfname: str | None = None,
        loghead: str | None = None,
        logmode: str | None = None,
        log_output: bool = False,
        timestamp: bool = False,
        log_raw_input: bool = False,
    ) -> None:
        """Open a log.

        Args:
            logfname: its name; None: as before.
            loghead: what it begins with, unless it goes on with a log.
            logmode: what becomes of a file of that name: `append` and `global` go on
                with it (`global` in the home folder), `over` replaces it, `backup`
                renames it to `name~`, `rotate` to `name.001~`, that one to `name.002~`
                and so on.
            log_output: write outputs, too, as comments.
            timestamp: write when each input was run, as a comment.
            log_raw_input: write what was typed, not the Python that it was made into.

        Raises:
            RuntimeError: there is a log already.
            ValueError: no such mode.
            OSError: the file cannot be written to.
        """
        if self.logfile is not None:
            raise RuntimeError(f"there is a log already: {self.logfname}")
        if logmode is not None:
            self.logmode = logmode
        name = os.path.expanduser(self.logfname if logfname is None else logfname)
        if self.logmode == "global":
            name = os.path.join(os.path.expanduser("~"), os.path.basename(name))
        if self.logmode == "backup" and os.path.exists(name):
            os.replace(name, name + "~")
        if self.logmode == "rotate":
            _rotate(name)
        goes_on = self.logmode in ("append", "global")
        self.logfile = open(name, "a" if goes_on else "w", encoding="utf-8")  # noqa: SIM115
        self.logfname = name
        if loghead is not None:
            self.loghead = loghead
        self.log_output = log_output
        self.timestamp = timestamp
        self.log_raw_input = log_raw_input
        try:
            if self.logfile.tell() == 0:
                self.logfile.write(self.loghead)
                self.logfile.flush()
        except OSError:  # the disk is full
            file, self.logfile = self.logfile, None
            with suppress(OSError):
                file.close()
            raise
        self.log_active = True

    def logstop(self) -> None:
        """End the log."""
        if self.logfile is None:
            print("There is no log to stop.")
        self.close_log()

    def close_log(self) -> None:
        """The same, for those who do not know whether there is one."""
        file, self.logfile = self.logfile, None
        self.log_active = False
        if file is not None:
            try:
                file.close()
            except OSError as error:
                print(f"The end of {self.logfname} was not written: {error.strerror}")

    def switch_log(self, val: bool) -> None:
        """Pause the log, or let it go on."""
        if self.logfile is None:
            print("There is no log: %logstart begins one.")
        elif self.log_active == bool(val):
            print(f"The log is {'on' if val else 'off'} already.")
        else:
            print(f"The log is now {'on' if val else 'off'}.")
            self.log_active = bool(val)

    def logstate(self) -> None:
        """Print what is logged, and where."""
        if self.logfile is None:
            print("There is no log.")
            return
        for title, value in (
            ("Filename", self.logfname),
            ("Mode", self.logmode),
            ("Output logging", self.log_output),
            ("Raw input log", self.log_raw_input),
            ("Timestamping", self.timestamp),
            ("State", "active" if self.log_active else "temporarily suspended"),
        ):
            print(f"{title:<15}: {value}")

    # --- writing ----------------------------------------------------------------------

    def log(self, line_mod: str, line_ori: str) -> None:
        """A cell is about to run: the Python that it was made into, what was typed."""
        if self.log_active:
            self.log_write(line_ori if self.log_raw_input else line_mod)

    def note_output(self, text: str) -> None:
        """A value was shown."""
        if self.log_output:
            self.log_write(text, "output")

    def log_write(self, data: str, kind: str = "input") -> None:
        """Write an input, or with `kind` "output" an output, if the log is on."""
        if self.logfile is None or not self.log_active or not data:
            return
        try:
            if kind == "input":
                if self.timestamp:
                    self.logfile.write(_stamp())
                data = data.rstrip("\n")
                if not (self.log_raw_input or _is_python(data)):
                    data = _commented(FAILED_MARK, data)
            elif kind == "output":
                data = _commented(OUTPUT_MARK, data)
            self.logfile.write(_writable(data) + "\n")
            self.logfile.flush()
        except OSError as error:
            print(f"Logging stops: {self.logfname}: {error.strerror}", file=sys.stderr)
            self.log_active = False
            self.logfile = None

    def write_history(self) -> None:
        """Write what the session has had so far, but for the cell that runs."""
        manager = self.shell.history_manager
        stamped, self.timestamp = self.timestamp, False
        try:
            found = [*manager.get_range(raw=self.log_raw_input, output=True)]
            for _, line, (text, shown) in found:
                if line == self.shell.cells.count:
                    continue
                self.log_write(text)
                if shown is not None:
                    self.note_output(shown)
        finally:
            self.timestamp = stamped


def _rotate(name: str) -> None:
    """Make room for a new file: `name` becomes `name.001~`, that `name.002~`, ..."""
    if not os.path.exists(name):
        return
    number = 1
    while os.path.exists(f"{name}.{number:03d}~"):
        number += 1
    for one in range(number, 1, -1):
        os.replace(f"{name}.{one - 1:03d}~", f"{name}.{one:03d}~")
    os.replace(name, f"{name}.001~")


def _stamp() -> str:
    import time

    return time.strftime("# %a, %d %b %Y %H:%M:%S\n", time.localtime())


def _commented(mark: str, text: str) -> str:
    return "\n".join(mark + line for line in text.splitlines())


def _is_python(text: str) -> bool:
    import warnings

    from ipcluster.engines.interpreter.compilation import ONLY_AST, TOP_LEVEL_AWAIT

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<log>", "exec", ONLY_AST | TOP_LEVEL_AWAIT, True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            return False
    return True


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# --- starting, and starting again where a log ends ------------------------------------


def start_as_configured(shell: InteractiveShell) -> None:
    """Start the log that the shell's options name; run one that is to go on."""
    if shell.logappend:
        name, mode = shell.logappend, "append"
        if os.path.exists(os.path.expanduser(name)):
            replay(shell, name)
    elif shell.logfile:
        name, mode = shell.logfile, "backup"
    elif shell.logstart:
        name, mode = shell.logger.logfname, "rotate"
    else:
        return
    try:
        shell.logger.logstart(name, HEAD, mode)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"There is no log: {name}: {error}", file=sys.stderr)


def replay(shell: InteractiveShell, name: str) -> None:
    """Run a log statement by statement; one that fails does not stop the others."""
    from ipcluster.engines.interpreter.usercode import read_code

    path = os.path.expanduser(name)
    try:
        text = shell.transform_cell(read_code(path))
        statements = _statements(text)
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        print(f"The log {name} was not run: {error}", file=sys.stderr)
        return
    failed = 0
    for statement in statements:
        done = shell.run_cell(statement, store_history=False, silent=True)
        failed += done.error is not None
    many = len(statements)
    print(
        f"{many} statement{'s' * (many != 1)} of {name} run"
        + (f"; {failed} failed." if failed else ".")
    )


def _statements(text: str) -> list[str]:
    """The text of each top-level statement.

    Raises:
        SyntaxError: it is no Python.
    """
    import ast

    from ipcluster.engines.interpreter.compilation import ONLY_AST, TOP_LEVEL_AWAIT

    tree: Any = compile(text, "<log>", "exec", ONLY_AST | TOP_LEVEL_AWAIT, True)
    lines = text.splitlines(keepends=True)
    found = []
    for node in tree.body:
        decorators = getattr(node, "decorator_list", ())
        if decorators:  # no part of the node's own text
            first = min(one.lineno for one in decorators)
            found.append("".join(lines[first - 1 : node.end_lineno]))
        else:
            found.append(ast.get_source_segment(text, node) or "")
    return [one for one in found if not one.startswith(_NOT_REPLAYED)]
