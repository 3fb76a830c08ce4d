"""What the task table tells the loop around it to do: a closed union, in batches."""

from __future__ import annotations

from msgspec import Struct

from ipcluster.wire.messages import Item, Outcome


class Assign(Struct, frozen=True):
    """Send these to the engine, in this order, after what it has (a `Run`)."""

    engine: int
    function: bytes
    mode: int
    items: list[Item]


class Recall(Struct, frozen=True):
    """Ask the engine to give back those of these that it has not started."""

    engine: int
    tasks: list[int]


class Interrupt(Struct, frozen=True):
    """Have the engine's keeper interrupt this task, if it is the one that runs.

    `number` is how often its owner has wanted that so far.
    """

    engine: int
    task: int
    number: int = 1


class Reply(Struct, frozen=True):
    """Tell the owner that these ended on `engine` (-1: on none)."""

    client: int
    engine: int
    outcomes: list[Outcome]


class Drop(Struct, frozen=True):
    """Let go of these segments.

    The table holds a segment once for each `Item` it was told of and once for each
    `Outcome` in its records; every name stands here once for each hold that ended.
    """

    segments: list[str]


Action = Assign | Recall | Interrupt | Reply | Drop
