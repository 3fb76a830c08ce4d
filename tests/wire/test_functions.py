import asyncio
import functools
import math
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from ipcluster.wire.errors import SerializationError
from ipcluster.wire.functions import captured_values, global_names
from ipcluster.wire.importable import is_importable, travels_by_reference
from ipcluster.wire.serialize import dump, dump_function, load, load_function

Define = Callable[[str], dict[str, Any]]


class EngineSide(Protocol):
    def run(
        self, function: Callable[..., Any], *args: Any, setup: str = "", **keywords: Any
    ) -> Any: ...


# --- by reference or by value ---------------------------------------------------------


def test_importable_things_travel_by_reference() -> None:
    assert travels_by_reference(functools.wraps)
    assert travels_by_reference(threading.Thread.run)
    assert travels_by_reference(math.sqrt)
    assert not travels_by_reference(lambda: None)
    assert is_importable("os.path")
    assert not is_importable("__main__")


def test_function_replaced_in_its_module_travels_by_value(
    define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = define("def dedent(text): return 'mine'")["dedent"]
    function.__module__ = "textwrap"
    assert not travels_by_reference(function)


def test_module_that_no_import_finds_is_not_named(engine_side: EngineSide) -> None:
    module = types.ModuleType("made_by_hand")
    exec("x = 5\ndef f(): return x", module.__dict__)
    sys.modules["made_by_hand"] = module
    try:
        assert engine_side.run(module.f) == 5
    finally:
        del sys.modules["made_by_hand"]


@pytest.mark.parametrize("function", [abs, math.sqrt, [4].count, str.upper, len])
def test_builtins_travel(function: Callable[..., Any]) -> None:
    loaded = load_function(dump_function(function)[1].payload, namespace={})
    assert loaded.builtins is None
    argument: Any = "a" if function in (str.upper, len) else 4
    assert loaded.call(argument) == function(argument)


def test_nested_function_of_a_library_gets_the_globals_of_its_module() -> None:
    method: Any = functools.partialmethod(pow, 2)
    closure = method._make_unbound_method()
    assert "<locals>" in closure.__qualname__
    loaded = load_function(dump_function(closure)[1].payload, namespace={})
    call: Any = loaded.call
    assert call.__globals__ is functools.__dict__
    assert loaded.captured == {}


# --- namespaces -----------------------------------------------------------------------


def test_engine_namespace_comes_before_captured_values(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("a = 1\nb = 2\ndef f(): return a, b")
    assert engine_side.run(session["f"]) == (1, 2)
    assert engine_side.run(session["f"], setup="a = 10") == (10, 2)


def test_name_that_only_the_engine_has(define: Define, engine_side: EngineSide) -> None:
    function = define("f = lambda: only_there + 1")["f"]
    assert engine_side.run(function, setup="only_there = 4") == 5
    with pytest.raises(RuntimeError, match="name 'only_there' is not defined"):
        engine_side.run(function)


def test_global_statement_writes_the_engines_namespace() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("def f():\n    global made\n    made = 7", names)
    namespace: dict[str, Any] = {}
    load_function(dump_function(names["f"])[1].payload, namespace=namespace).call()
    assert namespace.pop("made") == 7
    assert "made" not in names
    assert not set(namespace) - {"__builtins__"}


def test_loading_leaves_the_namespace_as_it_was(define: Define) -> None:
    packed = dump_function(define("k = 3\ndef f(): return k")["f"])[1]
    namespace: dict[str, Any] = {}
    loaded = load_function(packed.payload, namespace=namespace)
    assert namespace == {}
    assert loaded.captured == {"k": 3}
    assert loaded.builtins is not None
    assert loaded.builtins["k"] == 3
    assert loaded.call() == 3


def test_session_name_that_hides_a_builtin(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("def sum(x): return 'mine'\ndef f(): return sum([1]), max(2, 3)")
    assert engine_side.run(session["f"]) == ("mine", 3)


@pytest.mark.parametrize(
    "body",
    [
        "[helper(i) for i in range(n)]",
        "list(helper(i) for i in range(n))",
        "(lambda: [helper(i) for i in range(n)])()",
        "list({helper(i): 0 for i in range(n)})",
        "sorted({helper(i) for i in range(n)})",
        "list(map(lambda i: helper(i), range(n)))",
        "[y for i in range(n) for y in (helper(z) for z in (i,))]",
        "eval('[helper(i) for i in range(n)]') if n else helper",
    ],
)
def test_code_inside_a_function_sees_captured_values(
    define: Define, engine_side: EngineSide, body: str
) -> None:
    session = define(f"""
        import math as m
        n = 3
        k = 10
        def helper(x): return k * x + int(m.sqrt(4))
        def f(): return {body}
    """)
    assert engine_side.run(session["f"]) == [2, 12, 22]


def test_functions_and_classes_made_in_the_call_see_captured_values(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        k = 10
        def f():
            class C:
                size = k
                def get(self): return k + self.size
            def inner(): return C().get() + k
            return inner()
    """)
    assert engine_side.run(session["f"]) == 30


def test_captured_values_of_functions_among_the_arguments(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        k = 10
        def helper(x): return sum(k for _ in range(x))
        def call(f, x): return f(x)
    """)
    assert engine_side.run(session["call"], session["helper"], 3) == 30
    assert engine_side.run(session["call"], f=session["helper"], x=2) == 20


def test_functions_from_two_sessions_keep_their_own_values(
    define: Define, engine_side: EngineSide
) -> None:
    first = define("k = 1\ndef f(): return k")["f"]
    second = define("k = 2\ndef g(f): return k, f()")
    second["f"] = first
    assert engine_side.run(second["g"], first) == (2, 1)


def test_names_are_those_of_globals_not_of_attributes() -> None:
    code = compile(
        "def f(a):\n    b = a.attribute\n    return top(b, [inner for x in c])",
        "",
        "exec",
    ).co_consts[0]
    assert global_names(code) == ("c", "inner", "top")


def test_plain_builtins_are_not_captured(define: Define) -> None:
    assert captured_values(define("def f(): return len(str(x))")["f"]) == {}


def test_modules_travel_by_name_with_the_submodules_that_code_names(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        import xml
        import xml.etree.ElementTree
        def f(): return xml.etree.ElementTree.fromstring("<a/>").tag
    """)
    assert engine_side.run(session["f"]) == "a"


def test_captured_value_that_cannot_be_pickled_is_missed_only_when_used(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        import threading
        lock = threading.Lock()
        k = 2
        def helper(): return lock
        def f(use): return helper() if use else k
    """)
    assert engine_side.run(session["f"], False) == 2
    assert engine_side.run(session["f"], True, setup="lock = 'theirs'") == "theirs"
    with pytest.raises(RuntimeError, match=r"'lock' is not defined here.*_thread.lock"):
        engine_side.run(session["f"], True)


# --- closures, recursion, attributes --------------------------------------------------


def test_recursive_and_mutually_recursive_functions(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        def factorial(n): return n * factorial(n - 1) if n else 1
        def make():
            def even(n): return n == 0 or odd(n - 1)
            def odd(n): return n != 0 and even(n - 1)
            return even, odd
        even, odd = make()
        def up(n): return down(n) if n else "end"
        def down(n): return up(n - 1)
    """)
    assert engine_side.run(session["factorial"], 5) == 120
    assert engine_side.run(session["even"], 10)
    assert not engine_side.run(session["odd"], 10)
    assert engine_side.run(session["up"], 3) == "end"


def test_functions_that_share_a_cell_share_it_there() -> None:
    def make() -> tuple[Callable[[], None], Callable[[], int]]:
        count = 0

        def add() -> None:
            nonlocal count
            count += 1

        return add, lambda: count

    add, get = load(dump(make(), None).payload)
    add()
    add()
    assert get() == 2


def test_empty_cell_stays_empty() -> None:
    def make() -> Callable[[], int]:
        def use() -> int:
            return late

        if len("") == 1:
            late = 1
        return use

    with pytest.raises(NameError, match="late"):
        load_function(dump_function(make())[1].payload, namespace={}).call()


def test_cell_by_itself() -> None:
    cell = types.CellType([1])
    assert load(dump(cell, None).payload).cell_contents == [1]


def test_defaults_attributes_and_names_travel(define: Define) -> None:
    function = define("""
        def f(a, b=[1], *, c={2: 3}) -> "text":
            "The doc."
            return a, b, c
        f.note = f.again = "kept"
    """)["f"]
    loaded: Any = load_function(dump_function(function)[1].payload, namespace={}).call
    assert loaded(0) == (0, [1], {2: 3})
    assert (loaded.note, loaded.__doc__, loaded.__name__) == ("kept", "The doc.", "f")
    assert loaded.__annotations__ == {"return": "text"}
    assert (loaded.__module__, loaded.__qualname__) == ("__main__", "f")


def test_annotation_that_cannot_be_pickled_is_dropped(define: Define) -> None:
    function = define("""
        import threading
        def f(a: threading.Lock()): return a
    """)["f"]
    loaded: Any = load_function(dump_function(function)[1].payload, namespace={}).call
    assert loaded(3) == 3
    assert loaded.__annotations__ == {}


def test_decorated_functions(define: Define, engine_side: EngineSide) -> None:
    session = define("""
        import functools
        def twice(f):
            @functools.wraps(f)
            def call(*args): return 2 * f(*args)
            return call
        @twice
        def f(x): return x + 1
        @functools.lru_cache(maxsize=5)
        def g(x): return x + k
        k = 4
        @functools.singledispatch
        def h(x): return "any"
        @h.register
        def _(x: int): return "int"
    """)
    assert engine_side.run(session["f"], 2) == 6
    assert engine_side.run(session["f"].__wrapped__, 2) == 3
    assert engine_side.run(session["g"], 2) == 6
    assert engine_side.run(session["h"], 2) == "int"
    assert engine_side.run(session["h"], "a") == "any"


def test_partial_methods_and_callable_instances(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        import functools
        class Adder:
            def __init__(self, n): self.n = n
            def add(self, x): return self.n + x
            def __call__(self, x): return self.add(x) + k
            @classmethod
            def make(cls, n): return cls(n)(0)
            def __private(self, x): return -x
            def private(self): return self.__private
        k = 100
        part = functools.partial(Adder(1).add, 5)
    """)
    adder = session["Adder"](3)
    assert engine_side.run(session["part"]) == 6
    assert engine_side.run(adder.add, 1) == 4
    assert engine_side.run(adder, 1) == 104
    assert engine_side.run(session["Adder"].make, 1) == 101
    assert engine_side.run(adder.private(), 1) == -1
    assert engine_side.run(session["Adder"].add, adder, 2) == 5


def test_async_and_generator_functions(define: Define, engine_side: EngineSide) -> None:
    session = define("""
        import asyncio
        k = 3
        async def f(x):
            await asyncio.sleep(0)
            return [k * x async for x in g(x)]
        async def g(n):
            for i in range(n): yield i
        def h(n): yield from (k for _ in range(n))
        def run(f, x): return asyncio.run(f(x))
        def listed(h, n): return list(h(n))
    """)
    assert engine_side.run(session["run"], session["f"], 3) == [0, 3, 6]
    assert engine_side.run(session["listed"], session["h"], 2) == [3, 3]
    loaded = load_function(dump_function(session["f"])[1].payload, namespace={})
    assert asyncio.iscoroutinefunction(loaded.call)


def test_function_comes_back_with_what_it_captured(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("""
        k = 10
        def helper(x): return x + k
        def make(n): return lambda x: helper(x) * n
    """)
    assert engine_side.run(session["make"], 2)(1) == 22


# --- digests --------------------------------------------------------------------------


def test_same_function_has_the_same_digest(define: Define) -> None:
    session = define("""
        k = {"a": [1, 2], "b": {3, 4}}
        def helper(x): return k, "text", (1, 2.5, frozenset({"x", "y"}))
        def f(x): return helper(x)
        def g(x): return x
    """)
    for name in ("f", "g"):
        digest, packed = dump_function(session[name])
        assert len(digest) == 16
        assert dump_function(session[name]) == (digest, packed)
    assert dump_function(session["f"])[0] != dump_function(session["g"])[0]


def test_unchanged_function_is_pickled_once(define: Define) -> None:
    session = define("""
        import math
        k, name, none = 100_000, "text", None
        def helper(x): return math.sqrt(k), name, none
        def f(x, y=2): return helper(x) + (len(x),)
    """)
    assert dump_function(session["f"])[1] is dump_function(session["f"])[1]
    assert dump_function(math.factorial)[0] == dump_function(math.factorial)[0]


@pytest.mark.parametrize(
    "change",
    [
        "k = 2",
        "del k",
        "values.append(1)",
        "def helper(): return 'other', values",
        "helper.__code__ = (lambda: 'code').__code__",
        "f.__code__ = (lambda: 'code').__code__",
        "f.__defaults__ = (5,)",
        "f.__kwdefaults__['y'] = 5",
        "f.note = 1",
        "Thing.size = 2",
        "make_cell(2)",
    ],
)
def test_changed_function_has_another_digest(define: Define, change: str) -> None:
    session = define("""
        k = 1
        values = []
        class Thing: size = 1
        def helper(): return values
        def closed():
            n = 1
            def change(value):
                nonlocal n
                n = value
            return (lambda: n), change
        inside, make_cell = closed()
        def f(x=3, *, y=4): return k, helper(), Thing.size, inside()
    """)
    before = dump_function(session["f"])[0]
    assert dump_function(session["f"])[0] == before
    exec(change, session)
    assert dump_function(session["f"])[0] != before


@pytest.mark.parametrize("change", ["k = 2", "del k; j = 1", "g = lambda: 3"])
def test_changed_function_that_was_kept_has_another_digest(
    define: Define, change: str
) -> None:
    session = define("k = 1\ndef g(): return 2\ndef f(): return k, g(), j")
    before, packed = dump_function(session["f"])
    assert dump_function(session["f"])[1] is packed
    exec(change, session)
    assert dump_function(session["f"])[0] != before


def test_kept_pickle_does_not_keep_the_function(define: Define) -> None:
    import gc
    import weakref

    session = define("def f(n): return f(n - 1) if n else 0")
    dump_function(session["f"])
    gone = weakref.ref(session["f"])
    session.clear()
    gc.collect()
    assert gone() is None


def test_closure_that_cannot_be_pickled_is_named() -> None:
    lock = threading.Lock()

    def f() -> object:
        return lock

    with pytest.raises(
        SerializationError, match=r"function .*f closure variable 'lock': cannot pickle"
    ):
        dump_function(f)


def test_function_pickled_by_dill(define: Define) -> None:
    function = define("k = 2\ndef f(x): return x + k")["f"]
    digest, packed = dump_function(function, pickler="dill")
    assert len(digest) == 16
    assert load_function(packed.payload, namespace={}).call(1) == 3
