"""Errors in source text: the place in what was typed, and marks under it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks.typed import Typed

Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        (
            "if True\n  1",
            [
                "  Cell In[1], line 1",
                "    if True",
                "           ^",
                "SyntaxError: expected ':'",
            ],
        ),
        (
            "x = 1\nreturn x",
            [
                "  Cell In[1], line 2",
                "    return x",
                "    ^^^^^^^^",
                "SyntaxError: 'return' outside function",
            ],
        ),
        (
            "'日本' = 1",
            [
                "  Cell In[1], line 1",
                "    '日本' = 1",
                "    ^^^^^^",
                "SyntaxError: cannot assign to literal here. "
                "Maybe you meant '==' instead of '='?",
            ],
        ),
        (
            "def f():\n\tx = = 1",
            [
                "  Cell In[1], line 2",
                "    x = = 1",
                "        ^",
                "SyntaxError: invalid syntax",
            ],
        ),
    ],
)
def test_the_place_is_marked(shown: Shown, cell: str, lines: list[str]) -> None:
    assert shown(cell).splitlines() == lines


def test_the_columns_are_those_of_what_was_typed(
    shown: Shown, shell: InteractiveShell
) -> None:
    def strip(lines: list[str]) -> list[str]:
        return [line.removeprefix(">>> ").removeprefix("... ") for line in lines]

    shell.input_transformer_manager.cleanup_transforms.append(strip)

    text = shown("\n>>> x = 1\n>>> f(x = = 2)")

    assert text.splitlines()[:3] == [
        "  Cell In[1], line 3",
        "    >>> f(x = = 2)",
        "              ^",
    ]


def test_lines_that_were_dropped_are_counted(
    shown: Shown, shell: InteractiveShell
) -> None:
    def drop(lines: list[str]) -> list[str]:
        while lines and not lines[0].strip():
            lines = lines[1:]
        return lines

    shell.input_transformer_manager.cleanup_transforms.append(drop)

    assert "Cell In[1], line 4\n" in shown("\n\n\nx = = 1")
    assert "Cell In[2], line 4\n----> 4 1 / 0" in shown("\n\n\n1 / 0")


def test_a_rewritten_line_is_shown_as_typed_in_tracebacks(
    shown: Shown, shell: InteractiveShell
) -> None:
    def rewrite(lines: list[str]) -> list[str]:
        return [
            f"get_ipython().run_line_magic({line[1:].strip()!r}, '')\n"
            if line.startswith("%")
            else line
            for line in lines
        ]

    def broken(line: str) -> None:
        raise LookupError(line)

    shell.register_magic_function(broken, "line")
    shell.input_transformer_manager.line_transforms.append(rewrite)

    assert "      1 x = 1\n----> 2 %broken\n" in shown("x = 1\n%broken")


def test_joined_lines_keep_the_lines_behind_them_in_place() -> None:
    typed = "a = 1\n!ls \\\n   -l\nb = = 2"
    python = ["a = 1\n", "get_ipython().system('ls    -l')\n", "b = = 2\n"]

    source = Typed(python, typed)

    assert [source.line(number) for number in (1, 2, 3)] == [1, 2, 4]
    assert source.place(3, (4, 5)) == (4, (4, 5))
    assert source.place(2, (0, 3)) == (2, (None, None))


def test_an_error_in_running_code_has_frames_and_a_place(shown: Shown) -> None:
    text = shown("exec('a = 1\\nb = = 2')")

    assert "Cell In[1], line 1\n" in text
    assert text.splitlines()[-4:] == [
        "  File <string>:2",
        "    b = = 2",
        "        ^",
        "SyntaxError: invalid syntax",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "('f.py', None, None, None)",
        "('f.py', 'a', 'b', 3)",
        "(4, -5, 10**9, '')",
        "('f.py', 10**9, 10**9, 'x', 10**9, 10**9)",
        "('f.py', 1, -1, 'x = 1', 1, -1)",
        "(None, 0, 0, '\\0\\x1b[31m')",
    ],
)
def test_fields_that_make_no_sense_are_left_out(shown: Shown, fields: str) -> None:
    text = shown(f"raise SyntaxError('odd', {fields})")

    assert text.endswith("SyntaxError: odd")
    assert "\x1b" not in text


def test_null_bytes_are_an_error_like_any_other(shown: Shown) -> None:
    assert "cannot contain null bytes" in shown("x = 'a\0b'")


def test_the_last_error_is_there_for_tb(shown: Shown, shell: InteractiveShell) -> None:
    shown("1 +")

    assert shell.InteractiveTB.last() == [
        "  Cell In[1], line 1",
        "    1 +",
        "       ^",
        "SyntaxError: invalid syntax",
    ]
