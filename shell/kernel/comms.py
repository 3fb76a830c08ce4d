"""Comms: objects of the kernel's that have a twin in a client ("Custom Messages").

The package `comm` is what libraries use (ipywidgets for one). When somebody imports it,
ours is put in its place: comms whose messages go out on iopub, and a manager that is
told of those that come in.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.importing import forget, when_imported
from ipcluster.shell.kernel.notes import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.messages import Message


class Comms:
    """The comms of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.manager: Any = None
        self._module: Any = None
        self._comm: Any = None
        self._before: tuple[Any, ...] = ()
        when_imported("comm", self._take_over)
        # Where ipykernel is installed, some libraries import it: it takes over too.
        when_imported("ipykernel.ipkernel", self._take_back)

    def _take_over(self, module: ModuleType) -> None:
        """`comm` has been imported: make its functions give ours."""
        from comm.base_comm import BaseComm, CommManager

        comms = self

        class Comm(BaseComm):  # type: ignore[misc]  # it ships no types
            """A comm whose messages go out on iopub."""

            def publish_msg(
                self,
                msg_type: str,
                data: Any = None,
                metadata: Any = None,
                buffers: Any = None,
                **keys: Any,
            ) -> None:
                content = {"data": data or {}, "comm_id": self.comm_id, **keys}
                comms.publish(msg_type, content, metadata, buffers or (), self.topic)

            @property
            def kernel(self) -> Kernel:
                return comms.kernel

        self.manager = CommManager()
        self._module = module
        self._comm = Comm
        self._before = (self._module.create_comm, self._module.get_comm_manager)
        self.kernel.shell.comm_manager = self.manager
        self._put()

    def _put(self) -> None:
        self._module.create_comm = self._comm
        self._module.get_comm_manager = lambda: self.manager

    def _take_back(self, _ipkernel: ModuleType) -> None:
        """Another kernel's module has made the functions its own."""
        if self._module is not None:
            self._put()

    def publish(
        self,
        msg_type: str,
        content: dict[str, Any],
        metadata: dict[str, Any] | None,
        buffers: Any,
        topic: bytes,
    ) -> None:
        kernel = self.kernel
        kernel.streams.flush()
        kernel.ports.send(
            "iopub",
            msg_type,
            content,
            kernel.parents.current(),
            metadata=metadata,
            buffers=[memoryview(one).cast("B") for one in buffers],
            idents=[topic],
        )

    def handle(self, message: Message) -> None:
        """A comm message that came from a client."""
        comm_id = message.content.get("comm_id")
        manager = self.manager
        if message.type == "comm_open":
            target = message.content.get("target_name")
            if manager is None or target not in manager.targets:
                # Front ends with widgets ask every kernel for theirs.
                close: dict[str, Any] = {"comm_id": comm_id, "data": {}}
                self.publish("comm_close", close, None, (), f"comm-{comm_id}".encode())
                return
        elif manager is None or comm_id not in manager.comms:
            if message.type != "comm_close":
                note(f"{message.type} for a comm that is not here")
            return
        getattr(manager, message.type)(None, None, message.to_dict())

    def info(self, target: str | None) -> dict[str, Any]:
        """The comms there are, all or those of one target."""
        if self.manager is None:
            return {}
        return {
            comm_id: {"target_name": comm.target_name}
            for comm_id, comm in self.manager.comms.items()
            if target in (None, comm.target_name)
        }

    def close(self) -> None:
        """Give the package back what it had."""
        forget("comm", self._take_over)
        forget("ipykernel.ipkernel", self._take_back)
        if self._module is not None:
            self._module.create_comm, self._module.get_comm_manager = self._before
            self._module = None
