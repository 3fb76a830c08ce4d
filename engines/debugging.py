"""The debugger of an engine: breakpoints in cells, for front ends elsewhere.

    a face                                     the engine
    task `debug` ---------------------------> main thread: the server is made, and where
                                              it is to start, debugpy's adapter with it
    Aside("debug", id, request), and a ring -> main thread, between two bytecodes, also
                                              where it is stopped: into a queue
                                              "engine's debugger", a thread: answers
    <--- Shown, common: ["debug_reply", id, response], ["debug_event", event]

A response is nil where the task has to come first.

The adapter listens on the engine's host, for the engine alone: what front ends say and
hear goes over the link like everything else. Nothing of this is imported, and there is
no thread, before somebody asks for it.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from ipcluster.engines.interpreter.debugger.adapter import DebugError, leave_untraced
from ipcluster.engines.interpreter.debugger.protocol import DebugServer, listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipcluster.engines.engine import Engine
    from ipcluster.engines.interpreter.shell import InteractiveShell


class Debugging:
    """One server for all front ends of an engine, and its thread."""

    def __init__(self, engine: Engine, shell: InteractiveShell) -> None:
        self._engine = engine
        self._address: tuple[str, int] | None = None
        self._server = DebugServer(shell, self._tell, self._address_of)
        # Filled by whoever is interrupted for it: it has to be one that takes no lock.
        self._requests: queue.SimpleQueue[tuple[str, dict[str, Any]] | None]
        self._requests = queue.SimpleQueue()
        thread = threading.Thread(
            target=self._serve, name="engine's debugger", daemon=True
        )
        leave_untraced(thread)
        thread.start()
        engine.on_debug = self._put

    def listen(self) -> None:
        """In the main thread, between tasks: start the adapter, once.

        Raises:
            DebugError: debugpy is not installed here.
        """
        if self._address is None:
            self._address = listen()

    def _address_of(self, _listen: Callable[[], tuple[str, int]]) -> tuple[str, int]:
        if self._address is None:
            raise DebugError("the debugger has not been started")
        return self._address

    def _put(self, ident: str, request: dict[str, Any]) -> None:
        self._requests.put((ident, request))

    def _serve(self) -> None:
        while (asked := self._requests.get()) is not None:
            ident, request = asked
            response: dict[str, Any] | None = None
            if self._address is not None or request.get("command") != "initialize":
                response = self._server.answer(request)
            self._engine.show(["debug_reply", ident, response], common=True)

    def _tell(self, event: dict[str, Any]) -> None:
        self._engine.show(["debug_event", event], common=True)

    def close(self) -> None:
        self._engine.on_debug = None
        self._requests.put(None)
        self._server.close()
