"""Values that are known without running anything of the user's."""

from __future__ import annotations

import collections
import enum
import functools
import io
import pathlib
from typing import Any

import pytest

from ipcluster.engines.interpreter.completion.attributes import (
    NOTHING,
    Instance,
    attribute_names,
)
from ipcluster.engines.interpreter.completion.cell_scope import CellScope
from ipcluster.engines.interpreter.completion.evaluation import Evaluator
from ipcluster.engines.interpreter.completion.policies import policy_of
from ipcluster.engines.interpreter.completion.scanning import Place

calls: list[str] = []


def called(name: str) -> Any:
    calls.append(name)
    raise AssertionError(name)


class Descriptor:
    def __get__(self, instance: object, owner: object) -> Any:
        called("__get__")


class Thing:
    declared: int
    odd = Descriptor()
    __slots__ = ("__dict__", "slot")

    def __init__(self) -> None:
        self.stored = [1, "x"]

    def again(self) -> Thing:
        return called("again")  # type: ignore[no-any-return]  # never returns

    @property
    def text(self) -> str:
        return called("text")  # type: ignore[no-any-return]  # never returns

    @functools.cached_property
    def numbers(self) -> list[int]:
        return called("numbers")  # type: ignore[no-any-return]  # never returns

    @classmethod
    def make(cls) -> Thing | None:
        return called("make")  # type: ignore[no-any-return]  # never returns

    async def later(self) -> bytes:
        return called("later")  # type: ignore[no-any-return]  # never returns

    def __getattr__(self, name: str) -> Any:
        called(f"__getattr__({name})")

    def __getitem__(self, key: object) -> dict[str, Thing]:
        return called("__getitem__")  # type: ignore[no-any-return]  # never returns

    def __add__(self, other: object) -> str:
        return called("__add__")  # type: ignore[no-any-return]  # never returns

    def __call__(self, x: int) -> bytes:
        return called("__call__")  # type: ignore[no-any-return]  # never returns


class Folder(pathlib.PurePosixPath):
    def with_segments(self, *_parts: Any) -> Any:
        called("with_segments")

    def _from_parsed_parts(self, *_parts: Any) -> Any:
        called("_from_parsed_parts")


class Colour(enum.Enum):
    RED = "red"


class Missing(dict[str, int]):
    def __missing__(self, key: str) -> Any:
        called("__missing__")


def names() -> dict[str, Any]:
    thing = Thing()
    return {
        "thing": thing,
        "Thing": Thing,
        "nested": {"a": {"b": [1, "x", thing]}},
        "missing": Missing(a=5),
        "default": collections.defaultdict(list),
        "path": pathlib.Path("a"),
        "pathlib": pathlib,
        "folder": Folder("a/b"),
        "Colour": Colour,
    }


@pytest.fixture(autouse=True)
def _nothing_is_called() -> Any:
    calls.clear()
    yield
    assert calls == []


def value_of(text: str, policy: str = "limited", **overrides: Any) -> Any:
    """The value of the expression before the last dot of a text."""
    place = Place(text + ".", len(text) + 1)
    known = names()
    evaluator = Evaluator(
        known, known, policy_of(policy, overrides), cell=CellScope(place)
    )
    source = place.attribute_of()
    assert source is not None
    return evaluator.try_evaluate(source)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nested['a']['b'][1]", "x"),
        ("nested.get('a')['b'][0]", 1),
        ("missing['a']", 5),
        ("thing.stored[-1]", "x"),
        ("thing.stored[:1]", [1]),
        ("path.parent", pathlib.Path()),
        ("(path / 'b')", pathlib.Path("a/b")),
        ("'abc'.upper()", "ABC"),
        ("(1 + 2 * 3)", 7),
        ("[1, 2][1]", 2),
        ("Colour.RED.value", "red"),
        ("{'k': 3}['k']", 3),
        ("type(path / 'x')", type(pathlib.Path())),
        ("x = y = 4\nx", 4),
        ("a, b = 1, 's'\nb", "s"),
        ("x = 's'\nif x:\n    y = x.upper()\n    y", "S"),
        ("!ls\nx = !ls\ny = 3\ny", 3),
        ("for i in thing.stored:\n    i", 1),
    ],
)
def test_a_value_that_is_known(text: str, value: object) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("thing.again()", Thing),
        ("thing.again().text", str),
        ("thing.numbers", list),
        ("thing.numbers[0]", int),
        ("thing[3]", dict),
        ("thing[3]['k']", Thing),
        ("(thing + 1)", str),
        ("thing(3)", bytes),
        ("Thing.make()", Thing),
        ("(await thing.later())", bytes),
        ("Thing()", Thing),
        ("Thing().declared", int),
        ("(9 ** 9 ** 9)", int),
        ("('x' * 10 ** 9)", str),
        ("(thing < 3)", bool),
        ("(not thing)", bool),
        ("f'{thing}'", str),
        ("[x for x in thing]", list),
        ("open('x', mode='rb')", io.BufferedReader),
        ("sorted(thing)", list),
        ("x = thing.again()\nx", Thing),
        ("x: Thing\nx", Thing),
        ("def f(a: 'Thing', *b, **c):\n    d = a.text\n    d", str),
        ("def f(a, *b, **c):\n    c", dict),
        ("def f() -> Thing: ...\nf()", Thing),
        ("with open('x') as file:\n    file", io.TextIOWrapper),
        ("try:\n    pass\nexcept OSError as e:\n    e", OSError),
    ],
)
def test_a_value_whose_class_alone_is_known(text: str, cls: type) -> None:
    found = value_of(text)

    assert isinstance(found, Instance)
    assert found.cls is cls


@pytest.mark.parametrize(
    "text",
    [
        "thing.nothing",
        "thing.odd",
        "thing.slot",
        "folder.parent",
        "Thing.odd",
        "missing['b']",
        "default['b']",
        "nested[thing]",
        "undefined",
        "x = undefined()\nx",
        "class C: pass\nC",
    ],
)
def test_a_value_that_only_running_code_would_tell(text: str) -> None:
    assert value_of(text) is NOTHING
    assert names()["default"] == {}


def test_what_a_method_assigns_is_an_attribute_of_an_instance() -> None:
    assert {"stored", "declared", "again", "text"} <= set(
        attribute_names(Instance(Thing))
    )


def test_policies_from_nothing_to_everything() -> None:
    assert value_of("int", "forbidden") is NOTHING
    assert value_of("int", "minimal") is int
    assert value_of("nested", "minimal") is NOTHING
    assert value_of("int.real", "minimal") is NOTHING
    assert value_of("max(3, 4)", "limited") is NOTHING
    assert value_of("max(3, 4)", "unsafe") == 4
    assert value_of("max([3 for x in 'ab'])", "dangerous") == 3


def test_a_policys_fields_can_be_overridden() -> None:
    assert value_of("max(3, 4)", allowed_calls=[max]) == 4
    with pytest.raises(ValueError, match="allow_attr_access"):
        policy_of("limited", {"allow_atr_access": True})
