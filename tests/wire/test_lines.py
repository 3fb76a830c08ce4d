"""A message as one line: what it is, and nothing of what users or keys say."""

from __future__ import annotations

import typing
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
import pytest

from ipcluster.wire import messages as m
from ipcluster.wire.lines import NAMES, Line, line

SECRET = "5ecret"
FIRST = 3 << m.SEQUENCE_BITS | 1

KINDS: list[type] = sorted(
    {
        kind
        for union in (
            *(m.ToController, m.ToClient, m.ToLink, m.FromLink),
            *(m.ToKeeperMessage, m.FromKeeper),
        )
        for kind in get_args(union)
    },
    key=lambda kind: kind.__name__,
)


def filled(kind: Any, name: str = "", many: int = 2) -> Any:
    """A value of this type that says the secret wherever it can."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (UnionType, typing.Union):
        return filled(arguments[0], name, many)
    if origin in (list, frozenset):
        found = [filled(arguments[0], name, 2) for _ in range(many)]
        return origin(found)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(filled(arguments[0], name, 2) for _ in range(many))
        return tuple(filled(one, name, 2) for one in arguments)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints, fields = typing.get_type_hints(kind), kind.__struct_fields__
        few = min(many, 2) if name else many
        return kind(**{field: filled(hints[field], field, few) for field in fields})
    if kind is bytes:
        return SECRET.encode() if name != "function" else b"push"
    if kind is str:
        return SECRET if name not in NAMES else "a name"
    return {bool: True, int: 7, float: 1.5}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_payload_or_code_is_in_a_line(kind: type) -> None:
    for many in (0, 1, 2, 1000):
        shown = line(filled(kind, many=many))

        tag = kind.__struct_config__.tag  # type: ignore[attr-defined]
        assert shown.split(" ")[0] == tag
        assert SECRET not in shown
        assert "\n" not in shown
        assert len(shown) < 600


def test_a_line_names_tasks_functions_and_counts() -> None:
    items = [m.Item(FIRST + i, b"x" * 10) for i in range(64)]
    run = m.Run(b"\xab" * 16, 0, items, 16)

    assert line(run) == (
        "run function=abababababab mode=0 items=64 (3:1 3:2 3:3 3:4 ...) taken=16"
    )
    assert line(m.Direct(b"push", 0, m.Options(), [0, 1], items[0])) == (
        "direct function='push' mode=0 options=(retries=0 priority=0) "
        "targets=2 (0 1) item=(task=3:1 payload=<10 bytes> spilled=0)"
    )
    assert line(m.Interrupt(2, FIRST, 1)) == "interrupt slot=2 task=3:1 number=1"
    assert line(m.Released(["c1-a-1", "c1-a-2"])) == (
        "released names=2 ('c1-a-1' 'c1-a-2')"
    )
    assert line(m.KeeperEnded()) == "keeper-ended"
    assert str(Line(m.Ack(7))) == "ack number=7"


def test_what_a_peer_calls_itself_cannot_forge_a_line() -> None:
    ask = m.Ask(1, "stop\n2026-01-01 INFO all is well" + "x" * 1000, b"")
    hello = m.Hello(1, (3, 11), "", "a", "\x1b[2Jcolours", "0")
    submit = m.Submit(b"\n\xffname" * 100, 0, m.Options(), [])

    for message in (ask, hello, submit):
        shown = line(message)
        assert shown.isprintable()
        assert shown.isascii()
        assert len(shown) < 300
