import gc
import pickle
import types
import typing
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from ipcluster.wire import classes
from ipcluster.wire.serialize import dump, load

Define = Callable[[str], dict[str, Any]]


class EngineSide(Protocol):
    def run(
        self, function: Callable[..., Any], *args: Any, setup: str = "", **keywords: Any
    ) -> Any: ...


def test_instance_comes_back_as_one_of_the_original_class(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        class Point:
            origin = 0
            def __init__(self, x): self.x = x
            def moved(self, by): return type(self)(self.x + by)
        def f(p): return p.moved(2), Point(1), Point
    """)
    moved, made, cls = engine_side.run(session["f"], session["Point"](3))
    assert type(moved) is type(made) is cls is session["Point"]
    assert (moved.x, made.x) == (5, 1)


def test_class_that_arrives_twice_is_one_class(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        class C: pass
        def remember(c):
            import sys
            before, sys.remembered = getattr(sys, "remembered", None), type(c)
            return before is type(c)
    """)
    engine_side.run(session["remember"], session["C"]())
    assert engine_side.run(session["remember"], session["C"]())
    session["C"] = define("class C: pass")["C"]
    assert not engine_side.run(session["remember"], session["C"]())


def test_copy_follows_the_original_and_never_changes_it(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        class C:
            size = 1
            def get(self): return self.size
        def f(c):
            was = c.get()
            type(c).size = 50
            return was, c
    """)
    cls = session["C"]
    assert engine_side.run(session["f"], cls())[0] == 1
    cls.size = 2
    was, back = engine_side.run(session["f"], cls())
    assert was == 2
    assert type(back) is cls
    assert cls.size == 2


def test_class_made_on_the_engine_has_an_identity_too(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        def make():
            class Made:
                def __init__(self): self.n = 4
            import sys
            sys.made = Made
            return Made
        def check(m):
            import sys
            return type(m) is sys.made and m.n
    """)
    made = engine_side.run(session["make"])
    assert engine_side.run(session["check"], made()) == 4


def test_inheritance_super_slots_and_descriptors(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        import functools
        class Base:
            __slots__ = ("a", "__private")
            def __init__(self, a): self.a, self.__private = a, -a
            def total(self): return self.a
            def private(self): return self.__private
        class Middle(Base):
            __slots__ = ("b",)
        class Child(Middle):
            "Has a doc."
            kinds = {"x": 1}
            def __init__(self, a, b):
                super().__init__(a)
                self.b = b
            def total(self): return super().total() + self.b + self.kinds["x"]
            @property
            def half(self): return self.total() / 2
            @half.setter
            def half(self, value): self.b = value
            @staticmethod
            def plain(x): return x
            @classmethod
            def make(cls, n): return cls(n, n)
            @functools.cached_property
            def cached(self): return self.total() * 2
            def again(self, n): return self.again(n - 1) if n else __class__.__doc__
        def f(c):
            c.half = 10
            made = c.make(3)
            return (c.total(), c.half, c.plain(1), made.total(), c.cached, made.a,
                    c.again(3), c.private(), hasattr(Base(1), "__dict__"))
    """)
    answer = engine_side.run(session["f"], session["Child"](1, 2))
    assert answer == (12, 6.0, 1, 7, 24, 3, "Has a doc.", -1, False)


def test_classes_that_refer_to_each_other(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        class A:
            def other(self): return B()
        class B:
            kind = A
            def other(self): return self.kind()
        A.friend = B
        def f(a): return type(a.other().other()) is A is B.kind and A.friend is B
    """)
    assert engine_side.run(session["f"], session["A"]())


def test_dataclass(define: Define, engine_side: EngineSide) -> None:
    session = define("""
        import dataclasses
        from typing import ClassVar
        @dataclasses.dataclass(order=True)
        class D:
            x: int
            names: list = dataclasses.field(default_factory=list, compare=False)
            y: int = 3
            kind: ClassVar[str] = "k"
            z: int = dataclasses.field(default=4, kw_only=True)
        @dataclasses.dataclass(frozen=True, slots=True)
        class S:
            x: int = 1
        def f(d):
            new = dataclasses.replace(d, x=5)
            names = [field.name for field in dataclasses.fields(D)]
            return new, names, D(1), S(4), d < new
    """)
    cls = session["D"]
    new, names, made, slotted, less = engine_side.run(session["f"], cls(2, ["a"]))
    assert new == cls(5)
    assert new.names == ["a"]
    assert names == ["x", "names", "y", "z"]
    assert made == cls(1, [])
    assert slotted == session["S"](4)
    assert less


def test_enumerations(define: Define, engine_side: EngineSide) -> None:
    session = define("""
        import enum
        class Color(enum.Enum):
            RED = 1
            BLUE = 2
            AZURE = 2
            def shout(self): return self.name + "!"
            @classmethod
            def _missing_(cls, value): return cls.RED
        class Planet(enum.Enum):
            EARTH = (5, 6)
            MARS = (3, 4)
            def __init__(self, mass, radius): self.mass, self.radius = mass, radius
            @property
            def ratio(self): return self.mass / self.radius
        class Level(enum.IntEnum):
            LOW = enum.auto()
            HIGH = enum.auto()
        class Flags(enum.Flag):
            A = 1
            B = 2
        class Text(str, enum.Enum):
            X = "x"
        class Base(enum.Enum):
            def shout(self): return self.name
        class Below(Base):
            Y = 1
        def f(color, planet, flags, text):
            return (color, color is Color.RED, color.shout(), Color.AZURE is Color.BLUE,
                    Color(99), planet.ratio, planet, Planet.MARS.mass, Level.HIGH + 1,
                    flags | Flags.B, text == "x", text, list(Color), Below.Y.shout())
    """)
    color, planet, flags = session["Color"], session["Planet"], session["Flags"]
    text = session["Text"]
    answer = engine_side.run(session["f"], color.RED, planet.MARS, flags.A, text.X)
    expected = (color.RED, True, "RED!", True, color.RED, 0.75, planet.MARS, 3, 3)
    assert answer[:9] == expected
    assert answer[9] is flags.A | flags.B
    assert answer[10:] == (True, text.X, list(color), "Y")


def test_abstract_classes(define: Define, engine_side: EngineSide) -> None:
    session = define("""
        import abc
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self): ...
            @property
            @abc.abstractmethod
            def name(self): ...
        class Square(Shape):
            name = "square"
            def area(self): return 4
        class Other: pass
        Shape.register(Other)
        def f(s):
            try: Shape()
            except TypeError as e: error = str(e)
            known = isinstance(s, Shape), isinstance(Other(), Shape)
            return *known, s.area(), error[:11]
    """)
    answer = engine_side.run(session["f"], session["Square"]())
    assert answer == (True, True, 4, "Can't insta")


def test_named_tuples_typed_dicts_and_generics(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        import collections, typing
        P = collections.namedtuple("P", "x y", defaults=[7])
        class N(typing.NamedTuple):
            x: int
            y: int = 2
            def total(self): return self.x + self.y
        class T(typing.TypedDict):
            a: int
        V = typing.TypeVar("V", bound=int)
        class G(typing.Generic[V]):
            def __init__(self, v: V): self.v = v
        class H(G[int]): pass
        class Proto(typing.Protocol):
            def total(self) -> int: ...
        class E(Exception):
            def __init__(self, a, b):
                super().__init__(a, b)
                self.a = a
        def f(p, n):
            return (p._replace(x=3), P(1), n.total(), N(5), T(a=1), G[int](4).v, H(5).v,
                    E(1, 2))
    """)
    point, named = session["P"], session["N"]
    *answer, error = engine_side.run(session["f"], point(1, 2), named(1))
    assert answer == [(3, 2), (1, 7), 3, named(5), {"a": 1}, 4, 5]
    assert type(answer[0]) is point
    assert type(answer[3]) is named
    assert type(error) is session["E"]
    assert error.a == 1


def test_metaclasses(define: Define, engine_side: EngineSide) -> None:
    session = define("""
        class Meta(type):
            made = []
            def __new__(mcls, name, bases, names, *, tag):
                cls = super().__new__(mcls, name, bases, names)
                cls.tag = tag
                mcls.made.append(name)
                return cls
            def __init__(cls, name, bases, names, *, tag):
                super().__init__(name, bases, names)
            @property
            def double(cls): return cls.tag * 2
        class C(metaclass=Meta, tag="t"):
            def get(self): return type(self).double
        class Registry:
            names = []
            def __init_subclass__(cls, /, label="none", **keywords):
                super().__init_subclass__(**keywords)
                cls.label = label
        class R(Registry, label="mine"): pass
        def f(c): return c.get(), Meta.made, R.label
    """)
    answer = engine_side.run(session["f"], session["C"]())
    assert answer == ("tt", ["C"], "mine")


def test_types_without_a_module_travel_by_name() -> None:
    for kind in (types.FunctionType, types.GeneratorType, type(None), type(...), int):
        assert load(dump([kind], None).payload) == [kind]
    variable = typing.TypeVar("variable", int, str)
    assert load(dump(variable, None).payload).__constraints__ == (int, str)


def test_class_that_is_gone_is_forgotten(define: Define) -> None:
    cls = define("class C: pass")["C"]
    copy_of = load(dump(cls(), None).payload)
    assert type(copy_of) is cls
    before = len(classes._known._ids)
    del copy_of, cls
    gc.collect()
    assert len(classes._known._ids) < before


def test_importable_class_is_pickled_as_ever() -> None:
    value = types.SimpleNamespace(a=1)
    assert load(dump([value], None).payload) == [value]
    assert dump([value], None).payload == pickle.dumps([value], 5)


@pytest.mark.parametrize("bases", ["Exception", "dict", "int", "list", "str"])
def test_subclasses_of_builtins(
    define: Define, engine_side: EngineSide, bases: str
) -> None:
    session = define(f"""
        class C({bases}):
            def get(self): return type(self).__mro__[1].__name__, self.note
        def f(c): return c.get(), c
    """)
    value = session["C"]()
    value.note = "kept"
    got, back = engine_side.run(session["f"], value)
    assert got == (bases, "kept")
    assert type(back) is session["C"]
    assert back.note == "kept"
