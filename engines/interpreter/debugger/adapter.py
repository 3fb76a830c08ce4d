"""The connection to debugpy's adapter, by the Debug Adapter Protocol."""

from __future__ import annotations

import itertools
import json
import queue
import socket
import threading
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Body = dict[str, Any]

# Seconds that debugpy gets to answer.
PATIENCE = 30.0


class DebugError(Exception):
    """A request that cannot be answered; its text is for the person."""


class Adapter:
    """The connection to debugpy's adapter: requests out, responses and events in."""

    def __init__(
        self, address: tuple[str, int], on_event: Any, note: Callable[[str], None]
    ) -> None:
        self.address = address
        self._socket = socket.create_connection(address, PATIENCE)
        self._socket.settimeout(None)
        self._on_event = on_event
        self._note = note
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Body]] = {}
        self._numbers = itertools.count(1)
        self.initialized = threading.Event()
        thread = threading.Thread(target=self._read, name="kernel DAP", daemon=True)
        leave_untraced(thread)
        thread.start()

    def ask(self, command: str, arguments: Body | None = None) -> Body:
        """The response to a request."""
        return self.wait(self.send(command, arguments))

    def send(self, command: str, arguments: Body | None = None) -> int:
        """Send a request; its number."""
        number = next(self._numbers)
        body: Body = {"seq": number, "type": "request", "command": command}
        if arguments is not None:
            body["arguments"] = arguments
        data = json.dumps(body).encode()
        with self._lock:
            self._waiting[number] = queue.SimpleQueue()
            self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        return number

    def wait(self, number: int) -> Body:
        """The response to the request of that number.

        Raises:
            DebugError: none came.
        """
        try:
            response = self._waiting[number].get(timeout=PATIENCE)
        except queue.Empty:
            raise DebugError("the debugger does not answer") from None
        finally:
            self._waiting.pop(number, None)
        if response.get("type") == "closed":
            raise DebugError("the debugger has gone")
        return response

    def _read(self) -> None:
        stream = self._socket.makefile("rb")
        try:
            while True:
                size = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = line.partition(b":")
                    if name.strip().lower() == b"content-length":
                        size = int(value)
                if not line:
                    break
                self._on_message(json.loads(stream.read(size)))
        except (OSError, ValueError):
            pass  # closed
        for waiting in list(self._waiting.values()):
            waiting.put({"type": "closed"})

    def _on_message(self, message: Body) -> None:
        if message.get("type") == "event":
            if message.get("event") == "initialized":
                self.initialized.set()
            try:
                self._on_event(message)
            except Exception:
                self._note(traceback.format_exc())
        elif message.get("type") == "response":
            waiting = self._waiting.get(message.get("request_seq", -1))
            if waiting is not None:
                waiting.put(message)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()


def leave_untraced(thread: threading.Thread) -> None:
    """Have pydevd pass over a thread of ours: stopped, it could not answer."""
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]  # pydevd's mark
    thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]  # the same
