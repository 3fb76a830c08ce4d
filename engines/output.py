"""What an engine prints, on its way to whoever asked for it.

Two sources, one order. `sys.stdout` and `sys.stderr` are `LinkStream`s: they put text
on the link, line by line, with the id of the running task. File descriptors 1 and 2 are
pipes: C code and child processes write there. The pipes' other ends are read by the
engine itself at every point where order matters (before its own text, before an
outcome), and by the keeper as soon as something comes, so that it arrives while the
main thread is in C code. Whoever reads holds the link's lock from the read to the
write, so nothing overtakes.
"""

from __future__ import annotations

import io
import os
import select
from typing import TYPE_CHECKING, Any

from ipcluster.engines.link import Link, LinkLost
from ipcluster.wire.messages import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PIPE_BYTES = 1 << 16
# A text that never ends its line is sent when it is this long.
HOLD_CHARACTERS = 8192


class Pipes:
    """The reading ends of file descriptors 1 and 2."""

    def __init__(self, stdout: int, stderr: int) -> None:
        self._streams = {stdout: 1, stderr: 2}
        self._poll = select.poll()
        for fd in self._streams:
            os.set_blocking(fd, False)
            self._poll.register(fd, select.POLLIN)

    def drain(self, task: int) -> list[Output]:
        """All that lies in the pipes now."""
        found: list[Output] = []
        while ready := self._poll.poll(0):
            for fd, _ in ready:
                try:
                    data = os.read(fd, PIPE_BYTES)
                except BlockingIOError:
                    continue
                if not data:
                    self._poll.unregister(fd)
                    continue
                found.append(
                    Output(task, self._streams[fd], data.decode("utf-8", "replace"))
                )
        return found


class LinkStream(io.TextIOBase):
    """A text stream whose lines go over the link.

    It claims the file descriptor that child processes inherit.
    """

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True

    def __init__(
        self, number: int, link: Link, pipes: Pipes, running: Callable[[], int]
    ) -> None:
        self._number = number
        self._link = link
        self._pipes = pipes
        self._running = running
        self._held: list[str] = []
        self._held_characters = 0
        self.name = "<stdout>" if number == 1 else "<stderr>"
        self.buffer = ByteStream(self)
        self.other: LinkStream | None = None

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._held.append(text)
        self._held_characters += len(text)
        if "\n" in text or "\r" in text or self._held_characters > HOLD_CHARACTERS:
            self.flush()
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]  # str lines, as every text stream
        self.write("".join(lines))

    def flush(self) -> None:
        """Send what is held, after what the other stream and C code wrote before it."""
        if not self._held:
            return
        if self.other is not None and self.other._held:
            self.other.flush()
        link = self._link
        link.enter()
        try:
            with link.threads:
                text = "".join(self._held)
                self._held.clear()
                self._held_characters = 0
                task = self._running()
                if text:
                    messages = self._pipes.drain(task)
                    messages.append(Output(task, self._number, text))
                    link.write(messages)
        except LinkLost:
            pass  # the engine notices at its next outcome; nobody wants the text
        finally:
            link.leave()

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def close(self) -> None:
        """Only flushes: user code that closes stdout must not silence the engine."""
        self.flush()

    def reconfigure(self, **_options: Any) -> None:
        """Accepted, as by every text stream; encoding and buffering are fixed."""


class ByteStream(io.RawIOBase):
    """`sys.stdout.buffer`: bytes are decoded and go the same way as text."""

    def __init__(self, text: LinkStream) -> None:
        self._text = text

    def write(self, data: Any) -> int:
        view = bytes(data)
        self._text.write(view.decode("utf-8", "replace"))
        return len(view)

    def flush(self) -> None:
        self._text.flush()

    def fileno(self) -> int:
        return self._text.fileno()

    def writable(self) -> bool:
        return True
