"""The functions that tasks name, by digest, for as long as a task that is here may need them."""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakValueDictionary

from ipcluster.wire.messages import NewFunction

# Functions remembered without a task that needs them, and the bytes they may take.
REMEMBERED = 4096
REMEMBERED_BYTES = 64 << 20


class Functions:
    """Strong references to the latest, weak ones to all: a task's own reference keeps its function alive."""

    def __init__(self) -> None:
        self._latest: OrderedDict[bytes, NewFunction] = OrderedDict()
        self._all: WeakValueDictionary[bytes, NewFunction] = WeakValueDictionary()
        self._bytes = 0

    def add(self, message: NewFunction) -> None:
        known = self._all.get(message.digest)
        if known is not None:
            message = known
        if message.digest in self._latest:
            self._latest.move_to_end(message.digest)
            return
        self._all[message.digest] = message
        self._latest[message.digest] = message
        self._bytes += len(message.payload)
        while len(self._latest) > REMEMBERED or (
            self._bytes > REMEMBERED_BYTES and len(self._latest) > 1
        ):
            _, oldest = self._latest.popitem(last=False)
            self._bytes -= len(oldest.payload)

    def get(self, digest: bytes) -> NewFunction | None:
        return self._all.get(digest)
