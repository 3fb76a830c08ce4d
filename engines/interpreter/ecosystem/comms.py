"""Comms: objects of an interpreter that have a twin in a front end.

The package `comm` is what libraries use (ipywidgets for one). When somebody imports it,
ours is put in its place: comms whose messages go to whoever shows what cells show, and
a manager that is told of the messages that come.

    a library           here                     a front end
    comm.send(...) ---> send(Message) ---------> a kernel's iopub, or an engine's link
    callback       <--- handle(message) <------- a kernel's shell channel, or a task

How messages travel is the business of whoever makes a `Comms`. "Custom Messages" in
"Messaging in Jupyter" says what is in them.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.importing import forget, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Their types: all three go both ways.
COMM_OPEN, COMM_MSG, COMM_CLOSE = "comm_open", "comm_msg", "comm_close"
TYPES = (COMM_OPEN, COMM_MSG, COMM_CLOSE)


class Message:
    """One that goes out; `buffers` are contiguous bytes."""

    __slots__ = ("buffers", "content", "metadata", "topic", "type")

    def __init__(
        self,
        msg_type: str,
        content: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        buffers: Any = (),
        topic: bytes = b"",
    ) -> None:
        self.type = msg_type
        self.content = content
        self.metadata = metadata or {}
        self.buffers = [memoryview(one).cast("B") for one in buffers or ()]
        self.topic = topic or f"comm-{content.get('comm_id', '')}".encode()


class Comms:
    """The comms of one shell.

    Args:
        shell: whose they are; it gets the manager as its `comm_manager`.
        send: called with each message that goes out, in any thread.
        note: called with a line for the log.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        send: Callable[[Message], None],
        note: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.shell: Any = shell
        self.send = send
        self.manager: Any = None
        self._note = note
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
            """A comm whose messages are sent."""

            def publish_msg(
                self,
                msg_type: str,
                data: Any = None,
                metadata: Any = None,
                buffers: Any = None,
                **keys: Any,
            ) -> None:
                content = {"data": data or {}, "comm_id": self.comm_id, **keys}
                comms.send(Message(msg_type, content, metadata, buffers, self.topic))

            @property
            def kernel(self) -> Any:
                return getattr(comms.shell, "kernel", None)

        self._module = module
        self._comm = Comm
        self._before = (self._module.create_comm, self._module.get_comm_manager)
        self.manager = CommManager()
        # Libraries that were imported before say once what they listen to.
        self.manager.targets.update(self._module.get_comm_manager().targets)
        self.shell.comm_manager = self.manager
        self._put()

    def _put(self) -> None:
        self._module.create_comm = self._comm
        self._module.get_comm_manager = lambda: self.manager

    def _take_back(self, _ipkernel: ModuleType) -> None:
        """Another kernel's module has made the functions its own."""
        if self._module is not None:
            self._put()

    def handle(self, message: dict[str, Any]) -> None:
        """A message that came from a front end, as the field's libraries have them."""
        msg_type, content = message["msg_type"], message["content"]
        comm_id = content.get("comm_id")
        manager = self.manager
        if msg_type == COMM_OPEN:
            target = content.get("target_name")
            if manager is None or target not in manager.targets:
                # Front ends with widgets ask every kernel for theirs.
                self.send(Message(COMM_CLOSE, {"comm_id": comm_id, "data": {}}))
                return
        elif manager is None or comm_id not in manager.comms:
            if msg_type != COMM_CLOSE:
                self._note(f"{msg_type} for a comm that is not here")
            return
        getattr(manager, msg_type)(None, None, message)

    def info(self, target: str | None) -> dict[str, Any]:
        """The comms there are, all or those of one target."""
        if self.manager is None:
            return {}
        return {
            comm_id: {"target_name": comm.target_name}
            for comm_id, comm in list(self.manager.comms.items())
            if target in (None, comm.target_name)
        }

    def close(self) -> None:
        """Give the package back what it had."""
        forget("comm", self._take_over)
        forget("ipykernel.ipkernel", self._take_back)
        if self._module is not None:
            self._module.create_comm, self._module.get_comm_manager = self._before
            self._module = None
