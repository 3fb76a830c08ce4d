"""Subshells: more threads that run requests, beside the main one ("Kernel subshells").

A client makes one by a message on control, and then names it in the headers of its
requests (`subshell_id`). The namespace is the shell's; who runs at the same time in two
threads takes the same care as with any threads. A client that waits for a long cell can
so still ask for completions, or move a widget.
"""

from __future__ import annotations

import threading
import uuid

from ipcluster.shell.kernel.interrupts import raise_in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.shell.kernel.kernel import Kernel
    from ipcluster.shell.kernel.messages import Message


class Subshell:
    """One thread, and the requests that wait for it."""

    def __init__(self, kernel: Kernel, ident: str) -> None:
        from ipcluster.shell.kernel.inbox import Inbox

        self.ident = ident
        self.inbox = Inbox()
        self._kernel = kernel
        self._stopping = False
        self.running = False
        self.thread = threading.Thread(
            target=self._serve, name=f"subshell {ident[:8]}", daemon=True
        )

    def _serve(self) -> None:
        while not self._stopping:
            message = self.inbox.take()
            if message is None:
                self.inbox.wait()
                continue
            self.running = True
            try:
                self._kernel.handle(message)
            finally:
                self.running = False

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in its thread, at its next bytecode."""
        if self.running:
            raise_in_thread(self.thread, KeyboardInterrupt)

    def stop(self) -> None:
        """End after what runs; what waits is not run."""
        self._stopping = True
        self.inbox.put(None)


class Subshells:
    """The subshells of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._by_id: dict[str, Subshell] = {}

    def __bool__(self) -> bool:
        return bool(self._by_id)

    def create(self) -> str:
        """A new one's id."""
        ident = uuid.uuid4().hex
        subshell = self._by_id[ident] = Subshell(self._kernel, ident)
        subshell.thread.start()
        return ident

    def delete(self, ident: str) -> bool:
        """End one; False: there is none of that id."""
        subshell = self._by_id.pop(ident, None)
        if subshell is None:
            return False
        subshell.stop()
        return True

    def ids(self) -> list[str]:
        return list(self._by_id)

    def put(self, ident: str, message: Message) -> bool:
        """A request for one; False: there is none of that id."""
        subshell = self._by_id.get(ident)
        if subshell is None:
            return False
        subshell.inbox.put(message)
        return True

    def of_thread(self) -> Subshell | None:
        """The one whose thread this is; None: it is another thread."""
        thread = threading.current_thread()
        for subshell in self._by_id.values():
            if subshell.thread is thread:
                return subshell
        return None

    def interrupt(self) -> None:
        """Interrupt what runs in all of them."""
        for subshell in list(self._by_id.values()):
            subshell.interrupt()

    def close(self) -> None:
        for ident in self.ids():
            self.delete(ident)
