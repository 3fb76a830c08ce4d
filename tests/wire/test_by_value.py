"""Modules whose functions and classes travel by value."""

from __future__ import annotations

import gc
import importlib
import math
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from ipcluster.wire import by_value
from ipcluster.wire.serialize import (
    dump_function,
    load,
    load_function,
    register_pickle_by_value,
    unregister_pickle_by_value,
)


class EngineSide(Protocol):
    def run(
        self, function: Callable[..., Any], *args: Any, setup: str = "", **keywords: Any
    ) -> Any: ...


SOURCE = """
import enum, functools, math, threading
from typing import TypeVar
SCALE, count = 10, 0
T = TypeVar("T")
lock = threading.Lock()
def scale(x): return SCALE * x
def scale_all(xs): return [scale(x) for x in xs]
def tick():
    global count
    count += 1
    return count
def with_lock():
    with lock: return 1
@functools.lru_cache
def kept(x): return scale(x)
def wrapped(f):
    @functools.wraps(f)
    def wrapper(*args): return scale(f(*args))
    return wrapper
class Point:
    def __init__(self, x): self.x = x
    def scaled(self): return scale(self.x)
    def same(self, other): return isinstance(other, Point)
class Color(enum.Enum):
    RED = 1
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A registered module that no other process finds."""
    (tmp_path / "sent_along.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    module: Any = importlib.import_module("sent_along")
    # As on another host: nobody else has that folder.
    module.__file__ = "/no/such/folder/sent_along.py"
    register_pickle_by_value(module)
    yield module
    unregister_pickle_by_value(module)
    del sys.modules["sent_along"]


def test_functions_and_classes_travel(own: Any, engine_side: EngineSide) -> None:
    assert engine_side.run(own.scale, 2) == 20
    assert engine_side.run(own.scale_all, [1, 2]) == [10, 20]
    assert engine_side.run(own.kept, 3) == 30
    assert engine_side.run(own.wrapped(math.floor), 2.5) == 20
    assert engine_side.run(lambda point: point.scaled(), own.Point(4)) == 40
    assert engine_side.run(own.Point(4).scaled) == 40


def test_what_comes_back_is_the_owners(own: Any, engine_side: EngineSide) -> None:
    point = engine_side.run(own.Point, 5)
    function = engine_side.run(lambda: own.scale)
    wrapped = engine_side.run(own.wrapped, math.floor)

    assert type(point) is own.Point
    assert point.scaled() == 50
    assert engine_side.run(own.Point(1).same, point)
    assert engine_side.run(lambda color: color, own.Color.RED) is own.Color.RED
    assert function.__globals__ is wrapped.__globals__ is own.__dict__
    own.SCALE = 2
    assert (function(3), wrapped(3.5)) == (6, 6)


def test_the_module_itself_travels(own: Any, engine_side: EngineSide) -> None:
    assert engine_side.run(lambda: own.scale(own.SCALE)) == 100
    assert engine_side.run(lambda module: module.Point(1).scaled(), own) == 10
    assert engine_side.run(lambda: getattr(own, "sc" + "ale")(1)) == 10
    assert engine_side.run(lambda: own) is own
    assert engine_side.run(lambda: own.T.__name__) == "T"


def test_its_globals_are_not_those_of_the_session(
    own: Any, engine_side: EngineSide
) -> None:
    assert engine_side.run(own.scale, 2, setup="SCALE = 1000") == 20
    assert engine_side.run(lambda: [own.tick(), own.tick(), own.count]) == [1, 2, 2]
    assert own.count == 0
    assert not engine_side.run(lambda: "count" in globals() or "scale" in globals())


def test_changes_are_seen(own: Any, engine_side: EngineSide) -> None:
    assert engine_side.run(own.scale_all, [1]) == [10]

    own.SCALE = 3
    own.scale = lambda x: -x

    assert engine_side.run(lambda: own.SCALE) == 3
    assert engine_side.run(own.scale_all, [1]) == [-1]
    assert own.scale_all([1]) == [-1]


def test_unchanged_function_is_pickled_once(own: Any) -> None:
    first = dump_function(own.scale_all)

    assert dump_function(own.scale_all)[1] is first[1]

    own.SCALE = 3
    assert dump_function(own.scale_all)[0] != first[0]


def test_what_cannot_be_sent_is_missed_only_when_used(
    own: Any, engine_side: EngineSide
) -> None:
    assert engine_side.run(lambda: own.scale(1)) == 10
    with pytest.raises(RuntimeError, match=r"NameError: name 'lock' .*cannot pickle"):
        engine_side.run(own.with_lock)
    with pytest.raises(RuntimeError, match=r"has no 'lock': it could not be sent: can"):
        engine_side.run(lambda: own.lock)
    with pytest.raises(RuntimeError, match=r"AttributeError: .* has no 'never'$"):
        engine_side.run(lambda: own.never)


def test_what_it_imports_is_missed_only_when_used(
    own: Any, engine_side: EngineSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_here: Any = types.ModuleType("only_here")
    exec("def f(): pass", only_here.__dict__)
    finder = types.SimpleNamespace(
        find_spec=lambda name, *_: name == "only_here" or None
    )
    monkeypatch.setitem(sys.modules, "only_here", only_here)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    own.only_here, own.f = only_here, only_here.f

    assert engine_side.run(lambda: own.scale(1)) == 10
    with pytest.raises(RuntimeError, match=r"no 'only_here': .*no module 'only_here'"):
        engine_side.run(lambda: own.only_here)
    with pytest.raises(RuntimeError, match=r"has no 'f': .*no module 'only_here'"):
        engine_side.run(lambda: own.f)


def test_two_sessions_with_modules_of_one_name_do_not_meet(
    own: Any, engine_side: EngineSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = engine_side.run(lambda: (own.tick(), own.SCALE))

    monkeypatch.setattr(by_value, "_ids", {})  # as in another process
    own.SCALE = 77
    theirs = engine_side.run(lambda: (own.tick(), own.SCALE))

    assert (mine, theirs) == ((1, 10), (1, 77))


def test_a_stand_in_goes_with_its_last_function(own: Any) -> None:
    packed = dump_function(own.scale)[1]
    by_value._ids.clear()  # what was dumped is now another process's
    loaded = load_function(packed.payload, namespace={}).call
    assert "SCALE" in loaded.__globals__
    assert loaded.__globals__ is not own.__dict__
    known = len(by_value._stand_ins)

    del loaded
    gc.collect()

    assert len(by_value._stand_ins) == known - 1


def test_a_package_stands_for_all_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_side: EngineSide
) -> None:
    folder = tmp_path / "sent_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("from sent_package.inner import f")
    (folder / "inner.py").write_text("K = 4\ndef f(): return K")
    monkeypatch.syspath_prepend(str(tmp_path))
    package: Any = importlib.import_module("sent_package")
    package.__path__ = ["/no/such/folder"]
    register_pickle_by_value(package)

    assert engine_side.run(package.f) == 4
    assert engine_side.run(lambda: (package.inner.f(), package.inner.K)) == (4, 4)

    unregister_pickle_by_value(package)
    with pytest.raises(RuntimeError, match="no module 'sent_package'"):
        engine_side.run(package.f)


def test_unregistered_things_travel_by_reference_again(own: Any) -> None:
    by_value_digest, _ = dump_function(own.scale)

    unregister_pickle_by_value(own)
    digest, packed = dump_function(own.scale)
    register_pickle_by_value(own)

    assert digest != by_value_digest
    assert load(packed.payload) is own.scale
    assert dump_function(own.scale)[0] == by_value_digest


def test_only_modules_that_can_be_sent_are_registered() -> None:
    import ipcluster.wire.errors

    not_a_module: Any = "math"
    with pytest.raises(ValueError, match="a module is registered, not 'math'"):
        register_pickle_by_value(not_a_module)
    with pytest.raises(ValueError, match="no import gives it"):
        register_pickle_by_value(types.ModuleType("made_by_hand"))
    with pytest.raises(ValueError, match="is on every engine"):
        register_pickle_by_value(ipcluster.wire.errors)
    with pytest.raises(ValueError, match="was not registered"):
        unregister_pickle_by_value(math)
