"""A message as one line of a log, for people.

    run function=2f9d0c1ab4e7 mode=0 items=2 (1:17 1:18) taken=16

Keys, payloads and users' code never appear in logs. So numbers are shown as they are,
text only where it is known to be a name of ours, and of all else how long it is: what a
later message brings is not shown until somebody says here that it may be.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ipcluster.wire.messages import SEQUENCE_BITS

# Fields of text that name things: hosts, engines, files of ours, questions. Hosts and
# names are a peer's own words.
NAMES = frozenset({"name", "names", "maps", "lent", "verb", "host", "uuid", "session"})
TASKS = frozenset({"task", "tasks", "held", "started", "running"})
# Characters of one name, and things of one list.
LONGEST = 60
SHOWN = 4
DIGEST_BYTES = 16


class Line:
    """What `line` gives, made when a log asks for it."""

    __slots__ = ("_message",)

    def __init__(self, message: Struct) -> None:
        self._message = message

    def __str__(self) -> str:
        return line(self._message)


def line(message: Struct) -> str:
    """The message's tag, and what may be told of its fields."""
    tag = message.__struct_config__.tag
    return f"{tag} {_fields(message)}".rstrip()


def _fields(message: Struct) -> str:
    shown = []
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if value is not None and value != ():
            shown.append(f"{name}={_value(name, value)}")
    return " ".join(shown)


def _value(name: str, value: Any) -> str:
    if isinstance(value, int | float):
        return _task(value) if name in TASKS and _is_task(value) else f"{value:g}"
    if name == "function" and isinstance(value, bytes):
        return _function(value)
    if isinstance(value, str) and name in NAMES:
        return ascii(value[:LONGEST])
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, str):
        return f"<{len(value)} characters>"
    if isinstance(value, Struct):
        return f"({_fields(value)})"
    return f"{len(value)}{_some(name, list(value))}"


def _some(name: str, values: list[Any]) -> str:
    """The first of a list, if they have names or are tasks."""
    shown = []
    for value in values[:SHOWN]:
        if (task := getattr(value, "task", None)) is not None:
            shown.append(_task(task))
        elif name in TASKS or (name in NAMES and isinstance(value, str)):
            shown.append(_value("task" if name in TASKS else name, value))
        elif isinstance(value, int) and name == "targets":
            shown.append(str(value))
    if not shown:
        return ""
    more = " ..." if len(values) > SHOWN else ""
    return f" ({' '.join(shown)}{more})"


def _is_task(value: float) -> bool:
    return isinstance(value, int) and value >> SEQUENCE_BITS > 0


def _task(number: int | float) -> str:
    """A task as its client and the client's count."""
    whole = int(number)
    return f"{whole >> SEQUENCE_BITS}:{whole & ((1 << SEQUENCE_BITS) - 1)}"


def _function(name: bytes) -> str:
    """A digest, the start of it; the name of an operation; or what a peer made up."""
    if len(name) == DIGEST_BYTES:
        return name.hex()[:12]
    return ascii(name[:LONGEST].decode("ascii", "replace"))
