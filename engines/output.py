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

import codecs
import io
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ipcluster.engines.byte_stream import ByteStream
from ipcluster.engines.link import Link, LinkLost
from ipcluster.engines.page import StatePage
from ipcluster.wire.codec import pack_stream
from ipcluster.wire.messages import Output

# Small enough that a stream socket which polls as writable takes it whole.
PIPE_BYTES = 1 << 13
# Reads that empty a full pipe; one that is filled as fast as it is read has no end.
PIPE_READS = (1 << 16) // PIPE_BYTES
# Characters of one message, and messages of one frame.
TEXT_CHARACTERS = 1 << 18
FRAME_TEXTS = 16
# Threads whose begun lines are kept apart; empty ones beyond are forgotten.
MOST_THREADS = 1000
# A line that never ends is sent when it is about this long, or of so many pieces.
HOLD_CHARACTERS = 8192


class Pipes:
    """The reading ends of file descriptors 1 and 2; engine and keeper have one each."""

    def __init__(self, stdout: int, stderr: int, page: StatePage) -> None:
        self.streams = {stdout: 1, stderr: 2}
        self._page = page
        # One for whoever has the lock, one for who looks whether to take it.
        self._poll, self._glance = select.poll(), select.poll()
        for fd in self.streams:
            os.set_blocking(fd, False)
            self._poll.register(fd, select.POLLIN)
            self._glance.register(fd, select.POLLIN)

    def waiting(self) -> bool:
        """Whether something may lie in the pipes. Needs no lock."""
        try:
            return bool(self._glance.poll(0))
        except RuntimeError:  # another thread looks just now
            return True

    def read(self, fd: int, task: int) -> Output | None:
        """Some of what lies in one pipe; None: nothing more comes from it.

        The caller holds the link's lock.

        Raises:
            BlockingIOError: nothing lies there now.
        """
        stream = self.streams[fd]
        data = os.read(fd, PIPE_BYTES)
        whole = self._page.take_part(stream) + data
        if not data:
            return None
        if stream == 2:
            self._page.note_stderr(data)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(whole)
        self._page.keep_part(stream, decoder.getstate()[0])
        return Output(task, stream, text)

    def drain(self, task: int) -> list[Output]:
        """All that lies in the pipes now. The caller holds the link's lock."""
        found: list[Output] = []
        for _ in range(PIPE_READS):
            ready = self._poll.poll(0)
            if not ready:
                break
            for fd, _ in ready:
                try:
                    output = self.read(fd, task)
                except BlockingIOError:
                    continue
                if output is None:
                    self._poll.unregister(fd)
                    self._glance.unregister(fd)
                elif output.text:
                    found.append(output)
        return found


class LinkStream(io.TextIOBase):
    """A text stream whose lines go over the link.

    It claims the file descriptor that child processes inherit. Each thread has its own
    unfinished line.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True
    mode = "w"

    def __init__(
        self,
        number: int,
        link: Link,
        pipes: Pipes,
        page: StatePage,
        running: Callable[[], int],
    ) -> None:
        self._number = number
        self._link: Link | None = link
        self._pipes = pipes
        self._page = page
        self._running = running
        self.held: dict[int, deque[str]] = {}
        self.name = "<stdout>" if number == 1 else "<stderr>"
        self.buffer = ByteStream(self)
        self.other: LinkStream | None = None

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        thread = threading.get_ident()
        held = self.held.get(thread)
        if held is None:
            held = self.held.setdefault(thread, deque())
        held.append(text)
        if "\n" in text or "\r" in text or len(text) + len(held) > HOLD_CHARACTERS:
            self._send((thread,))
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]  # str lines, as every text stream
        self.write("".join(lines))

    def flush(self) -> None:
        """Send this thread's unfinished line."""
        thread = threading.get_ident()
        if self.held.get(thread):
            self._send((thread,))

    def flush_all(self) -> None:
        """Send the unfinished lines of all threads."""
        if any(self.held.values()):
            self._send(tuple(self.held))

    def _send(self, threads: tuple[int, ...]) -> None:
        """The lines that these threads have begun."""
        link = self._link
        if link is None:
            self._write_down(self._take(threads))
            return
        if link.is_mine:
            return  # from a handler or finalizer in the middle of a frame: held
        link.acquire()
        try:
            found: list[Output] = []
            if self.other is not None:
                found += self.other._outputs(threads)
            found += self._outputs(threads)
            if found:
                found[:0] = self._pipes.drain(self._running())
                for at in range(0, len(found), FRAME_TEXTS):
                    link.write(pack_stream(found[at : at + FRAME_TEXTS]))
        except LinkLost:
            pass  # the engine meets it again with the outcome; text for nobody is lost
        finally:
            link.release()

    def _take(self, threads: tuple[int, ...]) -> str:
        pieces: list[str] = []
        for thread in threads:
            held = self.held.get(thread)
            while held:
                pieces.append(held.popleft())
        if len(self.held) > MOST_THREADS:
            # Those of threads that have ended, most likely. Not each as it is emptied:
            # a handler may empty one between its look-up and its next line.
            for thread in [t for t, held in list(self.held.items()) if not held]:
                del self.held[thread]
        text = "".join(pieces)
        if not text.isascii():
            text = text.encode("utf-8", self.errors).decode()
        return text

    def _outputs(self, threads: tuple[int, ...]) -> list[Output]:
        text = self._take(threads)
        if self._number == 2 and text:
            self._page.note_stderr(text[-2048:].encode())
        task = self._running()
        return [
            Output(task, self._number, text[at : at + TEXT_CHARACTERS])
            for at in range(0, len(text), TEXT_CHARACTERS)
        ]

    def write_directly(self) -> None:
        """In a child that was forked: text goes to the file descriptor from now on."""
        self._link = None
        self.held.clear()  # the parent sends it

    def _write_down(self, text: str) -> None:
        data = memoryview(text.encode())
        while data:
            data = data[os.write(self._number, data) :]

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
        """Accepted as by every text stream.

        Encoding and line buffering here are fixed.
        """
