"""What is printed, on its way to the clients: from Python, from C, from children.

`sys.stdout` and `sys.stderr` are `KernelStream`s: text is kept for a moment and leaves
in few messages. File descriptors 1 and 2 are pipes, for C code and child processes;
they are read before text of ours is added, so the two keep their order, and by the
I/O thread while the main thread is in C code.

What is not sent within `HOLD` seconds is sent by the I/O thread; `flush` sends it now.

Texts wait with the request that has printed them, in the order in which they were
written. Writers take no lock: they append, and then look whether whoever sends knows
of it; that one says first that it does not any more, and then takes the texts.
"""

from __future__ import annotations

import codecs
import io
import os
import threading
import time
import weakref
from itertools import groupby

from ipcluster.engines.byte_stream import ByteStream
from ipcluster.shell.kernel.glance import Glance
from ipcluster.shell.kernel.messages import Message
from ipcluster.shell.kernel.notes import keep_stderr
from ipcluster.shell.kernel.parents import of_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from ipcluster.shell.kernel.parents import Parents
    from ipcluster.shell.kernel.ports import Ports

    Piece = str | tuple[str, str]
    """What was printed on stdout; a pair with the stream's name, for another."""
    T = TypeVar("T")

# Seconds that text may wait for more.
HOLD = 0.02
# Characters of one stream message; a longer text is cut.
CHARACTERS = 1 << 20
# Characters that may wait: beyond, whoever prints sends them itself.
WAITING = 1 << 18
# Pieces of a request that may wait; no longer than `SHORT`, they alone are counted.
PIECES = 1 << 17
SHORT = 64
PIPE_BYTES = 1 << 16
NAMES = ("stdout", "stderr")

# Those that a fork copies: in the child they write to the file descriptors.
_all: weakref.WeakSet[Streams] = weakref.WeakSet()


def _on_fork() -> None:
    for streams in _all:
        streams.is_child = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_on_fork)


class Streams:
    """Text that waits to be sent."""

    def __init__(
        self, ports: Ports, parents: Parents, shield: Callable[[], Any]
    ) -> None:
        self._ports = ports
        self._shield = shield
        self._parents = parents
        self._lock = threading.RLock()
        self._waiting: list[Message] = []  # requests with texts
        self._nobody = Message({}, {}, {}, {})
        self.size = 0
        self.is_due = False
        self._since = 0.0
        self._pipes: dict[int, tuple[str, Any]] = {}
        self._glance: Glance | None = None
        self.has_more: Callable[[], int] = _nothing
        self._before: tuple[Any, ...] = ()
        self.is_child = False
        # Of a program that we are a guest of: for what no request of ours has printed.
        self._programs: dict[str, Any] = {}
        self.stdout = KernelStream(self, "stdout", 1)
        self.stderr = KernelStream(self, "stderr", 2)
        self.on_stderr: Callable[[str], None] | None = None
        _all.add(self)

    # --- text -------------------------------------------------------------------------

    def write(self, name: str, text: str) -> None:
        """Any text, from anybody; `KernelStream.write` is quicker with most of it."""
        if self.is_child:  # of user code that forked: the pipe leads here
            os.write(1 + NAMES.index(name), text.encode("utf-8", "replace"))
            return
        if name == "stderr" and self.on_stderr is not None:
            self.on_stderr(text)
        parent = of_context() or self._parents.current()
        if parent is None and self._programs:
            self._programs[name].write(text)
            return
        parent = parent or self._nobody
        parent.texts.append(text if name == "stdout" else (name, text))
        self.count(parent, len(text))

    def count(self, parent: Message, size: int) -> None:
        """So many characters more wait with a request, to which they were added."""
        self._tell(parent, size)
        if self.size > WAITING or len(parent.texts) > PIECES:
            self._ports.throttle()
            self.flush()

    def _tell(self, parent: Message, size: int) -> None:
        # An estimate: threads that write at once may lose each other's addition.
        self.size += size
        if not parent.is_waiting:
            parent.is_waiting = True
            self._waiting.append(parent)
        if not self.is_due:
            self._fall_due()

    def catch_up(self) -> None:
        """Take in what has been written to the file descriptors before."""
        with self._shield(), self._lock:
            self._read_pipes()

    def _fall_due(self) -> None:
        self.is_due = True
        self._since = time.monotonic()
        self._ports.wake()

    def _add(self, parent: Message | None, name: str, text: str) -> None:
        """Text from a file descriptor. The lock is held."""
        if name == "stderr" and self.on_stderr is not None:
            self.on_stderr(text)
        parent = parent or self._nobody
        parent.texts.append(text if name == "stdout" else (name, text))
        self._tell(parent, len(text))

    def flush(self) -> None:
        """Send what waits, with what lies in the pipes."""
        with self._shield(), self._lock:
            self._flush()

    def _flush(self) -> None:
        """The lock is held."""
        if self.has_more():
            self._read_pipes()
        self.is_due = False
        self.size = 0
        for parent in _take(self._waiting):
            parent.is_waiting = False
            for name, text in _merged(_take(parent.texts)):
                self._send(name, text, None if parent is self._nobody else parent)

    def _send(self, name: str, text: str, parent: Message | None) -> None:
        for at in range(0, len(text), CHARACTERS):
            content = {"name": name, "text": text[at : at + CHARACTERS]}
            self._ports.send("iopub", "stream", content, parent, idents=[_topic(name)])

    def tick(self) -> float:
        """In the I/O thread: send what has waited long enough; seconds until then."""
        if not self.is_due:
            return 1.0
        left = self._since + HOLD - time.monotonic()
        if left > 0:
            return left
        if self._lock.acquire(blocking=False):
            try:
                self._flush()
            finally:
                self._lock.release()
            return 1.0
        return HOLD  # another thread is sending it

    # --- file descriptors -------------------------------------------------------------

    def replace(self, *, capture: bool = True, is_guest: bool = False) -> None:
        """Be `sys.stdout` and `sys.stderr`, and what lies under them."""
        import sys

        keep_stderr()
        self._before = (sys.stdout, sys.stderr)
        if is_guest:
            self._programs = dict(zip(NAMES, self._before, strict=True))
        sys.stdout, sys.stderr = self.stdout, self.stderr
        if not capture or os.name == "nt":
            return
        for number, name in enumerate(NAMES, 1):
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            saved = os.dup(number)
            os.dup2(writer, number)
            os.close(writer)
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._pipes[reader] = (name, decoder)
            self._before += (number, saved)
            self._ports.watch(reader, self._on_readable)
        self._glance = Glance(list(self._pipes))
        self.has_more = self._glance.look

    def _on_readable(self) -> None:
        """In the I/O thread: something was written to a file descriptor."""
        if self._lock.acquire(timeout=HOLD):  # else whoever sends reads it
            try:
                self._read_pipes()
            finally:
                self._lock.release()

    def _read_pipes(self) -> None:
        """Take in what lies in the pipes. The lock is held."""
        parent = self._parents.latest
        for _ in range(16):
            if not self.has_more():
                return
            for fd, (name, decoder) in self._pipes.items():
                try:
                    data = os.read(fd, PIPE_BYTES)
                except BlockingIOError:
                    continue
                if not data and self._glance is not None:
                    self._glance.leave_out(fd)
                    self._ports.unwatch(fd)
                    continue
                text = decoder.decode(data)
                if text:
                    self._add(parent, name, text)

    def give_back(self) -> None:
        """Undo `replace`."""
        import sys

        if not self._before:
            return
        self.flush()
        sys.stdout, sys.stderr = self._before[:2]
        saved = self._before[2:]
        for number, fd in zip(saved[::2], saved[1::2], strict=True):
            os.dup2(fd, number)
            os.close(fd)
        self.flush()
        with self._lock:
            for fd in self._pipes:
                self._ports.unwatch(fd)
            self._glance, self.has_more = None, _nothing
            self._before = ()
        _all.discard(self)

    def close(self) -> None:
        """When no thread listens to the pipes any more."""
        for fd in self._pipes:
            os.close(fd)
        self._pipes.clear()


def _take(things: list[T]) -> list[T]:
    """All that is in the list now. What others append meanwhile stays."""
    taken = things[:]
    del things[: len(taken)]
    return taken


def _merged(pieces: list[Piece]) -> Iterator[tuple[str, str]]:
    """Stream and text; neighbours of one stream come as one text."""
    try:
        texts = [("stdout", "".join(pieces))]  # type: ignore[arg-type]  # as a rule
    except TypeError:
        texts = [
            (name, "".join(one if isinstance(one, str) else one[1] for one in group))
            for name, group in groupby(pieces, _name_of)
        ]
    yield from texts


def _name_of(piece: Piece) -> str:
    return "stdout" if isinstance(piece, str) else piece[0]


def _nothing() -> int:
    """Where nothing is captured there is never more to be read."""
    return 0


def _topic(name: str) -> bytes:
    return f"stream.{name}".encode()


class KernelStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a kernel."""

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True
    mode = "w"

    def __init__(self, streams: Streams, name: str, number: int) -> None:
        self._streams = streams
        self._is_stderr = name == "stderr"
        self._stream_name = name
        self._number = number
        self.name = f"<{name}>"
        self.buffer = ByteStream(self)
        self._hooks: list[Callable[[str], str | None]] = []

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        streams = self._streams
        size = len(text)
        if "\n" in text:
            if streams.has_more():
                streams.catch_up()
        elif not size:
            return 0
        # `print` comes here four times for a line: no call that can be spared.
        parent = of_context()
        if parent is None or self._is_stderr or streams.is_child:
            streams.write(self._stream_name, text)
            return size
        texts = parent.texts
        texts.append(text)
        if size > SHORT or not parent.is_waiting or len(texts) > PIECES:
            streams.count(parent, size)
        return size

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]  # str lines, as every text stream
        self.write("".join(lines))

    def flush(self) -> None:
        self._streams.flush()

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Only flushes: code that closes stdout must not silence the kernel."""
        self.flush()

    def reconfigure(self, **_options: Any) -> None:
        """Accepted as by every text stream; encoding and buffering here are fixed."""
