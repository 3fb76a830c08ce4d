"""The interpreter's events as messages on iopub, and `input()` through stdin.

Payloads (pages, the next input, leaving) go into the reply of the request, where the
protocol has them ("Payloads").
"""

from __future__ import annotations

import threading

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import StdinNotAvailable
from ipcluster.engines.interpreter.frontend import FrontEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.ecosystem import comms
    from ipcluster.engines.interpreter.frontend import Complete
    from ipcluster.shell.kernel.kernel import Kernel


class _Own(threading.local):
    """What a thread keeps for the reply to its request."""

    def __init__(self) -> None:
        self.payloads: list[dict[str, Any]] = []
        self.error: e.Error | None = None


class KernelFrontEnd(FrontEnd):
    """All clients of a kernel."""

    is_rich = True
    takes_input = True
    has_colours = True

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._own = _Own()

    @property
    def connection_file(self) -> str:
        """Where the kernel's connection file lies."""
        return self._kernel.connection.path

    def begin(self) -> None:
        """A request of this thread's begins: what was kept for a reply is forgotten."""
        self._own.payloads = []
        self._own.error = None

    @property
    def error(self) -> e.Error | None:
        """What this thread's request has shown of an error."""
        return self._own.error

    def take_payloads(self) -> list[dict[str, Any]]:
        own = self._own
        taken, own.payloads = own.payloads, []
        return taken

    def publish(self, msg_type: str, content: dict[str, Any], **keywords: Any) -> None:
        """Send something to all clients, after what was printed before it."""
        kernel = self._kernel
        kernel.ports.throttle()
        kernel.streams.flush()
        parent = kernel.parents.current()
        topic = f"kernel.{kernel.ident}.{msg_type}".encode()
        kernel.ports.send(
            "iopub", msg_type, content, parent, idents=[topic], **keywords
        )

    def publish_comm(self, message: comms.Message) -> None:
        """Send a comm's message to all clients, after what was printed before it."""
        kernel = self._kernel
        kernel.ports.throttle()
        kernel.streams.flush()
        kernel.ports.send(
            "iopub",
            message.type,
            message.content,
            kernel.parents.current(),
            metadata=message.metadata,
            buffers=message.buffers,
            idents=[message.topic],
        )

    def emit(self, event: e.Event) -> None:
        match event:
            case e.Input():
                content: dict[str, Any] = {
                    "code": event.code,
                    "execution_count": event.count,
                }
                self.publish("execute_input", content)
            case e.Result():
                content = {
                    "execution_count": event.count,
                    "data": event.data,
                    "metadata": event.metadata,
                }
                self.publish("execute_result", content)
            case e.Display():
                kind = "update_display_data" if event.update else "display_data"
                content = {
                    "data": event.data,
                    "metadata": event.metadata,
                    "transient": event.transient,
                }
                self.publish(kind, content)
            case e.Clear():
                self.publish("clear_output", {"wait": event.wait})
            case e.Error():
                self._own.error = event
                self.publish("error", _error(event))
            case _:
                self._add_payload(event)

    def _add_payload(self, event: e.Event) -> None:
        match event:
            case e.Page():
                payload: dict[str, Any] = {
                    "source": "page",
                    "data": event.data,
                    "start": event.start,
                }
            case e.NextInput():
                payload = {
                    "source": "set_next_input",
                    "text": event.text,
                    "replace": event.replace,
                }
            case e.EditMagic():
                payload = {
                    "source": "edit_magic",
                    "filename": event.filename,
                    "line_number": event.line,
                }
            case e.ExitWanted():
                payload = {"source": "ask_exit", "keepkernel": event.keep}
            case _:
                return
        # The last wish of a kind is the one that counts, except for pages.
        kept = [
            one
            for one in self._own.payloads
            if one["source"] != payload["source"] or one["source"] == "page"
        ]
        self._own.payloads = [*kept, payload]

    # --- input ------------------------------------------------------------------------

    def read_line(
        self,
        prompt: str,
        *,
        password: bool = False,
        complete: Complete | None = None,
        history: str | None = None,
    ) -> str:
        kernel = self._kernel
        parent = kernel.parents.current()
        if parent is None or not parent.content.get("allow_stdin", False):
            raise StdinNotAvailable(
                "raw_input was called, but this front end does not support input."
            )
        kernel.streams.flush()
        return kernel.ask(parent, prompt, password, complete)


def _error(event: e.Error) -> dict[str, Any]:
    return {
        "ename": event.ename,
        "evalue": event.evalue,
        "traceback": event.traceback,
    }
