"""The debugger of a kernel: requests come on control ("Debug request").

    control thread --> DebugServer.answer --> debug_reply, on control
                       its events         --> debug_event, on iopub

Where the shell is elsewhere, so is the debugger: whoever makes the kernel says how.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.debugger.protocol import DebugServer
from ipcluster.shell.kernel.notes import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.messages import Message

    class AnyDebugger(Protocol):
        """What a kernel asks of a debugger, wherever it is."""

        def handle(self, message: Message) -> None:
            """A request that came: answered now, or later."""

        def close(self) -> None:
            """The kernel ends."""


class Debugger:
    """That of the shell in this process."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._server = DebugServer(kernel.shell, self._tell, kernel.call_in_main, note)

    def handle(self, message: Message) -> None:
        reply(self._kernel, message, self._server.answer(message.content))

    def _tell(self, event: dict[str, Any]) -> None:
        publish(self._kernel, event)

    def close(self) -> None:
        self._server.close()


def reply(kernel: Kernel, message: Message, response: dict[str, Any]) -> None:
    """Answer with a DAP response as it is, without a status of ours."""
    kernel.ports.send(
        "control", "debug_reply", response, message, idents=message.idents
    )


def publish(kernel: Kernel, event: dict[str, Any]) -> None:
    """Tell all clients of a DAP event."""
    topic = f"kernel.{kernel.ident}.debug_event".encode()
    kernel.ports.send(
        "iopub", "debug_event", event, kernel.last_control, idents=[topic]
    )
