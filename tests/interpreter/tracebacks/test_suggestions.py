"""Did you mean ...?"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("cell", "ending"),
    [
        ("prnit(1)", "Did you mean: 'print'?"),
        ("counter = 1\ncuonter", "Did you mean: 'counter'?"),
        ("def f(value):\n    return valeu\nf(1)", "Did you mean: 'value'?"),
        ("[].apend(1)", "Did you mean: 'append'?"),
        ("sys.path", "Did you forget to import 'sys'?"),
        ("import collectoins", "Did you mean: 'collections'?"),
        (
            "class A:\n    def go(self):\n        self.x = 1\n        x\nA().go()",
            "Did you mean: 'self.x'?",
        ),
    ],
)
def test_a_near_name_is_suggested(shown: Shown, cell: str, ending: str) -> None:
    assert shown(cell).endswith(ending)


def test_a_usual_short_name_says_what_to_import(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numpy")

    assert shown("np.zeros(3)").endswith("forget to import 'numpy as np'?")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the name is not told before")
def test_a_near_name_in_a_module_is_suggested(shown: Shown) -> None:
    text = shown("from collections import namedtupel")

    assert text.endswith("Did you mean: 'namedtuple'?")


@pytest.mark.parametrize(
    "cell",
    [
        "entirely_unlike_anything",
        "(1).entirely_unlike",
        "raise NameError('by hand')",
        "raise AttributeError('by hand', name='x', obj=None)",
        "raise AttributeError('by hand', name=5, obj=5)",
        "raise ImportError('by hand', name=object())",
    ],
)
def test_nothing_near_nothing_said(shown: Shown, cell: str) -> None:
    assert not shown(cell).endswith("?")


def test_an_object_whose_names_cannot_be_listed_is_left_alone(shown: Shown) -> None:
    text = shown("""class Bad:
    def __dir__(self): raise ValueError
Bad().x""")

    assert text.endswith("AttributeError: 'Bad' object has no attribute 'x'")


def test_the_message_itself_is_left_alone(shown: Shown) -> None:
    shown("prnit(1)")

    assert str(sys.last_value) == "name 'prnit' is not defined"
