"""A process without IPython, whatever is installed where the tests run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def without_ipython(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`import IPython` finds what our shell serves, and nothing else."""
    for name in [one for one in sys.modules if is_field(one)]:
        monkeypatch.delitem(sys.modules, name)
    find = PathFinder.find_spec

    def find_others(name: str, path: Any = None, target: Any = None) -> Any:
        return None if is_field(name) else find(name, path, target)

    monkeypatch.setattr(PathFinder, "find_spec", find_others)
    yield
    for name in [one for one in sys.modules if is_field(one)]:
        del sys.modules[name]


def is_field(name: str) -> bool:
    return name.partition(".")[0] in ("IPython", "ipykernel")
