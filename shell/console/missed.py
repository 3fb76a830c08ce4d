"""What a kernel of ours has shown while its console was away (kernel/journal.py).

    connected, or again          the console                     its kernel
    hold what comes        ───── replay_request {"since": n} ──> looks into its journal
    show what was missed   <──── replay_reply ──────────────────
    then what was held, and go on

The kernel numbers its messages, but does not say the numbers: they are counted here. A
few more are asked for than are missing, and those that were seen are known by their
ids. Pure: it says what to ask for and what to show.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from ipcluster.shell.kernel.messages import Message
from ipcluster.shell.kernel.ports import UNKEPT

if TYPE_CHECKING:
    from collections.abc import Iterator

# Messages whose ids are remembered, and of which so many are asked for once more.
REMEMBERED = 1000
AGAIN = 100
# Seconds that messages are held back for an answer.
PATIENCE = 3.0
# Past every number: an answer to this says how far the kernel is, and nothing else.
NOTHING = 1 << 53


class Missed:
    """Which of a kernel's messages a console has not shown yet."""

    def __init__(self) -> None:
        self._number = 0  # of the last message that came
        self._ids: deque[str] = deque(maxlen=REMEMBERED)
        self._held: list[Message] | None = None
        self._asked = 0.0

    def ask(self, since: int | None = None) -> dict[str, Any]:
        """The request to send; until it is answered, messages are held back."""
        self._held = self._held or []
        self._asked = time.monotonic()
        return {"since": max(0, self._number - AGAIN) if since is None else since}

    def take(self, message: Message) -> Iterator[Message]:
        """What is to be shown, now that this has come."""
        if self._held is not None:
            self._held.append(message)
        else:
            yield from self._new([message])

    def answer(self, content: dict[str, Any]) -> Iterator[Message]:
        """What is to be shown, now that the kernel has answered."""
        found = [Message.from_dict(one) for one in content.get("messages") or ()]
        yield from self._new(found)
        self._number = int(content.get("next") or 1) - 1

    def go_on(self, content: dict[str, Any]) -> dict[str, Any] | None:
        """The request that follows this answer, if there may be more; or None."""
        return self.ask(self._number) if content.get("messages") else None

    def is_over(self) -> bool:
        """Whether all has been told: the next message is shown as it comes."""
        return self._held is None

    def is_late(self) -> bool:
        """Whether the answer is waited for no longer."""
        return self._held is not None and time.monotonic() - self._asked > PATIENCE

    def give_up(self) -> Iterator[Message]:
        """What was held back."""
        held, self._held = self._held or [], None
        yield from self._new(held)

    def _new(self, messages: list[Message]) -> Iterator[Message]:
        for message in messages:
            ident = str(message.header.get("msg_id"))
            if ident not in self._ids:
                self._ids.append(ident)
                self._number += message.type not in UNKEPT
                yield message
