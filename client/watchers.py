"""Who wants to see what others' cells show, by engine. Pure: told by messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ipcluster.wire.messages import Seen

Watcher = Callable[[str, list[Any]], None]
"""Told who typed a cell, and an event of it: as conversations have events."""


class Watchers:
    """The watchers of one connection. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[int, tuple[Watcher, ...]] = {}

    def add(self, engine: int, watcher: Watcher) -> None:
        with self._lock:
            self._of[engine] = (*self._of.get(engine, ()), watcher)

    def remove(self, engine: int, watcher: Watcher) -> bool:
        """Whether nobody here watches the engine any more."""
        with self._lock:
            left = tuple(one for one in self._of.get(engine, ()) if one != watcher)
            if left:
                self._of[engine] = left
            else:
                self._of.pop(engine, None)
            return not left

    def tell(self, message: Seen, event: Any) -> None:
        """Tell those it concerns; what was left out concerns all."""
        if message.left_out:
            for watchers in list(self._of.values()):
                for watcher in watchers:
                    watcher("", ["left_out", message.left_out])
        if isinstance(event, list) and event:
            for watcher in self._of.get(message.engine, ()):
                watcher(message.who, event)
