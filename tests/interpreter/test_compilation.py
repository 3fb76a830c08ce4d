"""From text to code (engines/interpreter/compilation.py)."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator

import pytest

from ipcluster.engines.interpreter.compilation import Compiler


class _Late:
    """Garbage whose finalizer compiles."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        ast.parse("a + (b, c)")


@pytest.fixture
def busy_collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("busy_collector")
def test_a_finalizer_that_compiles_leaves_a_cell_as_it_is() -> None:
    source = f"x = [{', '.join(f'(a{number}, b)' for number in range(300))}]"
    compiler = Compiler()
    for _ in range(20):
        _Late()
        tree = compiler.parse(source, "<cell>")
        assert len(tree.body) == 1
        assert compiler.compile(tree, "<cell>", "exec").co_names[-1] == "x"
    assert gc.isenabled()
