"""What each mode shows of an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import MODES as MODES_OF_SHELL
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks.look import MODES

Shown = Callable[..., str]

FUNCTION = """def divide(a, *, b=0, **more):
    half = a / 2
    return half / b
"""


def test_context_shows_places_arguments_and_the_lines_around(
    shown: Shown, shell: InteractiveShell
) -> None:
    text = shown(FUNCTION, "x = 1\ndivide(\n    7, c=3)")

    assert text.splitlines() == [
        "-" * 75,
        "ZeroDivisionError                         Traceback (most recent call last)",
        "Cell In[2], line 2",
        "      1 x = 1",
        "----> 2 divide(",
        "      3     7, c=3)",
        "",
        "Cell In[1], line 3, in divide(a, b, **more)",
        "      1 def divide(a, *, b=0, **more):",
        "      2     half = a / 2",
        "----> 3     return half / b",
        "                   ~~~~~^~~",
        "",
        "ZeroDivisionError: float division by zero",
    ]


def test_verbose_tells_what_arguments_and_names_are_worth(
    shown: Shown, shell: InteractiveShell
) -> None:
    shell.xmode = "Verbose"

    text = shown(FUNCTION, "divide(7, c=[1, 2])")

    assert "in divide(a=7, b=0, **more={'c': [1, 2]})\n" in text
    assert "        half = 3.5\n" in text


def test_verbose_sees_attributes_without_running_code(
    shown: Shown, shell: InteractiveShell
) -> None:
    shell.xmode = "Verbose"
    cell = """
class Thing:
    touched = 0
    def __init__(self):
        self.size = 12
    @property
    def trap(self):
        Thing.touched += 1
thing = Thing()
def f():
    mine = thing
    return mine.size / 0 + len("quoted") + mine.trap
f()
"""
    text = shown(cell)

    assert "        mine.size = 12\n" in text
    assert "quoted =" not in text
    assert shell.user_ns["Thing"].touched == 0


def test_plain_is_like_pythons_own(shown: Shown, shell: InteractiveShell) -> None:
    shell.xmode = "Plain"

    text = shown(FUNCTION, "divide(7)")

    assert text.splitlines() == [
        "Traceback (most recent call last):",
        "  Cell In[2], line 1",
        "    divide(7)",
        "  Cell In[1], line 3, in divide",
        "    return half / b",
        "           ~~~~~^~~",
        "ZeroDivisionError: float division by zero",
    ]


@pytest.mark.parametrize(
    ("mode", "lines"),
    [
        ("Minimal", ["ZeroDivisionError: float division by zero"]),
        (
            "Docs",
            [
                "Traceback (most recent call last):",
                "Cell In[2], line 1",
                "    divide(7)",
                "    [... 1 more frame]",
                "ZeroDivisionError: float division by zero",
            ],
        ),
        (
            "Doctest",
            [
                "Traceback (most recent call last):",
                "    ...",
                "ZeroDivisionError: float division by zero",
            ],
        ),
    ],
)
def test_short_modes(
    shown: Shown, shell: InteractiveShell, mode: str, lines: list[str]
) -> None:
    shell.xmode = mode

    assert shown(FUNCTION, "divide(7)").splitlines() == lines


def test_a_modules_frames_name_file_and_line(
    shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "home" / "mine_of_modes.py"
    file.write_text(FUNCTION)
    monkeypatch.syspath_prepend(str(file.parent))

    text = shown("import mine_of_modes", "mine_of_modes.divide(1)")

    assert "File ~/mine_of_modes.py:3, in divide(a, b, **more)\n" in text


def test_methods_and_comprehensions_are_named_with_what_they_are_in(
    shown: Shown,
) -> None:
    cell = """class Outer:
    class Inner:
        def go(self):
            return list(1 / n for n in [0])
Outer.Inner().go()"""

    text = shown(cell)

    assert "in Outer.Inner.go(self)" in text
    assert "in Outer.Inner.go.<locals>.<genexpr>()" in text


def test_a_class_body_is_no_call(shown: Shown) -> None:
    assert "Cell In[1], line 2, in Broken\n" in shown("class Broken:\n    1 / 0")


def test_context_does_not_leave_the_function(shown: Shown) -> None:
    text = shown("before = 1\ndef f():\n    1 / 0\nafter = 1\nf()")

    inner = text.split("in f()\n")[1]
    assert "before" not in inner
    assert "after" not in inner


def test_the_number_of_lines_can_be_chosen(
    shown: Shown, shell: InteractiveShell
) -> None:
    cell = "a = 1\nb = 2\nc = 3\n1 / 0\nd = 4\ne = 5\nf = 6"

    shell.xmode_context = 1
    alone = shown(cell)
    shell.xmode_context = 7
    wide = shown(cell)

    assert "c = 3" not in alone
    assert "a = 1" in wide
    assert "f = 6" in wide


def test_a_frame_without_source_is_one_line(shown: Shown) -> None:
    text = shown("exec(compile('1 / 0', '<made>', 'exec'))")

    assert "\nFile <made>:1\n\nZeroDivisionError" in text


@pytest.mark.parametrize("mode", MODES)
def test_an_error_without_frames_is_its_message(
    shell: InteractiveShell, mode: str
) -> None:
    shell.xmode = mode

    lines = shell.InteractiveTB.structured_traceback(ValueError, ValueError("x"), None)

    assert lines == ["ValueError: x"]


def test_a_message_with_several_lines_and_notes_is_shown_whole(shown: Shown) -> None:
    text = shown("e = ValueError('a\\nb')\ne.add_note('c\\nd')\nraise e")

    assert text.endswith("ValueError: a\nb\nc\nd")


def test_the_modes_are_those_of_the_shells_option(shell: InteractiveShell) -> None:
    assert set(MODES) == set(MODES_OF_SHELL)
    for mode in MODES:
        shell.xmode = mode.lower()
        assert shell.xmode == mode
    with pytest.raises(OptionError, match="one of"):
        shell.xmode = "loud"


def test_a_traceback_fits_a_narrow_front_end(
    shown: Shown, frontend: RecordingFrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RecordingFrontEnd, "width", property(lambda _: 60))

    assert shown("1 / 0").splitlines()[0] == "-" * 59
