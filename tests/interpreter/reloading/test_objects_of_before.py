"""Objects that a session has are renewed when their module changes."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.interpreter.reloading.conftest import Project
else:
    Project = object

Out = pytest.CaptureFixture[str]


def test_a_function_is_the_same_object_with_new_code(project: Project) -> None:
    project.write("m.py", "def f(a, b=1): return a + b")
    project.run("from m import f; import m; before = f")

    project.write("m.py", "def f(a, b=2, *, c=3):\n    'new'\n    return a * b * c")

    assert project.value("f(5), f is before, f is m.f, f.__doc__") == (
        *(30, True, True),
        "new",
    )


def test_instances_have_the_methods_of_the_new_class(project: Project) -> None:
    project.write(
        "m.py",
        """
        class Base:
            def name(self): return 'base'
        class K(Base):
            limit = 1
            def __init__(self): self.a = 1
            def m(self): return 'old'
            def gone(self): return 1
            @property
            def p(self): return 1
            @staticmethod
            def s(): return 1
            @classmethod
            def c(cls): return cls, 1
            def name(self): return super().name()
            class Inner:
                def i(self): return 1
        """,
    )
    project.run("from m import K; k = K(); bound = k.m; before = K; inner = K.Inner()")

    project.write(
        "m.py",
        """
        class Base:
            def name(self): return 'new base'
        class K(Base):
            limit = 2
            def __init__(self): self.a = 2
            def m(self): return 'new'
            def added(self): return self.a
            @property
            def p(self): return 2
            @staticmethod
            def s(): return 2
            @classmethod
            def c(cls): return cls, 2
            def name(self): return super().name() + '!'
            class Inner:
                def i(self): return 2
        """,
    )

    assert project.value("k.m(), bound(), k.added(), k.p, k.s(), k.name()") == (
        *("new", "new", 1, 2, 2, "new base!"),
    )
    assert project.value("k.c()[0] is K is before, k.limit, inner.i()") == (True, 2, 2)
    assert project.value("hasattr(k, 'gone'), isinstance(k, K), K().a") == (
        *(False, True, 2),
    )
    assert project.value("K.__bases__[0].__subclasses__() == [K]")


def test_what_others_have_put_on_a_class_stays(project: Project) -> None:
    project.write("m.py", "class K:\n    x = 1\n    y = 1\n")
    project.run("from m import K; K.mine = 5; K.__hash__ = lambda self: 3")

    project.write("m.py", "class K:\n    x = 2\n")

    assert project.value("K.mine, K.x, hasattr(K, 'y')") == (5, 2, False)


def test_members_of_enumerations_stay_the_same(project: Project) -> None:
    text = """
        import enum
        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
            OLD = 3
            AZURE = 2
            def text(self): return 'old'
        class Mode(enum.Flag):
            R = 1
            W = 2
        class Number(enum.IntEnum):
            ONE = 1
            TWO = 2
        """
    project.write("m.py", text)
    project.run(
        "from m import Colour, Mode, Number",
        "red, blue, both = Colour.RED, Colour.BLUE, Mode.R | Mode.W",
        "one, two = Number.ONE, Number.TWO",
    )

    project.write(
        "m.py",
        text.replace("BLUE = 2", "BLUE = 20")
        .replace("OLD = 3", "NEW = 4")
        .replace("AZURE = 2", "AZURE = 20")
        .replace("'old'", "'new'")
        .replace("TWO = 2", "TWO = 22"),
    )

    assert project.value("red is Colour.RED, blue is Colour.BLUE, blue.value") == (
        *(True, True, 20),
    )
    assert project.value("Colour(20) is blue, Colour.AZURE is blue, red.text()") == (
        *(True, True, "new"),
    )
    assert project.value("list(Colour) == [red, blue, Colour.NEW]")
    assert project.value("isinstance(Colour.NEW, Colour), hasattr(Colour, 'OLD')") == (
        *(True, False),
    )
    assert project.value("Colour['NEW'].value, Colour.NEW.text(), len(Colour)") == (
        *(4, "new", 3),
    )
    assert project.value("both == Mode.R | Mode.W, both is Mode.R | Mode.W") == (
        *(True, True),
    )
    # A number is what it is: the member of before has gone.
    assert project.value("one is Number.ONE, Number.TWO, two, Number(22)") == (
        *(True, 22, 2, 22),
    )


def test_dataclasses_are_renewed(project: Project) -> None:
    text = """
        from dataclasses import dataclass
        @dataclass(frozen=True, order=True)
        class Point:
            x: int
            def length(self): return self.x
        @dataclass(frozen=True)
        class Deep(Point):
            z: int = 0
        """
    project.write("m.py", text)
    project.run("from m import *; p = Point(1); d = Deep(1)")

    project.write(
        "m.py",
        text.replace("x: int", "x: int\n            y: int = 7").replace(
            "return self.x", "return self.x + self.y"
        ),
    )

    assert project.value("p.length(), repr(Point(2)), Point(1) == Point(1)") == (
        *(8, "Point(x=2, y=7)", True),
    )
    assert project.value("hash(Point(1)) == hash(Point(1)), Point(1) < Point(2)") == (
        *(True, True),
    )
    assert project.value("repr(Deep(1)), d.length(), isinstance(d, Point)") == (
        *("Deep(x=1, y=7, z=0)", 8, True),
    )


def test_a_class_with_slots_is_renewed_while_they_are_the_same(
    project: Project, capsys: Out
) -> None:
    text = """
        from dataclasses import dataclass
        @dataclass(slots=True)
        class S:
            a: int
            def m(self): return 1
        class T:
            __slots__ = ('a',)
            def m(self): return 1
        """
    project.write("m.py", text)
    project.run("from m import *; s, t = S(1), T(); before = S, T")

    project.write("m.py", text.replace("return 1", "return 2"))
    assert project.value("s.m(), t.m(), (S, T) == before, isinstance(s, S)") == (
        *(2, 2, True, True),
    )
    assert capsys.readouterr().err == ""

    project.write(
        "m.py",
        text.replace("a: int", "a: int\n            b: int = 3").replace(
            "return 1", "return 3"
        ),
    )
    assert project.value("t.m(), s.m(), repr(S(1)), isinstance(s, S)") == (
        *(3, 2, "S(a=1, b=3)", False),
    )
    assert capsys.readouterr().err == (
        "autoreload: m.S: its __slots__ have changed, so it is a new class; "
        "instances of before keep theirs\n"
    )


def test_classes_that_cannot_take_their_new_bases_are_replaced(
    project: Project, capsys: Out
) -> None:
    project.write("m.py", "class K:\n    def m(self): return 1\n")
    project.write("n.py", "from m import K as Kay\n")
    project.run("from m import K; import n; k = K()")

    project.write("m.py", "class K(dict):\n    def m(self): return 2\n")

    assert project.value("k.m(), K().m(), n.Kay is K") == (1, 2, True)
    assert "autoreload: m.K: its instances are laid out differently" in (
        capsys.readouterr().err
    )


def test_bases_change_where_they_can(project: Project) -> None:
    text = "class A: x = 1\nclass B: x = 2\nclass K({}): pass\n"
    project.write("m.py", text.format("A"))
    project.run("from m import K; k = K()")

    project.write("m.py", text.format("B"))

    assert project.value("k.x, [c.__name__ for c in K.__mro__]") == (
        *(2, ["K", "B", "object"]),
    )

    project.write("m.py", text.format("object"))

    assert project.value("hasattr(k, 'x'), isinstance(k, K)") == (False, True)


def test_metaclasses_and_registries_know_the_class_that_everybody_has(
    project: Project,
) -> None:
    project.write(
        "registry.py",
        """
        FOUND = {}
        class Meta(type):
            def __new__(cls, name, bases, names):
                made = FOUND[name] = super().__new__(cls, name, bases, names)
                return made
        class Plugin:
            known = []
            def __init_subclass__(cls): Plugin.known.append(cls)
        """,
    )
    text = """
        import abc
        from registry import Meta, Plugin
        class A(metaclass=Meta):
            def m(self): return 1
        class P(Plugin):
            def m(self): return 1
        class Shape(abc.ABC):
            @abc.abstractmethod
            def m(self): ...
        class Round(Shape):
            def m(self): return 1
        """
    project.write("m.py", text)
    project.run("import registry; from m import A, P, Round, Shape")
    project.run("a, p, r = A(), P(), Round()")

    project.write("m.py", text.replace("return 1", "return 2"))

    assert project.value("a.m(), p.m(), r.m(), isinstance(r, Shape)") == (2, 2, 2, True)
    assert project.value("registry.FOUND['A'] is A")
    assert project.value("[one is P for one in registry.Plugin.known]") == [True, True]
    assert project.value("registry.Plugin.__subclasses__() == [P]")


def test_decorated_functions_go_on_as_the_same_objects(project: Project) -> None:
    text = """
        import functools
        def shout(function):
            @functools.wraps(function)
            def call(*args): return function(*args) + '!'
            return call
        @shout
        def f(): return 'old'
        @functools.lru_cache
        def g(x): return x
        @functools.singledispatch
        def h(x): return 'object'
        @h.register
        def _number(x: int): return 'int'
        """
    project.write("m.py", text)
    project.run("from m import f, g, h; before = f, g, h; g(1)")
    project.run("@h.register\ndef _text(x: str): return 'mine'")

    project.write(
        "m.py",
        text.replace("'old'", "'new'")
        .replace("return x\n", "return x * 10\n")
        .replace("'object'", "'thing'")
        .replace("'int'", "'number'"),
    )

    assert project.value("f(), g(1), h(1), h([]), h('')") == (
        *("new!", 10, "number", "thing", "mine"),
    )
    assert project.value("(f, g, h) == before")

    project.write("m.py", text.replace("+ '!'", "+ '?'"))
    assert project.value("f(), f is before[0]") == ("old?", True)


def test_functions_that_close_over_something_else_are_replaced(
    project: Project,
) -> None:
    text = "def make(a, b):\n    def f(): return {}\n    return f\nf = make(1, 2)\n"
    project.write("m.py", text.format("a"))
    project.write("n.py", "from m import f as eff\n")
    project.run("from m import f; import n")

    project.write("m.py", text.format("a + b"))

    assert project.value("f(), n.eff is f") == (3, True)


def test_a_name_that_means_another_function_now_does(project: Project) -> None:
    text = "def slow(): return 's'\ndef fast(): return 'f'\nhandler = {}\n"
    project.write("m.py", text.format("slow"))
    project.run("import m; from m import handler, slow, fast")

    project.write("m.py", text.format("fast"))

    assert project.value("m.handler is fast, handler is fast, slow()") == (
        *(True, True, "s"),
    )


def test_containers_of_a_module_have_the_same_objects(project: Project) -> None:
    text = """
        def f(): return 1
        class K: x = 1
        TABLE = {'f': f, 'K': [K, (f, K)]}
        ONE = K()
        """
    project.write("m.py", text)
    project.run("import m; from m import f, K")

    project.write("m.py", text + "MORE = 1\n")

    assert project.value("m.MORE, m.TABLE['f'] is f, m.TABLE['K'] == [K, (f, K)]") == (
        *(1, True, True),
    )
    assert project.value("type(m.ONE) is K")
    assert pickle.loads(pickle.dumps(project.names["f"])) is project.names["f"]


def test_named_tuples_and_subclasses_of_built_in_types(project: Project) -> None:
    text = """
        from typing import NamedTuple
        class T(NamedTuple):
            a: int
            def m(self): return 1
        class D(dict):
            def m(self): return 1
        class E(Exception):
            def __str__(self): return 'old'
        """
    project.write("m.py", text)
    project.run("from m import *; t, d, e = T(1), D(), E()")

    project.write("m.py", text.replace("return 1", "return 2").replace("old", "new"))

    assert project.value("t.m(), d.m(), str(e), isinstance(e, E)") == (
        2,
        2,
        "new",
        True,
    )
