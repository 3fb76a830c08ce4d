"""What is known about a task once it has run: the keys that ipyparallel users know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KEYS = (
    "msg_id",
    "submitted",
    "started",
    "completed",
    "received",
    "engine_uuid",
    "engine_id",
    "follow",
    "after",
    "status",
    "execute_input",
    "execute_result",
    "error",
    "stdout",
    "stderr",
    "outputs",
    "data",
    "label",
)
_KNOWN = frozenset(KEYS)


class Metadata(dict[str, Any]):
    """The keys as items and as attributes: `ar.metadata["engine_id"]`, `.engine_id`.

    Times are datetimes in UTC, None while they have not come. `started` and
    `completed` are of the engine's clock, `submitted` and `received` of this host's.
    """

    def __init__(self, **known: Any) -> None:
        super().__init__(
            dict.fromkeys(KEYS)
            | {
                "follow": [],
                "after": [],
                "stdout": "",
                "stderr": "",
                "outputs": [],
                "data": {},
            }
        )
        for name, value in known.items():
            self[name] = value

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in _KNOWN:
            raise KeyError(f"{key!r} is none of {', '.join(KEYS)}")
        super().__setitem__(key, value)

    def __getattr__(self, name: str) -> Any:
        if name in _KNOWN:
            return self[name]
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _KNOWN:
            raise AttributeError(f"{name!r} is none of {', '.join(KEYS)}")
        self[name] = value


def to_datetime(seconds: float) -> datetime | None:
    """Seconds since the epoch as a datetime; 0 is a time that has not come."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


@dataclass(frozen=True)
class ExecuteReply:
    """How executing a piece of code ended on one engine."""

    source: str
    execution_count: int
    execute_result: str | None
    """The repr of the last expression's value."""
    engine_id: int
    stdout: str = ""
    stderr: str = ""

    def __repr__(self) -> str:
        shown = self.execute_result
        if shown is not None and len(shown) > 61:
            shown = f"{shown[:60]}…"
        return f"<ExecuteReply[{self.execution_count}]: {shown or ''}>"

    def __str__(self) -> str:
        return self.execute_result or ""
