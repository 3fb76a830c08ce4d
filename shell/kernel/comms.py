"""The comms of a kernel: their messages go out on iopub, and come in on shell.

a library --> Comms --> iopub, after what was printed before
shell channel --> requests.py --> Comms --> a library's callback, in the main thread
"""

from __future__ import annotations

from ipcluster.engines.interpreter.ecosystem.comms import Comms
from ipcluster.shell.kernel.notes import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from ipcluster.shell.kernel.kernel import Kernel

    class AnyComms(Protocol):
        """What a kernel asks of comms, whoever has them."""

        def handle(self, message: dict[str, Any]) -> None:
            """A message that came from a client."""

        def info(self, target: str | None) -> dict[str, Any]:
            """The comms there are, all or those of one target."""

        def close(self) -> None:
            """The kernel ends."""


def comms_of(kernel: Kernel) -> Comms:
    """Those of the libraries in this process."""
    return Comms(kernel.shell, kernel.frontend.publish_comm, note)
