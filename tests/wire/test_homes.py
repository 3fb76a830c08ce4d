"""The quick look at whether an importable function is the one that was pickled."""

from __future__ import annotations

import textwrap
from types import FunctionType
from typing import Any

import pytest

from ipcluster.wire.serialize import dump_function
from ipcluster.wire.snapshots import home_of


def indent_nothing(text: str, prefix: str) -> str:
    return text


def function(obj: Any) -> FunctionType:
    """The same object, as the type that it has at run time."""
    assert isinstance(obj, FunctionType)
    return obj


def test_a_function_of_a_module_has_a_home_and_a_local_one_has_none() -> None:
    home = home_of(function(textwrap.indent))

    assert home is not None
    assert home.holds(function(textwrap.indent))
    assert not home.holds(function(indent_nothing))
    assert home_of(function(textwrap.TextWrapper.fill)) is None
    assert home_of(function(lambda: None)) is None


def test_a_function_that_was_replaced_in_its_module_is_pickled_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = textwrap.indent
    digest, packed = dump_function(original)
    assert dump_function(original) == (digest, packed)

    monkeypatch.setattr(textwrap, "indent", indent_nothing)

    # It is no longer what an import finds, so it travels by value.
    assert dump_function(original)[0] != digest
    monkeypatch.undo()
    assert dump_function(original)[0] == digest
