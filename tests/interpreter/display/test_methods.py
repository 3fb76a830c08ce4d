"""Looking up methods: on classes, on instances, on objects that make things up."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest

from ipcluster.engines.interpreter.display.methods import CANARY, key_of, method_of


class Asked:
    """Notes down which attributes it was asked for."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        try:
            return self.answers[name]
        except KeyError:
            raise AttributeError(name) from None


class Page:
    def _repr_html_(self) -> str:
        return "html"

    _repr_svg_ = None


def test_a_method_of_the_class_is_found() -> None:
    method = method_of(Page(), "_repr_html_")

    assert method is not None
    assert method() == "html"


def test_none_means_that_there_is_none() -> None:
    assert method_of(Page(), "_repr_svg_") is None


def test_what_a_class_defines_is_for_its_instances() -> None:
    assert method_of(Page, "_repr_html_") is None


def test_a_method_of_the_instance_is_found() -> None:
    page = Page()
    page.__dict__["_repr_png_"] = lambda: b"png"

    method = method_of(page, "_repr_png_")

    assert method is not None
    assert method() == b"png"


def test_objects_without_such_methods_are_not_asked() -> None:
    class Quiet:
        @property
        def _repr_html_(self) -> str:
            raise RuntimeError

    assert method_of(object(), "_repr_html_") is None
    assert method_of(Quiet(), "_repr_html_") is None


def test_a_proxy_is_asked_for_what_nothing_has_first() -> None:
    proxy = Asked({"_repr_html_": lambda: "through"})

    method = method_of(proxy, "_repr_html_")

    assert method is not None
    assert method() == "through"
    assert proxy.asked == [CANARY, "_repr_html_"]


@pytest.mark.parametrize(
    "obj", [MagicMock(), Asked({CANARY: 1, "_repr_html_": lambda: "no"})]
)
def test_what_answers_to_anything_has_no_methods(obj: object) -> None:
    assert method_of(obj, "_repr_html_") is None


def test_an_object_whose_attributes_raise_has_none() -> None:
    class Raises:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    assert method_of(Raises(), "_repr_html_") is None


def test_the_key_of_a_class_is_its_module_and_name() -> None:
    from datetime import datetime

    assert key_of(datetime) == ("datetime", "datetime")
    assert key_of(int) == ("builtins", "int")
    assert key_of(Page) == (__name__, "Page")
