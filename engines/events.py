"""What a shell shows, as bytes: its events on their way to those who watch."""

from __future__ import annotations

import contextlib

from ipcluster.wire.codec import pack_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Bytes of an event beyond which it is not sent: a frame has an end.
EVENT_BYTES = 48 << 20


def pack_event(event: list[Any]) -> bytes:
    """An event as bytes; what cannot travel is shown as a text that says so."""
    try:
        packed = pack_body(event)
    except (TypeError, ValueError, OverflowError):
        packed = pack_body(_plain(event))
    if len(packed) <= EVENT_BYTES:
        return packed
    text = f"[{event[0]} of {len(packed):,} bytes left out: too large to show]"
    return pack_body(["display", {"text/plain": text}, {}, {}, False])


def _plain(value: Any) -> Any:
    """The value with texts in the place of what msgpack cannot carry."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):  # numpy has subclasses, which msgpack does not take
        return float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, int):
        return int(value) if -(1 << 63) <= value < 1 << 64 else str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    for convert in ("isoformat", "tolist"):  # dates; numpy's arrays and scalars
        method = getattr(value, convert, None)
        with contextlib.suppress(Exception):
            found = method() if callable(method) else None
            if isinstance(found, str | bool | int | float | list):
                return _plain(found)
    return str(value)
