"""Functions and classes of a program's `__main__`, used on engines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

PROGRAM = '''
import functools, sys
import math as m
import ipcluster as ipp

SCALE = 10
PRIVATE = "mine"

def scale(x):
    return x * SCALE

def nested(xs):
    def inner(x):
        return [scale(y) + SCALE for y in (x, x + 1)]
    return [inner(x) for x in xs], {x: SCALE for x in xs}, list(SCALE + x for x in xs)

def make_adder(n):
    def add(x):
        return x + n
    return add

def make_factorial():
    def factorial(n):
        return 1 if n < 2 else n * factorial(n - 1)
    return factorial

def make_parity():
    def even(n):
        return True if n == 0 else odd(n - 1)
    def odd(n):
        return False if n == 0 else even(n - 1)
    return even

def even(n):
    return n == 0 or odd(n - 1)

def odd(n):
    return n != 0 and even(n - 1)

def twice(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return 2 * f(*args, **kwargs)
    return wrapper

@twice
def decorated(x):
    """Doc."""
    return scale(x)

class Base:
    count = 0
    def __init__(self, x):
        self.x = x
    def name(self):
        return type(self).__name__
    @classmethod
    def make(cls, x):
        cls.count += 1
        return cls(x)
    @staticmethod
    def helper(x):
        return scale(x)
    @property
    def square(self):
        return self.x ** 2

class Point(Base):
    def __init__(self, x, y):
        super().__init__(x)
        self.y = y
    def __eq__(self, other):
        return type(other) is Point and (other.x, other.y) == (self.x, self.y)
    __hash__ = None
    def name(self):
        return "Point of " + super().name()

def make_point(x):
    return Point(x, x + SCALE)

def is_point(p):
    return isinstance(p, Point), type(p) is Point, p.name(), p.square

def write_global():
    global written
    written = SCALE + 1
    return written

def count_up():
    global counter
    counter += 1
    return counter

counter = 100

def generate(n):
    return [SCALE * x for x in gen(n)]

def gen(n):
    for i in range(n):
        yield i

def uses_engine():
    return engine_only, SCALE

def make_function(n):
    return lambda x: x + n + SCALE

with ipp.Client(sys.argv[1]) as rc:
    rc[:].clear(block=True)
    for view in (rc[0], rc.load_balanced_view()):
        call = view.apply_sync
        assert call(lambda x: x * SCALE, 2) == 20
        assert call(scale, 2) == 20
        assert call(nested, [1]) == ([[20, 30]], {1: 10}, [11])
        assert call(lambda: [y for y in (lambda: [SCALE])()]) == [10]
        assert call(make_adder(5), 1) == 6
        assert call(make_factorial(), 6) == 720
        assert call(make_parity(), 10) is True
        assert call(even, 7) is False
        assert call(decorated, 2) == 40
        assert call(lambda: decorated.__doc__) == "Doc."
        assert call(functools.partial(scale), 3) == 30
        assert call(lambda: m.floor(2.5)) == 2
        assert call(Point, 1, 2) == Point(1, 2)
        assert call(make_point, 1) == Point(1, 11)
        assert isinstance(call(make_point, 1), Point)
        assert call(is_point, Point(3, 4)) == (True, True, "Point of Point", 9)
        assert call(Point(3, 4).name) == "Point of Point"
        assert call(Base.helper, 3) == 30
        assert call(lambda: Base.make(3).x) == 3
        assert call(generate, 3) == [0, 10, 20]
        assert call(sum, (x for x in ()) if False else [1, 2]) == 3
        assert list(view.map_sync(scale, (i for i in range(3)))) == [0, 10, 20]
        made = call(make_function, 1)
        assert made(2) == 13
        assert call(made, 2) == 13
        assert call(lambda f: f(2), made) == 13
        assert call(lambda fs: [f(2) for f in fs], [scale, decorated]) == [20, 40]

    # A value that changes here changes there.
    SCALE = 20
    assert rc[0].apply_sync(scale, 2) == 40
    SCALE = 10
    def scale(x):
        return -x
    assert rc[0].apply_sync(scale, 2) == -2
    def scale(x):
        return x * SCALE

    # The engine's namespace first, then what was here.
    view = rc[0]
    view["engine_only"] = "there"
    assert view.apply_sync(uses_engine) == ("there", 10)
    view["SCALE"] = 1000
    assert view.apply_sync(scale, 2) == 2000
    assert view.apply_sync(nested, [1])[1:] == ({1: 1000}, [1001])
    assert view.apply_sync(uses_engine) == ("there", 1000)
    view.execute("del SCALE", block=True)
    assert view.apply_sync(scale, 2) == 20

    # Writes go to the engine's namespace.
    assert view.apply_sync(write_global) == 11
    assert view["written"] == 11
    assert [view.apply_sync(count_up) for _ in range(3)] == [101, 102, 103]
    assert view["counter"] == 103
    assert counter == 100

    # Nothing of what came along stays behind as a name.
    for name in ("PRIVATE", "SCALE", "scale"):
        try:
            view[name]
        except NameError:
            continue
        raise AssertionError(name)

    # Functions that are pushed, and called later.
    view.push(dict(nested=nested, decorated=decorated, Point=Point), block=True)
    view.execute("a = nested([1]); b = decorated(2); p = Point(1, 2)", block=True)
    assert view["a"] == ([[20, 30]], {1: 10}, [11])
    assert view["b"] == 40
    assert view["p"] == Point(1, 2)
    view.execute("def here(x): return [decorated(y) for y in [x]]", block=True)
    assert view.apply_sync(ipp.Reference("here"), 1) == [20]
    assert view.apply_sync(lambda p: p.y, ipp.Reference("p")) == 2
    assert view.apply_sync(lambda *a: a, ipp.Reference("p.x"), [ipp.Reference("b")]) \\
        == (1, [40])
    view.execute("SCALE = 1", block=True)
    view.execute("a = nested([1])", block=True)
    assert view["a"] == ([[2, 3]], {1: 1}, [2])
    rc[:].clear(block=True)
    print("all is well")
'''


def test_what_a_script_defines_works_on_engines(shared: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)

    done = subprocess.run(
        [sys.executable, "-W", "error", script, str(shared.place.client_ticket)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.stderr, done.stdout) == ("", "all is well\n")
