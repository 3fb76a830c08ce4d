"""Between a child process's pipes and whoever reads them.

`Pump` moves what there is, both ways, until the child has ended and all it printed has
been passed on. Pipes that something else still holds by then (`cmd &`) are left to a
thread.
"""

from __future__ import annotations

import codecs
import os
import selectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from typing import IO

    Sink = Callable[[str], object]

_CHUNK = 65536
# Seconds between looks at a child that has no file descriptor to wait on.
LOOK_EVERY = 0.02


class _Reader:
    """One pipe, decoded: characters may come in pieces."""

    def __init__(self, stream: IO[bytes], sink: Sink) -> None:
        self.stream = stream
        self.sink = sink
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def take(self) -> bool:
        """Pass on what there is; False at the end."""
        content = os.read(self.stream.fileno(), _CHUNK)
        text = self.decoder.decode(content, final=not content)
        if text:
            self.sink(text)
        return bool(content)


class Pump:
    """Moves bytes with one thread: the caller's."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        outputs: list[tuple[IO[bytes], Sink]],
        content: bytes,
    ) -> None:
        self.child = child
        self.readers = [_Reader(stream, sink) for stream, sink in outputs]
        self.content = memoryview(content)

    def run(self) -> None:
        """Until the child has ended; may be called again after an interrupt."""
        with selectors.DefaultSelector() as selector:
            ended = self._register(selector)
            try:
                while self.child.poll() is None:
                    wait = None if ended is not None else LOOK_EVERY
                    for key, _ in selector.select(wait):
                        self._serve(selector, key.data)
            finally:
                if ended is not None:
                    os.close(ended)
        self._drain()

    def _register(self, selector: selectors.BaseSelector) -> int | None:
        """Watch all pipes; the descriptor that tells of the child's end, if any."""
        for reader in self.readers:
            selector.register(reader.stream, selectors.EVENT_READ, reader)
        stdin = self.child.stdin
        if stdin is not None and not stdin.closed:
            os.set_blocking(stdin.fileno(), False)
            selector.register(stdin, selectors.EVENT_WRITE, None)
        try:
            ended = os.pidfd_open(self.child.pid)
        except (AttributeError, OSError):  # not on this system
            return None
        selector.register(ended, selectors.EVENT_READ, self)
        return ended

    def _serve(self, selector: selectors.BaseSelector, data: object) -> None:
        if data is None:
            self._feed(selector)
        elif isinstance(data, _Reader) and not data.take():
            selector.unregister(data.stream)
            self._close(data)

    def _feed(self, selector: selectors.BaseSelector) -> None:
        stdin = self.child.stdin
        assert stdin is not None
        try:
            self.content = self.content[
                os.write(stdin.fileno(), self.content[:_CHUNK]) :
            ]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it does not want to know
            self.content = memoryview(b"")
        if not self.content:
            selector.unregister(stdin)
            stdin.close()

    def _close(self, reader: _Reader) -> None:
        self.readers.remove(reader)
        reader.stream.close()

    def _drain(self) -> None:
        """The child has ended: pass on what it had printed."""
        if self.child.stdin is not None:
            self.child.stdin.close()
        for reader in self.readers[:]:
            os.set_blocking(reader.stream.fileno(), False)
            try:
                while reader.take():
                    pass
            except BlockingIOError:  # a process that it left behind may print
                os.set_blocking(reader.stream.fileno(), True)
                self.readers.remove(reader)
                _leave(reader)
            else:
                self._close(reader)


def _leave(reader: _Reader) -> None:
    """Let a thread pass on what comes, until the last writer has ended."""
    import threading

    def run() -> None:
        with reader.stream:
            while reader.take():
                pass

    threading.Thread(target=run, name="output of a command", daemon=True).start()


class WaitingPump:
    """For systems whose pipes cannot be waited on: output comes at the end."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        outputs: list[tuple[IO[bytes], Sink]],
        content: bytes,
    ) -> None:
        self.child = child
        self.sinks = {id(stream): sink for stream, sink in outputs}
        self.content = content

    def run(self) -> None:
        child = self.child
        texts = child.communicate(self.content if child.stdin is not None else None)
        for stream, content in zip((child.stdout, child.stderr), texts, strict=True):
            if content and id(stream) in self.sinks:
                self.sinks[id(stream)](content.decode("utf-8", "replace"))
