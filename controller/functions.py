"""The functions that tasks name, for as long as a task here may need them."""

from __future__ import annotations

from weakref import WeakValueDictionary

from ipcluster.wire.messages import NewFunction


class Functions:
    """One object for each digest, kept alive by clients and tasks that need it."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[bytes, NewFunction] = WeakValueDictionary()

    def add(self, message: NewFunction) -> NewFunction:
        """The object to keep: the one that is known already, if there is one."""
        return self._known.setdefault(message.digest, message)

    def get(self, digest: bytes) -> NewFunction | None:
        return self._known.get(digest)
