"""Objects that users pickle themselves: once for many calls, or for a place of theirs.

model = ipp.PrePickled(model)               # pickled here, once
for part in parts:
    view.apply_async(train, model, part)    # `train` gets the model itself
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

from ipcluster.wire.references import Reference
from ipcluster.wire.serialize import dump_to_buffers, load_from_buffers

# Bytes from which `serialize_object` gives a buffer by itself, as in ipyparallel.
BUFFER_BYTES = 1024


class PrePickled:
    """An object as it was when this was made; it arrives as an equal object.

    In the place of the object wherever that may stand: as an argument, inside of one,
    in a function's closure.
    """

    def __init__(self, obj: object) -> None:
        payload, buffers = dump_to_buffers(obj)
        # Copies: the object may be changed from now on.
        self._set(type(obj).__name__, payload, [bytearray(one) for one in buffers])

    def _set(self, kind: str, payload: bytes, buffers: list[Any]) -> None:
        self._kind = kind
        self._payload = payload
        self._buffers = buffers

    @property
    def buffers(self) -> list[Any]:
        """What `deserialize_object` makes an equal object of."""
        return [self._payload, *self._buffers]

    def get_object(self, g: dict[str, Any] | None = None) -> Any:
        """A new object. Functions of a session get `g` as globals, or `__main__`'s."""
        return load_from_buffers(self._payload, map(bytearray, self._buffers), g)

    def __repr__(self) -> str:
        size = sum(map(len, self.buffers))
        return f"<{type(self).__name__} {self._kind}: {size:,} bytes>"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return load_from_buffers, _for_protocol(protocol, self._payload, self._buffers)


class Canned(PrePickled):
    """What `can` makes. Pickled itself, it stays what it is until `uncan`."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        given = _for_protocol(protocol, self._payload, self._buffers)
        return _canned, (self._kind, *given)


def _for_protocol(
    protocol: int, payload: bytes, buffers: list[Any]
) -> tuple[Any, list[Any]]:
    if protocol < 5:
        return payload, [bytes(one) for one in buffers]
    return pickle.PickleBuffer(payload), [pickle.PickleBuffer(one) for one in buffers]


def _canned(kind: str, payload: Any, buffers: list[Any]) -> Canned:
    canned = Canned.__new__(Canned)
    # What came out of band is somebody else's memory.
    canned._set(kind, bytes(payload), [bytearray(one) for one in buffers])
    return canned


def can(obj: object) -> Canned:
    """Something that any pickler takes, and `uncan` makes an equal object of.

    Raises:
        SerializationError: the object cannot be pickled.
    """
    return obj if isinstance(obj, Canned) else Canned(obj)


def uncan(obj: Any, g: dict[str, Any] | None = None) -> Any:
    """The object that was canned, or is the value in a dict; others as they are.

    Functions of a session get `g` as their globals.
    """
    if isinstance(obj, PrePickled | Reference):
        return obj.get_object(g)
    if type(obj) is dict:
        return {key: uncan(value, g) for key, value in obj.items()}
    return obj


def serialize_object(
    obj: object, buffer_threshold: int = BUFFER_BYTES, item_threshold: int = 64
) -> list[Any]:
    """A pickle, and after it the object's own buffers, not copied.

    Args:
        obj: an object, or a PrePickled.
        buffer_threshold: bytes from which a buffer is not copied into the pickle.
        item_threshold: kept for users who set it; buffers are found at any depth.

    Raises:
        SerializationError: the object cannot be pickled.
    """
    if isinstance(obj, PrePickled):
        return obj.buffers
    payload, buffers = dump_to_buffers(obj, buffer_threshold)
    return [payload, *buffers]


def deserialize_object(
    buffers: Iterable[Any], g: dict[str, Any] | None = None
) -> tuple[Any, list[Any]]:
    """The object that was serialized, and the buffers that are left after its own.

    Functions of a session get `g` as their globals, or `__main__`'s.
    """
    left = iter(buffers)
    payload = next(left)
    return load_from_buffers(payload, left, g), list(left)
