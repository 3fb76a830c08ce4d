"""The first prompt, before the line editor is there.

Importing the line editor takes four times as long as all the rest of a start. So the
prompt is drawn at once, a thread imports the editor behind it, and keys that are typed
meanwhile are shown as far as that is simple, and kept, every byte of them: Enter,
Ctrl-C, arrows, a paste. Then the editor draws itself over this prompt and is fed what
was kept, as if it had just been typed.

    draw ──> keys, echoed and kept ──> editor ready ──> its prompt, fed with the keys
               thread: import editor ──────┴──> colours, completion ──> over

What else a person will want soon is loaded while they type; no cell runs before that is
over, so a cell that forks has one thread.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Seconds that a first cell waits for what is loaded behind the prompt, at most.
_PATIENCE = 5.0

_ERASE = (b"\x7f", b"\x08")


class Echo:
    """Shows typed text as long as it is simple: letters, and Backspace after them."""

    def __init__(self, room: int) -> None:
        self.room = room  # columns to the right edge
        self.text = ""
        self.is_simple = True
        self._rest = b""  # of a letter whose bytes have not all come

    def take(self, data: bytes) -> str:
        """What to write for these bytes."""
        written = ""
        data = self._rest + data
        self._rest = b""
        while data and self.is_simple:
            length = _length(data[0])
            if length > len(data):
                self._rest = data
                break
            letter, data = data[:length], data[length:]
            written += self._one(letter)
        return written

    def _one(self, letter: bytes) -> str:
        if letter in _ERASE:
            if not self.text:
                return ""
            if self.text[-1].isascii():
                self.text = self.text[:-1]
                return "\b \b"
        else:
            text = letter.decode("utf-8", "replace")
            if text.isprintable() and len(self.text) + 2 < self.room:
                self.text += text
                return text
        self.is_simple = False
        return ""


def _length(byte: int) -> int:
    """Bytes of a letter in UTF-8 that begins with this one."""
    if byte >= 0xF0:
        return 4
    if byte >= 0xE0:
        return 3
    return 2 if byte >= 0xC0 else 1


class EarlyPrompt:
    """Keeps keys while `load` runs in a thread, which then calls `go_on` of its result.

    `wait` gives the bytes that were typed, and leaves the terminal as it was; the
    cursor stands where the prompt began.
    """

    def __init__(self, load: Callable[[], Any], go_on: Callable[[Any], object]) -> None:
        self._load = load
        self._go_on = go_on
        self._is_over: Any = None
        self.loaded: Any = None
        self.failure: BaseException | None = None

    def wait(self, prompt: str, columns: int) -> bytes:
        """Draw the prompt, and keep keys until `load` has returned."""
        # In this thread, for the module takes the one that imports it for the main one.
        import _thread
        import select
        import threading  # noqa: F401

        stdout = sys.stdout
        last = _plain(prompt).rpartition("\n")[2]
        echo = Echo(columns - len(last))
        reader, writer = os.pipe()
        kept = b""
        watched = [0, reader]
        # First the terminal's echo off: what it showed of a key would be there twice.
        with RawTerminal(0):
            stdout.write(prompt)
            stdout.flush()
            self._is_over = _thread.allocate_lock()
            self._is_over.acquire()
            _thread.start_new_thread(self._run, (writer,))
            while True:
                ready, _, _ = select.select(watched, [], [])
                if 0 in ready:
                    data = _read()
                    if not data:  # hung up: the editor will see it, too
                        watched.remove(0)
                    kept += data
                    if written := echo.take(data):
                        stdout.write(written)
                        stdout.flush()
                elif reader in ready:
                    break
            os.close(reader)
            rows = prompt.count("\n")
            stdout.write(f"\x1b[{rows}A\r" if rows else "\r")
            stdout.flush()
        return kept

    def finish(self) -> None:
        """Return when the thread has ended."""
        if self._is_over is not None:
            self._is_over.acquire(timeout=_PATIENCE)
            self._is_over = None

    def _run(self, writer: int) -> None:
        over = self._is_over
        try:
            self.loaded = self._load()
        except BaseException as error:  # for whoever waits
            self.failure = error
        os.close(writer)  # the reader wakes
        try:
            if self.failure is None:
                self._go_on(self.loaded)
        except Exception:  # nobody needs it yet: it will be tried again, and fail there
            self._go_on = lambda _loaded: None
        finally:
            over.release()


class RawTerminal:
    """The terminal gives every key at once, and none of them means anything to it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._before: list[Any] | None = None

    def __enter__(self) -> None:
        import termios

        try:
            modes = termios.tcgetattr(self.fd)
        except termios.error:
            return
        self._before = [*modes[:6], modes[6][:]]
        modes[0] &= ~(
            termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR
        )
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        modes[6][termios.VMIN] = 1
        modes[6][termios.VTIME] = 0
        termios.tcsetattr(self.fd, termios.TCSANOW, modes)

    def __exit__(self, *_error: object) -> None:
        import termios

        if self._before is None:
            return
        try:
            termios.tcsetattr(self.fd, termios.TCSANOW, self._before)
        except termios.error:  # it has been closed
            self._before = None


def _read() -> bytes:
    try:
        return os.read(0, 4096)
    except OSError:  # the terminal has gone
        return b""


def _plain(text: str) -> str:
    """Text without its escape codes."""
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])
