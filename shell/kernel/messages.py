"""The wire protocol: signed frames to messages and back ("The Wire Protocol").

    [identities ...] <IDS|MSG> signature header parent_header metadata content [buffers]

A wrong signature, a message that was seen before (its signature is the same) and a
frame that is no JSON are `BadMessage`s: dropped, never answered.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from binascii import b2a_base64
from collections import OrderedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Frame = bytes | memoryview

PROTOCOL_VERSION = "5.5"
DELIMITER = b"<IDS|MSG>"
# Signatures remembered against replays: more than a client sends in the time that a
# replayed one could do harm.
DIGESTS = 1 << 16
# Bytes of a message's text; a longer one is dropped before it is decoded.
LONGEST = 512 << 20


class BadMessage(Exception):
    """Frames that are no message for us."""


class Message:
    """One message, taken apart."""

    __slots__ = (
        "buffers",
        "content",
        "header",
        "idents",
        "is_answered",
        "is_waiting",
        "metadata",
        "parent",
        "size",
        "texts",
    )

    def __init__(
        self,
        header: dict[str, Any],
        parent: dict[str, Any],
        metadata: dict[str, Any],
        content: dict[str, Any],
        buffers: Sequence[Frame] = (),
        idents: Sequence[bytes] = (),
        size: int = 0,
    ) -> None:
        self.header = header
        self.parent = parent
        self.metadata = metadata
        self.content = content
        self.buffers = buffers
        self.idents = idents
        self.size = size
        self.is_answered = False
        # What it has printed and is not sent yet; see streams.py.
        self.texts: list[str | tuple[str, str]] = []
        self.is_waiting = False

    @property
    def type(self) -> str:
        return str(self.header.get("msg_type", ""))

    @property
    def session(self) -> str:
        return str(self.header.get("session", ""))

    def to_dict(self) -> dict[str, Any]:
        """As the field's libraries have messages."""
        return {
            "header": self.header,
            "msg_id": self.header.get("msg_id", ""),
            "msg_type": self.type,
            "parent_header": self.parent,
            "metadata": self.metadata,
            "content": self.content,
            "buffers": list(self.buffers),
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Message:
        return cls(
            found.get("header") or {},
            found.get("parent_header") or {},
            found.get("metadata") or {},
            found.get("content") or {},
            found.get("buffers") or (),
        )

    def __repr__(self) -> str:
        return f"<{self.type} {self.header.get('msg_id', '')}>"


class Session:
    """Signs and checks the messages of one kernel.

    Args:
        key: the secret of the connection file; empty turns signing off.
        scheme: "hmac-sha256" and the like.
    """

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        self.session = os.urandom(16).hex()
        self.username = os.environ.get("USER", "kernel")
        self._auth = None
        if key:
            self._auth = hmac.new(key, digestmod=scheme.partition("-")[2])
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._count = 0

    # --- out --------------------------------------------------------------------------

    def header(self, msg_type: str) -> dict[str, Any]:
        self._count += 1
        return {
            "msg_id": f"{self.session}_{os.getpid()}_{self._count}",
            "msg_type": msg_type,
            "username": self.username,
            "session": self.session,
            "date": _now(),
            "version": PROTOCOL_VERSION,
        }

    def pack(
        self,
        msg_type: str,
        content: dict[str, Any],
        parent: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Frame] = (),
        idents: Sequence[bytes] = (),
    ) -> list[Frame]:
        """The frames of a message."""
        parts = [
            _encode(part)
            for part in (
                self.header(msg_type),
                parent or {},
                metadata or {},
                content,
            )
        ]
        return [*idents, DELIMITER, self._sign(parts), *parts, *buffers]

    def _sign(self, parts: Sequence[Frame]) -> bytes:
        if self._auth is None:
            return b""
        auth = self._auth.copy()
        for part in parts:
            auth.update(part)
        return auth.hexdigest().encode()

    # --- in ---------------------------------------------------------------------------

    def unpack(self, frames: Sequence[Frame]) -> Message:
        """The message in these frames.

        Raises:
            BadMessage: not signed with our key, seen before, or broken.
        """
        try:
            at = next(i for i, frame in enumerate(frames) if frame == DELIMITER)
            signature = bytes(frames[at + 1])
            parts = frames[at + 2 : at + 6]
            if len(parts) < 4:
                raise StopIteration
        except (StopIteration, IndexError):
            raise BadMessage("frames are missing") from None
        if self._auth is not None:
            self._check(signature, parts)
        if sum(len(part) for part in parts) > LONGEST:
            raise BadMessage("too long")
        try:
            header, parent, metadata, content = (json.loads(bytes(p)) for p in parts)
        except (ValueError, RecursionError) as error:
            raise BadMessage(f"no JSON: {error}") from error
        for part in (header, parent, metadata, content):
            if not isinstance(part, dict):
                raise BadMessage("a part that is no object")
        if not header.get("msg_type"):
            raise BadMessage("a header without msg_type")
        idents = [bytes(frame) for frame in frames[:at]]
        size = sum(len(frame) for frame in frames)
        return Message(
            header, parent, metadata, content, frames[at + 6 :], idents, size
        )

    def _check(self, signature: bytes, parts: Sequence[Frame]) -> None:
        if not hmac.compare_digest(signature, self._sign(parts)):
            raise BadMessage("a wrong signature")
        if signature in self._seen:
            raise BadMessage("a message that has come before")
        self._seen[signature] = None
        if len(self._seen) > DIGESTS:
            self._seen.popitem(last=False)


def _encode(part: Any) -> bytes:
    try:
        return json.dumps(part, default=_plain, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        return json.dumps(_finite(part), default=_plain).encode()


def _plain(value: Any) -> Any:
    """What JSON has no word for, in the way that front ends expect it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return b2a_base64(value, newline=False).decode()
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        return isoformat()
    for kind, plain in ((dict, dict), (list, list), (tuple, list), (set, list)):
        if isinstance(value, kind):
            return plain(value)
    for convert in ("tolist", "item"):  # numpy's arrays and scalars
        method = getattr(value, convert, None)
        if callable(method):
            return method()
    return repr(value)


def _finite(value: Any, depth: int = 0) -> Any:
    """The value without what breaks JSON: NaN, keys that are no text, loops."""
    if depth > 100:
        return "..."
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)
    if isinstance(value, dict):
        return {str(key): _finite(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_finite(one, depth + 1) for one in value]
    if value is None or isinstance(value, str | bool | int | bytes):
        return value
    return _finite(_plain(value), depth + 1)


def _now() -> str:
    """The time as ISO 8601 in UTC, with microseconds."""
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e6):06d}Z"
