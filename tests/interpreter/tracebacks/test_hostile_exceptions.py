"""Exceptions and values that raise whenever they are touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks.values import notes_of, text_of

Shown = Callable[..., str]

HOSTILE = {
    "str": "def __str__(self): raise RuntimeError('no')",
    "str-exits": "def __str__(self): raise SystemExit",
    "str-is-none": "def __str__(self): return None",
    "repr": "def __repr__(self): raise RuntimeError('no')",
    "getattr": "def __getattr__(self, name): raise RuntimeError(name)",
    "any-attribute": "def __getattr__(self, name): return self",
    "getattribute": "def __getattribute__(self, name): raise RuntimeError(name)",
    "notes": "__notes__ = property(lambda self: 1 / 0)",
    "notes-are-a-number": "__notes__ = 5",
    "cause": "__cause__ = property(lambda self: 1 / 0)",
    "cause-is-a-number": "__cause__ = 5",
    "class": "__class__ = property(lambda self: 1 / 0)",
    "bool": "def __bool__(self): raise RuntimeError('no')",
    "eq": "__hash__ = None\n    def __eq__(self, other): raise RuntimeError('no')",
    "own-rendering": "def _render_traceback_(self): raise RuntimeError('no')",
    "odd-rendering": "def _render_traceback_(self): return 5",
}


@pytest.mark.parametrize("mode", ["Context", "Verbose", "Plain", "Minimal"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_it_is_shown_and_the_shell_goes_on(
    shown: Shown, shell: InteractiveShell, body: str, mode: str
) -> None:
    shell.xmode = mode

    text = shown(f"class Bad(Exception):\n    {body}\nraise Bad('message')")
    shell.run_cell("after = 1")

    assert "Bad" in text
    assert "could not be shown" not in text
    assert shell.user_ns["after"] == 1


def test_a_metaclass_that_raises(shown: Shown) -> None:
    text = shown("""class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    def __getattribute__(cls, name): raise ValueError(name)
class Bad(Exception, metaclass=Meta): pass
raise Bad('message')""")

    assert text.endswith("Bad: message")


def test_the_event_names_the_class_that_was_raised(
    shown: Shown, frontend: RecordingFrontEnd
) -> None:
    shown(f"class Bad(Exception):\n    {HOSTILE['str']}\nraise Bad")

    error = frontend.of_kind(e.Error)[-1]
    assert (error.ename, error.evalue) == ("Bad", "<its __str__ raises RuntimeError>")


def test_values_that_raise_and_values_without_end(
    shown: Shown, shell: InteractiveShell
) -> None:
    shell.xmode = "Verbose"

    text = shown("""class Bad:
    def __repr__(self): raise KeyError
    __class__ = property(lambda self: 1 / 0)
def f(bad, many, deep, long):
    mine = bad
    mine, 1 / 0
loop = []
loop.append(loop)
f(Bad(), list(range(10**6)), [[[[loop]]]], "y" * 10**6)""")

    assert "bad=<Bad object; its repr raises KeyError>" in text
    assert "many=[0, 1, 2, 3, 4, 5, … 999994 more]" in text
    assert "deep=[[[[" in text
    assert "mine = <Bad object; its repr raises KeyError>" in text
    assert len(text) < 2000


def test_one_line_of_any_value() -> None:
    class Lines:
        def __repr__(self) -> str:
            return "a\n   b"

    assert text_of(Lines()) == "a b"
    assert text_of((1,)) == "(1,)"
    assert text_of({"k": {1}}) == "{'k': {1}}"
    assert text_of("x" * 500, 20) == "'xxxxxxxx…xxxxxxxx'"
    assert text_of(b"\x00" * 500, 20).startswith("b'\\x00")
    assert text_of(10**5000).startswith("<int object; its repr raises ValueError>")


def test_notes_are_lines() -> None:
    error = ValueError()
    error.add_note("a\nb")
    error.__notes__.append(5)  # type: ignore[arg-type]  # that is the point

    assert notes_of(error) == ["a", "b", "5"]


def test_a_message_of_a_megabyte_is_cut(shown: Shown) -> None:
    text = shown("raise ValueError('x' * 10**6)")

    assert len(text) < 25_000
    assert "more characters" in text


def test_ctrl_c_while_an_error_is_shown_is_one_line(
    shown: Shown, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(
        "class Slow(Exception):\n"
        "    def __str__(self): raise KeyboardInterrupt\n"
        "raise Slow"
    )
    shell.run_cell("after = 1")

    assert capsys.readouterr().err.strip() == "KeyboardInterrupt"
    assert shell.user_ns["after"] == 1


def test_an_exceptions_own_rendering_is_used(shown: Shown) -> None:
    text = shown("""class Own(Exception):
    def _render_traceback_(self): return ["mine", "its second line"]
raise Own""")

    assert text == "mine\nits second line"


def test_an_error_of_ours_does_not_hide_the_users(
    shown: Shown, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> list[str]:
        raise LookupError("ours")

    monkeypatch.setattr(shell.InteractiveTB, "structured_traceback", broken)

    assert shown("1 / 0").splitlines() == [
        "(a traceback that could not be shown: LookupError: ours)",
        "ZeroDivisionError: division by zero",
    ]
