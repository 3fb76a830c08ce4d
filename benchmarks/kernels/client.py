"""A client of a kernel that costs next to nothing: bare sockets, few messages decoded.

Jupyter's own client takes longer for a message than the kernel does, and would hide the
difference between kernels.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import zmq

PATIENCE = 60.0


class Client:
    """One client of the kernel that a connection file tells of."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self._key = connection["key"].encode()
        self._session = uuid.uuid4().hex
        self._count = 0
        self._context: zmq.Context[Any] = zmq.Context()
        self.shell = self._socket(zmq.DEALER, connection, "shell")
        self.iopub = self._socket(zmq.SUB, connection, "iopub")

    def _socket(self, kind: int, connection: dict[str, Any], channel: str) -> Any:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.rcvhwm = 0
        # It is there before the kernel: how soon it tries again is no kernel's doing.
        socket.reconnect_ivl = 1
        if kind == zmq.SUB:
            socket.subscribe(b"")
        socket.connect(f"tcp://127.0.0.1:{connection[f'{channel}_port']}")
        return socket

    def send(self, msg_type: str, content: dict[str, Any]) -> bytes:
        """Send a request on shell; its id."""
        self._count += 1
        msg_id = f"{self._session}_{self._count}"
        header = {
            "msg_id": msg_id,
            "msg_type": msg_type,
            "username": "benchmark",
            "session": self._session,
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        signature = hmac.new(self._key, b"".join(parts), hashlib.sha256).hexdigest()
        self.shell.send_multipart([b"<IDS|MSG>", signature.encode(), *parts])
        return msg_id.encode()

    def start(self, code: str) -> bytes:
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self.send("execute_request", content)

    def reply(self, patience: float = PATIENCE) -> dict[str, Any]:
        """The content of the next reply."""
        frames = self._receive(self.shell, patience)
        content: dict[str, Any] = json.loads(frames[-1])
        return content

    def until_idle(self, request: bytes) -> int:
        """Wait for the end of a request; how many line ends have been printed."""
        lines = 0
        while True:
            header, parent, _, content = self._receive(self.iopub, PATIENCE)[-4:]
            if b'"stream"' in header:
                lines += content.count(b"\\n")
            elif b'"idle"' in content and request in parent:
                return lines

    def until_printed(self, text: bytes) -> None:
        while text not in self._receive(self.iopub, PATIENCE)[-1]:
            pass

    def execute(self, code: str) -> tuple[float, int]:
        """Run a cell: seconds until its reply and its end are here, and line ends."""
        began = time.perf_counter()
        request = self.start(code)
        lines = self.until_idle(request)
        reply = self.reply()
        took = time.perf_counter() - began
        assert reply["status"] == "ok", reply
        return took, lines

    def settle(self) -> None:
        """Wait until what the start has sent is through."""
        while self.iopub.poll(300):
            self.iopub.recv_multipart()

    @staticmethod
    def _receive(socket: Any, patience: float) -> list[bytes]:
        if not socket.poll(int(1000 * patience)):
            raise TimeoutError(f"nothing came for {patience:g} s")
        frames: list[bytes] = socket.recv_multipart()
        return frames

    def close(self) -> None:
        self._context.destroy(linger=0)
