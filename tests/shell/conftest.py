"""Two ways to type at a prompt: at a line editor in this process, or at a terminal.

`prompt` is fast: keys come from a pipe, and nothing is drawn. `shells` starts programs
at a real pseudo-terminal and shows the screen that a person would see.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import psutil
import pyte
import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from ipcluster.shell.terminal.editor import LineEditor
from ipcluster.shell.terminal.frontend import TerminalFrontEnd
from ipcluster.shell.terminal.shell import TerminalInteractiveShell

# Seconds that anything may take to appear: the machine may be busy with other tests.
PATIENCE = 20.0

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "end": "\x1b[F",
    "f2": "\x1bOQ",
    "f4": "\x1bOS",
    "s-tab": "\x1b[Z",
    "delete": "\x1b[3~",
    "c-right": "\x1b[1;5C",
    "c-left": "\x1b[1;5D",
    "c-up": "\x1b[1;5A",
    "c-down": "\x1b[1;5B",
}


def named(*keys: str) -> str:
    """What a terminal sends for keys by name; letters stand for themselves."""
    sent = ""
    for key in keys:
        if key.startswith("c-") and len(key) == 3:
            sent += chr(ord(key[2].upper()) & 0x1F)
        else:
            sent += KEYS.get(key, key)
    return sent


class PlainRules(TerminalInteractiveShell):
    """A shell with few rules of its own for what is complete, and no history."""

    past: list[str] = []  # noqa: RUF012  (a test puts its own here)

    def check_complete(self, code: str) -> tuple[str, str]:
        last = code.rpartition("\n")[2]
        indent = last[: len(last) - len(last.lstrip())]
        if last.rstrip().endswith(":"):
            return "incomplete", indent + "    "
        if last.strip() and "\n" in code and indent:
            return "incomplete", indent
        return "complete", ""

    def history_request(self, hist_access_type: str, **_keywords: Any) -> list[Any]:
        return [(1, number, text) for number, text in enumerate(self.past, 1)]


class Typing:
    """A line editor, and keys for it."""

    def __init__(self, shell: PlainRules, keyboard: PipeInput) -> None:
        self.shell = shell
        self.keyboard = keyboard
        self._editor: LineEditor | None = None

    @property
    def editor(self) -> LineEditor:
        """Made when it is first used, so that a test can set options before."""
        if self._editor is None:
            self._editor = LineEditor(self.shell, self.keyboard, DummyOutput())
        return self._editor

    def cell(self, *keys: str, text: str = "") -> str:
        """The cell that these keys make; they have to end it."""
        self.keyboard.send_text(named(*keys))
        return self.editor.read(text)

    def line(self, *keys: str, text: str = "") -> str:
        """The text after these keys; Alt-Enter ends it as it is."""
        return self.cell(*keys, "escape", "enter", text=text)

    def line_after_hint(self, typed: str, *keys: str) -> str:
        """The text after some letters and, once something is suggested, these keys."""
        buffer = self.editor.session.default_buffer
        return self._line_when(
            buffer.on_suggestion_set, lambda: buffer.suggestion is not None, typed, keys
        )

    def line_after_tab(self, typed: str, *keys: str) -> str:
        """The text after letters and Tab and, when that has done something, keys."""
        buffer = self.editor.session.default_buffer
        return self._line_when(
            buffer.on_completions_changed,
            lambda: (
                len(buffer.text) >= len(typed)
                and (buffer.complete_state is not None or buffer.text != typed)
            ),
            f"{typed}\t",
            keys,
        )

    def _line_when(
        self, event: Any, is_time: Callable[[], bool], typed: str, keys: Any
    ) -> str:
        rest = [named(*keys, "escape", "enter")]

        def send(_buffer: Any) -> None:
            if rest and is_time():
                self.keyboard.send_text(rest.pop())

        event += send
        self.editor.session.default_buffer.on_text_changed += send
        try:
            return self.cell(typed)
        finally:
            event -= send
            self.editor.session.default_buffer.on_text_changed -= send


@pytest.fixture
def prompt() -> Iterator[Typing]:
    shell = PlainRules(TerminalFrontEnd())
    shell.past = []
    with create_pipe_input() as keyboard:
        yield Typing(shell, keyboard)
    shell.close()


class _Answering(pyte.Screen):
    """A screen that answers when the program asks where the cursor is."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.answers: list[str] = []
        self.title = ""

    def select_graphic_rendition(self, *attributes: int, **keywords: bool) -> None:
        if not keywords:  # else a question about keys, which vim asks
            super().select_graphic_rendition(*attributes)

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)


class Terminal:
    """A program at a terminal. `type` types, `wait_for` looks at the screen."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        folder: Path,
        *,
        columns: int = 80,
        lines: int = 24,
    ) -> None:
        self.screen = _Answering(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""
        self.child = pexpect.spawn(
            command[0],
            command[1:],
            env=environment,
            cwd=str(folder),
            dimensions=(lines, columns),
            timeout=PATIENCE,
        )
        self.child.delaybeforesend = None

    # --- looking ----------------------------------------------------------------------

    def _read(self, seconds: float) -> bool:
        """Take in what the program writes; False: it has ended."""
        try:
            data = self.child.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.output += data
        self.stream.feed(data)
        while self.screen.answers:
            self.child.send(self.screen.answers.pop(0))
        return True

    @property
    def text(self) -> str:
        """What is on the screen, without the space at the ends of its lines."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def line(self) -> str:
        """The line that the cursor is on."""
        return self.screen.display[self.screen.cursor.y].rstrip()

    def wait_until(self, test: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not test():
            alive = self._read(0.05)
            if test():
                return
            assert alive, f"the program ended before {what}; screen:\n{self.text}"
            assert time.monotonic() < deadline, f"no {what}; screen:\n{self.text}"

    def wait_for(self, text: str) -> None:
        """Until the screen shows it."""
        self.wait_until(lambda: text in self.text, repr(text))

    def wait_for_prompt(self, number: int) -> None:
        """Until the cursor is behind this prompt."""
        self.wait_until(
            lambda: self.line == f"In [{number}]:", f"prompt number {number}"
        )

    def wait_for_end(self) -> int:
        """Until the program has ended; its exit status, -N for signal N."""
        self.wait_until(lambda: not self._read(0.05), "end of the program")
        self.child.close()
        if self.child.exitstatus is not None:
            return int(self.child.exitstatus)
        return -int(self.child.signalstatus)

    def style_of(self, text: str) -> str:
        """The colour of the first letter of a text on the screen."""
        for row, line in enumerate(self.screen.display):
            column = line.find(text)
            if column >= 0:
                return str(self.screen.buffer[row][column].fg)
        raise AssertionError(f"no {text!r} on the screen:\n{self.text}")

    # --- typing -----------------------------------------------------------------------

    def type(self, text: str) -> None:
        """Type letters."""
        self.child.send(text)

    def press(self, *keys: str) -> None:
        """Press keys by name."""
        self.child.send(named(*keys))

    def press_until(self, key: str, text: bytes) -> None:
        """Press a key, now and then, until the program has written this.

        Not at once again: with each Ctrl-C that is a signal the system throws away what
        has been written to the terminal, and we have not read.
        """
        written = len(self.output)

        def has_written() -> bool:
            return text in self.output[written:]

        def press() -> bool:
            self.press(key)
            end = time.monotonic() + 0.5
            while not has_written() and time.monotonic() < end:
                self._read(0.05)
            return has_written()

        self.wait_until(press, repr(text))

    def enter(self, text: str) -> None:
        """Type letters, and Enter."""
        self.type(f"{text}\r")

    def paste(self, text: str) -> None:
        """Paste, as a terminal with bracketed paste does."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def hang_up(self) -> None:
        """Close the terminal under the program, which has to end of itself."""
        self.child.ptyproc.fileobj.close()
        self.child.closed = True
        psutil.Process(self.child.pid).wait(PATIENCE)

    def end(self) -> None:
        """Make sure that it is gone."""
        if not self.child.closed:
            self.child.close(force=True)


class Shells:
    """Starts `ipshell` at terminals, with a home of the test's own."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.work = root / "work"
        self.root = root / "ipcluster"
        self.home.mkdir()
        self.work.mkdir()
        self.terminals: list[Terminal] = []
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in _UNSET},
            "HOME": str(self.home),
            "IPCLUSTER_DIR": str(self.root),
            "TERM": "xterm-256color",
            "PYTHONWARNINGS": "error::ResourceWarning",
        }

    def start(
        self,
        *options: str,
        banner: bool = False,
        columns: int = 80,
        lines: int = 24,
        **environment: str,
    ) -> Terminal:
        words = [] if banner else ["--no-banner"]
        return self.run(
            [sys.executable, "-m", "ipcluster.shell.terminal.app", *words, *options],
            columns=columns,
            lines=lines,
            **environment,
        )

    def run(
        self,
        command: list[str],
        *,
        columns: int = 80,
        lines: int = 24,
        **environment: str,
    ) -> Terminal:
        terminal = Terminal(
            command,
            {**self.environment, **environment},
            self.work,
            columns=columns,
            lines=lines,
        )
        self.terminals.append(terminal)
        return terminal

    def call(self, *words: str, text: str | None = None) -> Any:
        """Run `ipshell` without a terminal, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "ipcluster.shell.terminal.app", *words],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.work,
            timeout=PATIENCE,
            start_new_session=True,  # not even /dev/tty is there
        )

    def configure(self, text: str) -> None:
        """Write the default profile's config file."""
        folder = self.root / "profile_default"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ipshell_config.py").write_text(f"c = get_config()\n{text}\n")


_UNSET = (
    "COLUMNS",
    "DISPLAY",
    "EDITOR",
    "IPCLUSTER_PROFILE",
    "KITTY_WINDOW_ID",
    "LINES",
    "NO_COLOR",
    "PAGER",
    "PYTHONSTARTUP",
    "TERM_PROGRAM",
    "TMUX",
    "VISUAL",
)


@pytest.fixture
def shells(tmp_path: Path) -> Iterator[Shells]:
    found = Shells(tmp_path)
    yield found
    for terminal in found.terminals:
        terminal.end()
