"""Messages that wait for a thread."""

from __future__ import annotations

import select
import socket
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ipcluster.shell.kernel.messages import Message

# Messages, and bytes of them, that may wait: no more are read until some are taken.
MOST = 10_000
MOST_BYTES = 256 << 20


class Inbox:
    """Messages for one thread, and a file descriptor that tells of them."""

    def __init__(self) -> None:
        self._messages: deque[Message | None] = deque()
        self._size = 0
        self._taken = 0
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)

    def put(self, message: Message | None) -> None:
        """Add one; None only wakes who waits."""
        if message is not None:
            self._size += message.size
        self._messages.append(message)
        try:
            self._bell.send(b"!")
        except (BlockingIOError, OSError):
            pass  # full of rings, or closed

    def take(self) -> Message | None:
        """The next; None: there is none now."""
        while self._messages:
            message = self._messages.popleft()
            if message is not None:
                self._taken += message.size
                return message
        return None

    @property
    def is_full(self) -> bool:
        return len(self._messages) > MOST or self._size - self._taken > MOST_BYTES

    def hush(self) -> None:
        try:
            while self._ear.recv(4096):
                pass
        except (BlockingIOError, OSError):
            pass

    def wait(self, timeout: float | None = None) -> bool:
        """Until something comes; signal handlers run meanwhile, and may raise."""
        if self._messages:
            return True
        ready = select.select([self._ear], [], [], timeout)[0]
        if ready:
            self.hush()
        return bool(ready)

    def remove(self, wanted: Callable[[Message], bool]) -> list[Message]:
        """Take out those that are wanted."""
        found: list[Message] = []
        kept: list[Message] = []
        while self._messages:
            message = self._messages.popleft()
            if message is not None:
                (found if wanted(message) else kept).append(message)
        self._taken += sum(message.size for message in found)
        self._messages.extendleft(reversed(kept))
        return found

    def fileno(self) -> int:
        return self._ear.fileno()

    def close(self) -> None:
        self._bell.close()
        self._ear.close()
