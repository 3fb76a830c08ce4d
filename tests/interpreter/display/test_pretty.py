"""The pretty printer: types, cycles, what fails, what is too much."""

from __future__ import annotations

import collections
import enum
import os
import re
import types
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from ipcluster.engines.interpreter.display import pretty as module
from ipcluster.engines.interpreter.display.pretty import (
    CallExpression,
    Limits,
    RawText,
    RepresentationPrinter,
    for_type,
    for_type_by_name,
    pprint,
    pretty,
)


class Colour(enum.Enum):
    RED = 1


class Named(list[int]):
    def __repr__(self) -> str:
        return "Named!"


class Plain:
    pass


class Lines:
    def __repr__(self) -> str:
        return "one\ntwo"


class Broken:
    def __repr__(self) -> str:
        raise ValueError("bad\nrepr")


class Circular:
    def __init__(self) -> None:
        self.inner = self

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        with p.group(1, "C(", ")"):
            if cycle:
                p.text("...")
            else:
                p.pretty(self.inner)


def function(x: int, *more: str, y: float = 2.0) -> None:
    pass


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        ([], "[]"),
        ((1,), "(1,)"),
        ({}, "{}"),
        (set(), "set()"),
        (frozenset({3, 1, 2}), "frozenset({1, 2, 3})"),
        ({1, "a"}, "{1, 'a'}"),
        ([None, True, ..., NotImplemented], "[None, True, Ellipsis, NotImplemented]"),
        ({"a": {"b": (1, 2)}}, "{'a': {'b': (1, 2)}}"),
        (Named(), "Named!"),
        ([Colour.RED], "[<Colour.RED: 1>]"),
        (collections.Counter("aab"), "Counter({'a': 2, 'b': 1})"),
        (collections.Counter(), "Counter()"),
        (collections.deque([1], maxlen=3), "deque([1], maxlen=3)"),
        (collections.defaultdict(list, a=[1]), "defaultdict(list, {'a': [1]})"),
        (collections.OrderedDict(a=1), "OrderedDict([('a', 1)])"),
        (collections.OrderedDict(), "OrderedDict()"),
        (collections.UserList([1]), "UserList([1])"),
        (types.SimpleNamespace(a=1), "namespace(a=1)"),
        (types.MappingProxyType({"a": 1}), "mappingproxy({'a': 1})"),
        ({"a": 1}.keys(), "dict_keys(['a'])"),
        ({"a": 1}.items(), "dict_items([('a', 1)])"),
        ([int, Plain], f"[int, {__name__}.Plain]"),
        (len, "<function len(obj, /)>"),
        (ValueError("a", 1), "ValueError('a', 1)"),
        (re.compile(r"a+\d", re.I), r"re.compile(r'a+\d', re.IGNORECASE|re.UNICODE)"),
        (re.compile(b"a", re.S), "re.compile(rb'a', re.DOTALL)"),
    ],
)
def test_python_s_own_types(obj: object, text: str) -> None:
    assert pretty(obj) == text


def test_a_function_is_shown_with_its_parameters() -> None:
    assert pretty(function) == (
        f"<function {__name__}.function(x: 'int', *more: 'str', y: 'float' = 2.0) "
        "-> 'None'>"
    )


def test_an_object_without_a_repr_is_its_class_and_place() -> None:
    plain = Plain()

    assert pretty(plain) == f"<{__name__}.Plain at 0x{id(plain):x}>"


def test_verbose_shows_its_attributes() -> None:
    plain = Plain()
    plain.__dict__.update(a=1, _b=2)

    assert pretty(plain, verbose=True).endswith(" a=1>")


def test_the_environment_is_shown_as_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("A", "1")

    assert pretty(os.environ) == "environ({'A': '1'})"


def _cycles() -> list[tuple[Any, str]]:
    array: list[Any] = [1]
    array.append(array)
    mapping: dict[str, Any] = {}
    mapping["d"] = [mapping]
    queue: collections.deque[Any] = collections.deque()
    queue.append(queue)
    space = types.SimpleNamespace()
    space.me = space
    error = ValueError()
    error.args = (error,)
    return [
        (array, "[1, [...]]"),
        (mapping, "{'d': [{...}]}"),
        (queue, "deque([deque(...)])"),
        (space, "namespace(me=namespace(...))"),
        (error, "ValueError(ValueError(...))"),
        (Circular(), "C(C(...))"),
    ]


@pytest.mark.parametrize(("obj", "text"), _cycles())
def test_what_holds_itself_ends(obj: object, text: str) -> None:
    assert pretty(obj) == text


def test_the_same_object_twice_is_no_cycle() -> None:
    one = [1]

    assert pretty([one, one]) == "[[1], [1]]"


def test_long_containers_are_broken_at_each_item() -> None:
    assert pretty(list(range(5)), max_width=10) == "[0,\n 1,\n 2,\n 3,\n 4]"
    assert pretty({"aaa": 1, "bbb": [2, 3]}, max_width=12) == (
        "{'aaa': 1,\n 'bbb': [2,\n  3]}"
    )


def test_lines_of_a_repr_are_indented() -> None:
    assert pretty([Lines(), 1]) == "[one\n two,\n 1]"


def test_the_end_of_a_line_is_the_caller_s() -> None:
    assert pretty([1, 2], max_width=3, newline="\r\n") == "[1,\r\n 2]"


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (list(range(9)), "[0, 1, 2, ...]"),
        (dict.fromkeys(range(9)), "{0: None, 1: None, 2: None, ...}"),
        (set(range(9)), "{0, 1, 2, ...}"),
        (collections.Counter({"a": 1, "b": 5, "c": 4, "d": 3}).keys(), None),
        (
            collections.Counter({"a": 1, "b": 5, "c": 4, "d": 3}),
            "Counter({'b': 5, 'c': 4, 'd': 3, ...})",
        ),
    ],
)
def test_of_many_items_the_first_are_shown(obj: object, text: str | None) -> None:
    shown = pretty(obj, max_seq_length=3)

    assert shown == (text or "dict_keys(['a', 'b', 'c', ...])")


def test_without_a_limit_all_items_are_shown() -> None:
    assert pretty(list(range(2000)), max_seq_length=0).endswith(" 1999]")


# --- what fails -----------------------------------------------------------------------


def test_what_fails_inside_is_a_placeholder() -> None:
    broken = Broken()

    assert pretty({"a": [1, broken, 2]}, max_width=200) == (
        f"{{'a': [1, <Broken at 0x{id(broken):x}, cannot be printed: "
        "ValueError: bad repr>, 2]}"
    )


def test_what_fails_itself_raises() -> None:
    with pytest.raises(ValueError, match="bad"):
        pretty(Broken())


def test_a_printer_that_fails_half_way_leaves_no_group_open() -> None:
    class HalfWay:
        def _repr_pretty_(self, p: Any, cycle: bool) -> None:
            p.begin_group(7, "Half(")
            p.text("x")
            raise KeyError("no")

    text = pretty([HalfWay(), [1, 2]], max_width=30)

    assert text.startswith("[Half(x<HalfWay at")
    assert text.endswith("KeyError: 'no'>,\n [1, 2]]")


def test_what_is_nested_too_deeply_ends() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    text = pretty(deep)

    assert re.fullmatch(r"\[+\.\.\.\]+", text)
    assert text.count("[") == text.count("]")


def test_classes_that_refuse_to_tell_anything_are_printed() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError(name)

    class Closed(metaclass=Meta):
        pass

    assert re.fullmatch(r"\[<Closed at 0x[0-9a-f]+>\]", pretty([Closed()]))


# --- limits ---------------------------------------------------------------------------


def limited(obj: object, limits: Limits, width: int = 79) -> tuple[str, str | None]:
    stream = StringIO()
    printer = RepresentationPrinter(stream, max_width=width, limits=limits)
    printer.pretty(obj)
    printer.flush()
    return stream.getvalue(), printer.cut


def test_a_limit_of_items_closes_what_is_open() -> None:
    many = [[1, 2], {"k": [3, 4]}, 5]

    assert limited(many, Limits(items=6)) == ("[[1, 2], {'k': ...}]", "items")


def test_what_is_within_the_limits_is_whole() -> None:
    assert limited([1, [2]], Limits(10, 100, 60.0)) == ("[1, [2]]", None)


def test_a_limit_of_characters_cuts_strings() -> None:
    text, cut = limited(["x" * 1000], Limits(characters=11))

    assert (text, cut) == ("['xxxxxxxxxx'...]", "characters")


def test_a_limit_of_characters_cuts_reprs() -> None:
    class Long:
        def __repr__(self) -> str:
            return "y" * 1000

    assert limited(Long(), Limits(characters=5)) == ("yyyyy...", "characters")


def test_a_limit_of_time_ends_it() -> None:
    text, cut = limited([1, 2, 3], Limits(seconds=1e-9))

    assert (text, cut) == ("...", "seconds")


def test_a_limit_ends_printers_that_catch_exceptions() -> None:
    class Catching:
        def _repr_pretty_(self, p: Any, cycle: bool) -> None:
            for number in range(1000):
                try:
                    p.pretty(number)
                except Exception:
                    p.text("caught")

    assert limited(Catching(), Limits(items=3)) == ("01...", "items")


# --- what others print with -----------------------------------------------------------


def test_calls_are_broken_behind_their_commas() -> None:
    call = CallExpression("f", 1, [2], name=RawText("raw"))

    assert pretty(call) == "f(1, [2], name=raw)"
    assert pretty(call, max_width=8) == "f(1,\n  [2],\n  name=raw)"
    assert pretty(CallExpression.factory("g")()) == "g()"


def test_pprint_prints_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    pprint([1, 2], max_width=3)

    assert capsys.readouterr().out == "[1,\n 2]\n"


@pytest.fixture
def printers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_type_pprinters", "_deferred_type_pprinters"):
        copy = getattr(module, name).copy()
        monkeypatch.setattr(module, name, copy)


@pytest.mark.usefixtures("printers")
def test_printers_of_classes_are_the_users() -> None:
    def star(obj: object, p: RepresentationPrinter, cycle: bool) -> None:
        p.text("*")

    def printed() -> str:
        return pretty([Plain(), 1])

    assert for_type(Plain, star) is None
    assert printed() == "[*, 1]"
    assert for_type(Plain, None) is star


@pytest.mark.usefixtures("printers")
def test_printers_may_be_named_before_their_class_is_imported() -> None:
    def slash(obj: object, p: RepresentationPrinter, cycle: bool) -> None:
        p.text("/")

    assert for_type_by_name(__name__, "Plain", slash) is None
    assert pretty([Plain(), Plain()]) == "[/, /]"


def test_tables_of_a_printer_are_its_own() -> None:
    stars: dict[type, Callable[..., object]] = {
        int: lambda obj, p, cycle: p.text("*" * obj)
    }
    stream = StringIO()

    printer = RepresentationPrinter(stream, type_pprinters=stars)
    printer.pretty(3)
    printer.flush()

    assert stream.getvalue() == "***"
    assert pretty(3) == "3"
