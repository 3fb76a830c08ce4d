"""Lines that the running task asks a person for, and those that have come.

A task's threads may ask as well; each gets the answer to its own wish. While a line is
typed, the person may press Tab: what could stand there is for whoever asked to say.
"""

from __future__ import annotations

from collections import deque

from ipcluster.wire.messages import Aside, Typed

# Lines that were typed before anybody asked; of more the first are forgotten.
AHEAD = 1000


class Wishes:
    """Of one task at a time."""

    def __init__(self) -> None:
        self._task = 0
        self._count = 0
        self._open: set[int] = set()
        self._answers: dict[int, str | None] = {}
        self._tabs: deque[tuple[int, str, int]] = deque(maxlen=AHEAD)
        self._ahead: deque[str | None] = deque(maxlen=AHEAD)

    def begin(self, task: int) -> None:
        """Another task runs: what was typed for the last one is for nobody."""
        self._task = task
        self._count = 0
        self._open.clear()
        self._answers.clear()
        self._tabs.clear()
        self._ahead.clear()

    def ask(self) -> int:
        """The number of a new wish, from 1."""
        self._count += 1
        self._open.add(self._count)
        return self._count

    def on_typed(self, typed: Typed) -> None:
        if typed.task != self._task:
            return
        if not typed.wish:
            self._ahead.append(typed.text)
        elif typed.wish in self._open:
            self._answers[typed.wish] = typed.text

    def on_tab(self, aside: Aside, text: str, cursor: int) -> None:
        """Somebody wants to know what could stand at the cursor of a wished line."""
        if aside.task == self._task and aside.wish in self._open:
            self._tabs.append((aside.wish, text, cursor))

    def take_tab(self, wish: int) -> tuple[str, int] | None:
        """What has been typed of this line where Tab was pressed, and the cursor."""
        for at, (of, text, cursor) in enumerate(self._tabs):
            if of == wish:
                del self._tabs[at]
                return text, cursor
        return None

    def take(self, wish: int) -> tuple[bool, str | None]:
        """Whether this wish is answered, and the line; None: nobody types."""
        if wish in self._answers:
            text = self._answers.pop(wish)
        elif self._ahead:
            text = self._ahead.popleft()
        else:
            return False, None
        self._open.discard(wish)
        return True, text
