"""Hooks on imports that have not happened yet."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ipcluster.engines.interpreter.importing import forget, when_imported


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "waited_for.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "waited_for"
    sys.modules.pop("waited_for", None)


def test_a_hook_runs_after_the_import_and_once(name: str) -> None:
    seen: list[int] = []
    before = list(sys.meta_path)

    when_imported(name, lambda module: seen.append(module.value))
    assert seen == []
    module = importlib.import_module(name)
    importlib.reload(module)

    assert seen == [1]
    assert sys.meta_path == before
    assert module.__spec__ is not None
    assert type(module.__loader__).__name__ == "SourceFileLoader"


def test_a_module_that_is_there_is_handed_over_at_once(name: str) -> None:
    module = importlib.import_module(name)
    seen: list[ModuleType] = []

    when_imported(name, seen.append)

    assert seen == [module]


def test_a_forgotten_hook_is_not_called(name: str) -> None:
    seen: list[ModuleType] = []
    hook = seen.append
    before = list(sys.meta_path)
    when_imported(name, hook)

    forget(name, hook)
    importlib.import_module(name)

    assert seen == []
    assert sys.meta_path == before


def test_a_module_that_is_not_there_is_missing_as_ever() -> None:
    when_imported("nobody_has_this_module", print)

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("nobody_has_this_module")
    forget("nobody_has_this_module", print)
