"""The debugger of an engine, as its face has it.

    control thread --> queue --> a thread here --> Aside --> the engine's debugger
    debug_reply <----------------------<---------- Shown or Seen: `debug_reply`
    debug_event, to all clients <---------------------------------- `debug_event`

An engine gets ready for it between two tasks. So requests wait in a thread of their
own: the control thread has interrupts to pass on meanwhile.
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
# How ready the engine is: not at all, for questions, or to start debugpy.
NOT_READY, READY, STARTED = range(3)


class EngineDebugger:
    """Passes requests on, one after the other."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._remote: EngineRemote = kernel.shell.remote
        self._remote.on_debug = self._on_debug
        self._is_ready = NOT_READY
        self._is_debugging = False
        self._ident = ""
        self._replies: queue.SimpleQueue[tuple[str, dict[str, Any]]]
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
        wanted = STARTED if command == "initialize" else READY
        if self._is_ready < wanted:
            error = self._remote.prepare_debugger(wanted == STARTED)
            if error:
                return _failure(request, error)
            self._is_ready = wanted
        response = self._ask(request)
        if command in ("attach", "disconnect"):
            self._is_debugging = command == "attach"
        return response

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
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
        match event:
            case ["debug_reply", ident, response] if ident == self._ident:
                self._replies.put((ident, response))
            case ["debug_event", told]:
                publish(self._kernel, told)
            case _:
                pass  # an answer for another face

    def close(self) -> None:
        """What this face has started it ends: nothing stops there for nobody."""
        self._requests.put(None)
        if self._is_debugging:
            request = {"type": "request", "seq": 0, "command": "disconnect"}
            self._remote.say_debug("", {**request, "arguments": {}})


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
