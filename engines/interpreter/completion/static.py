"""jedi at a distance: completes by reading code, in a process of its own.

    this process                             the other (static_child.py)
    ask(code, cursor, wait)  -- JSON line --> reads, infers
      waits so long, at most <-- JSON line --

The other is started when it is first needed, and ends when its standard input does:
with this process, however that ends. An answer that comes too late is kept for the next
time somebody asks the same. One that is busy for too long is killed, and one that dies
is started again, three times in all.
"""

from __future__ import annotations

import os
import sys
import time

from ipcluster.engines.interpreter.completion.results import Completion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Key = tuple[str, int, int]

# Of earlier inputs, this many of the last characters are told.
HISTORY_AT_MOST = 60_000
# Longer cells are not sent.
CODE_AT_MOST = 200_000
# Seconds after which a question counts as hopeless.
BUSY_AT_MOST = 15.0
# It is not started anew when it has died so often.
STARTS = 3
# Answers that are kept.
KEPT = 32
# Seconds that the other process has to end by itself.
ENDS_WITHIN = 0.5


class StaticCompleter:
    """One process of jedi's, and what is known of its answers."""

    def __init__(self) -> None:
        import threading

        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._starts = 0
        self._answers: dict[Key, list[Completion]] = {}
        self._asked: tuple[Key, int, float] | None = None  # cursor, since when

    @property
    def pid(self) -> int | None:
        """The other process; None: there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the other process, if it can be had: it needs a second to be of use."""
        with self._lock:
            self._running()

    def ask(
        self, before: list[str], code: str, cursor: int, wait: float
    ) -> list[Completion]:
        """What could stand at the cursor; [] when that takes more than `wait` seconds.

        `before` are earlier inputs, whose names the code may use.
        """
        if len(code) > CODE_AT_MOST:
            return []
        key = (code, cursor, len(before))
        deadline = time.monotonic() + wait
        with self._lock:
            try:
                return self._ask(key, before, deadline)
            except OSError:  # it has died
                self._forget()
                return []

    def _ask(self, key: Key, before: list[str], deadline: float) -> list[Completion]:
        if key in self._answers:
            return self._answers[key]
        process = self._running()
        if process is None:
            return []
        while True:
            self._take_answers(process, 0.0)
            if key in self._answers:
                return self._answers[key]
            now = time.monotonic()
            if self._asked is None:
                self._send(process, key, before, max(deadline, now + 0.05))
            elif now - self._asked[2] > BUSY_AT_MOST:
                self._forget()
                return []
            left = deadline - time.monotonic()
            if left <= 0:
                return self._answers.get(key, [])
            self._take_answers(process, left)

    def _send(
        self, process: _Process, key: Key, before: list[str], deadline: float
    ) -> None:
        code, cursor, _ = key
        history: list[str] = []
        room = HISTORY_AT_MOST
        for text in reversed(before):
            room -= len(text) + 1
            if room < 0:
                break
            history.append(text)
        text = "".join(f"{one}\n" for one in reversed(history))
        line = code.count("\n", 0, cursor)
        column = cursor - (code.rfind("\n", 0, cursor) + 1)
        request = {
            "code": text + code,
            "line": text.count("\n") + line + 1,
            "column": column,
        }
        process.send(request, deadline)
        self._asked = key, cursor, time.monotonic()

    def _take_answers(self, process: _Process, wait: float) -> None:
        answer = process.receive(wait)
        if answer is None or self._asked is None:
            return
        key, cursor, _ = self._asked
        self._asked = None
        self._answers[key] = [
            Completion(
                cursor - length,
                cursor,
                text,
                type=kind,
                _origin="jedi",
                signature=shown,
            )
            for text, kind, length, shown in answer
        ]
        while len(self._answers) > KEPT:
            del self._answers[next(iter(self._answers))]

    # --- the process ------------------------------------------------------------------

    def _running(self) -> _Process | None:
        process = self._process
        if process is not None and process.owner != os.getpid():
            process.abandon()  # a copy of this object, in a fork
            self._process = process = None
            self._asked = None
        if process is None and self._starts < STARTS and _can_start():
            self._starts += 1
            try:
                self._process = process = _Process()
            except OSError:
                return None
        return process

    def _forget(self) -> None:
        process, self._process = self._process, None
        self._asked = None
        if process is not None:
            process.close(0.0)

    def close(self) -> None:
        """End the other process."""
        with self._lock:
            process, self._process = self._process, None
            self._starts = STARTS
            if process is not None:
                process.close(ENDS_WITHIN)


def _can_start() -> bool:
    from importlib.util import find_spec

    try:
        return bool(sys.executable) and find_spec("jedi") is not None
    except (ImportError, ValueError):
        return False


class _Process:
    """The other process and the two pipes to it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._received = b""
        child = os.path.join(os.path.dirname(__file__), "static_child.py")
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", child],
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs_in, 0),
                    (os.POSIX_SPAWN_DUP2, theirs_out, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                # Not of the terminal's group: Ctrl-C is not meant for it.
                setpgroup=0,
            )
        except OSError:
            self.abandon()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        os.set_blocking(self._to, False)
        path = [entry for entry in sys.path if entry]
        try:
            folder = os.getcwd()
        except FileNotFoundError:
            folder = "/"
        self.send(
            {"path": path, "folder": folder, "parent": self.owner},
            time.monotonic() + 1,
        )

    def send(self, message: dict[str, Any], deadline: float) -> None:
        """Write a line; gives up, and raises, when that takes until the deadline."""
        import json
        import select

        data = json.dumps(message).encode() + b"\n"
        while data:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [self._to], [], left)[1]:
                raise OSError("the static completer does not listen")
            try:
                data = data[os.write(self._to, data[:65536]) :]
            except BlockingIOError:
                continue

    def receive(self, wait: float) -> Any:
        """The next line, if it comes in time; else None."""
        import json
        import select

        deadline = time.monotonic() + wait
        while b"\n" not in self._received:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._from], [], [], left)[0]:
                return None
            data = os.read(self._from, 1 << 16)
            if not data:
                raise OSError("the static completer has ended")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return json.loads(line)

    def abandon(self) -> None:
        """Close the pipes, and leave the process to itself: it ends by that."""
        for fd in (self._to, self._from):
            try:
                os.close(fd)
            except OSError:
                pass

    def close(self, wait: float) -> None:
        """End it: by closing its input, and after `wait` seconds by force."""
        import signal

        self.abandon()
        deadline = time.monotonic() + wait
        try:
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() >= deadline:
                    os.kill(self.pid, signal.SIGKILL)
                    os.waitpid(self.pid, 0)
                    return
                time.sleep(0.005)
        except (ChildProcessError, ProcessLookupError):
            pass  # somebody else has waited for it
