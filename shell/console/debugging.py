"""The debugger of an engine, as its face has it.

    control thread --> queue --> a thread here --> Aside --> the engine's debugger
    debug_reply <----------------------<---------- Shown or Seen: `debug_reply`
    debug_event, to all clients <---------------------------------- `debug_event`

An engine gets ready for it between two tasks, by the operation `debug`: when it says
that it is not. So requests wait in a thread of their own: the control thread has
interrupts to pass on meanwhile.
"""

from __future__ import annotations

import queue
import threading
import uuid
from typing import TYPE_CHECKING, Any

from ipcluster.shell.kernel.debugging import publish, reply

if TYPE_CHECKING:
    from ipcluster.shell.console.engine import EngineRemote
    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.messages import Message

# Seconds that the engine's debugger gets to answer; it waits for debugpy itself.
PATIENCE = 40.0


class EngineDebugger:
    """Passes requests on, one after the other."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._remote: EngineRemote = kernel.shell.remote
        self._remote.on_debug = self._on_debug
        self._is_debugging = False
        self._ident = ""
        self._replies: queue.SimpleQueue[tuple[str, dict[str, Any] | None]]
        self._replies = queue.SimpleQueue()
        self._requests: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        threading.Thread(
            target=self._serve, name="kernel debugger", daemon=True
        ).start()

    def handle(self, message: Message) -> None:
        self._requests.put(message)

    def _serve(self) -> None:
        while (message := self._requests.get()) is not None:
            reply(self._kernel, message, self._answer(message.content))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        command = str(request.get("command", ""))
        response = self._ask(request)
        if response is None:
            error = self._remote.prepare_debugger(command == "initialize")
            if error:
                return _failure(request, error)
            response = self._ask(request) or _failure(request, "it does not get ready")
        if command in ("attach", "disconnect"):
            self._is_debugging = command == "attach"
        return response

    def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The engine's response; None: it has to get ready first."""
        self._ident = ident = uuid.uuid4().hex
        self._remote.say_debug(ident, request)
        try:
            while True:
                of, response = self._replies.get(timeout=PATIENCE)
                if of == ident:
                    return response
        except queue.Empty:
            return _failure(request, "the engine's debugger does not answer")

    def _on_debug(self, event: list[Any]) -> None:
        """Told in the thread that serves the connection."""
        if event[0] == "debug_event":
            tell_event(self._kernel, event)
        elif event[1] == self._ident:  # else it is for another face
            self._replies.put((event[1], event[2]))

    def close(self) -> None:
        """What this face has started it ends: nothing stops there for nobody."""
        self._requests.put(None)
        if self._is_debugging:
            request = {"type": "request", "seq": 0, "command": "disconnect"}
            self._remote.say_debug("", {**request, "arguments": {}})


def tell_event(kernel: Kernel, event: list[Any]) -> None:
    """Clients hear of events also where another face has the debugger."""
    if event[0] == "debug_event":
        publish(kernel, event[1])


def _failure(request: dict[str, Any], why: str) -> dict[str, Any]:
    number = request.get("seq", 0)
    return {
        "type": "response",
        "success": False,
        "message": why,
        "body": {},
        "command": str(request.get("command", "")),
        "request_seq": number,
        "seq": number,
    }
