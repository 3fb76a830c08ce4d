"""A pipe that ends a wait, and toolkits that are not installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest


class Pipe:
    """What a hook watches."""

    def __init__(self) -> None:
        self.ear, self.mouth = os.pipe()
        self.is_said = False

    def say(self) -> None:
        """There is something to do elsewhere."""
        self.is_said = True
        os.write(self.mouth, b"!")

    def hush(self) -> None:
        self.is_said = False
        os.read(self.ear, 1)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.ear)
    os.close(pipe.mouth)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make modules of a toolkit: `pretend("wx", GetApp=...)`; and give it a display."""
    monkeypatch.setenv("DISPLAY", ":99")

    def make(name: str, **names: Any) -> Any:
        module = ModuleType(name)
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, name, module)
        parent, _, child = name.rpartition(".")
        if parent:
            monkeypatch.setattr(sys.modules[parent], child, module, raising=False)
        return module

    return make
