"""Keys at the line editor: Enter, indentation, pairs, suggestions."""

from __future__ import annotations

from typing import Any

import pytest


def test_enter_runs_what_is_complete(prompt: Any) -> None:
    assert prompt.cell("1 + 1", "enter") == "1 + 1"


def test_enter_begins_an_indented_line_in_a_block(prompt: Any) -> None:
    cell = prompt.cell("if x:", "enter", "y", "enter", "enter")

    assert cell.rstrip() == "if x:\n    y"


def test_indentation_can_be_turned_off(prompt: Any) -> None:
    prompt.shell.autoindent = False

    assert prompt.cell("if x:", "enter", "y", "enter") == "if x:\ny"


def test_enter_in_the_midst_of_a_cell_begins_a_line(prompt: Any) -> None:
    text = "if x:\n    y\n    z"

    cell = prompt.line("up", "up", "end", "enter", "w", text=text)

    assert cell == "if x:\n    w\n    y\n    z"


def test_alt_enter_runs_wherever_the_cursor_is(prompt: Any) -> None:
    assert prompt.cell("if x:", "escape", "enter") == "if x:"


def test_ctrl_o_begins_a_line_below_the_cursors(prompt: Any) -> None:
    assert prompt.line("if x:", "c-o", "!") == "if x:!\n    "


def test_tab_and_backspace_in_indentation_go_by_steps(prompt: Any) -> None:
    assert prompt.line("tab", "tab", "x") == "        x"
    assert prompt.line("  ", "tab", "x") == "    x"
    assert prompt.line("tab", "tab", "backspace", "x") == "    x"
    assert prompt.line("tab", " ", "backspace", "x") == "    x"
    assert prompt.line("tab", "tab", "s-tab", "x") == "    x"
    assert prompt.line("tab", "a b", "backspace", "x") == "    a x"


@pytest.mark.parametrize("word", ["else", "elif x", "except E", "finally"])
def test_what_ends_a_block_goes_out_a_step(prompt: Any, word: str) -> None:
    cell = prompt.line("if x:", "enter", "y", "enter", f"{word}:")

    assert cell == f"if x:\n    y\n{word}:"


def test_a_colon_elsewhere_is_a_colon(prompt: Any) -> None:
    assert prompt.line("if x:", "enter", "else:") == "if x:\n    else:"
    assert prompt.line("if x:", "enter", "y[1:", "enter") == "if x:\n    y[1:\n        "
    assert prompt.line("{'else':") == "{'else':"


def test_ctrl_c_takes_the_text_away(prompt: Any) -> None:
    assert prompt.cell("abc", "c-c", "1", "enter") == "1"


def test_ctrl_d_leaves_an_empty_line_only(prompt: Any) -> None:
    with pytest.raises(EOFError):
        prompt.cell("c-d")
    assert prompt.cell("ab", "left", "c-d", "enter") == "a"


# --- a burst of keys: pasted, or typed ahead ------------------------------------------


def test_a_paste_is_taken_as_it_is(prompt: Any) -> None:
    text = "def f():\n    x\n\n    if x:\n        y\nz\n"

    assert prompt.cell(f"\x1b[200~{text}\x1b[201~", "enter") == text


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    x\n\n    if x:\n        y\n    z\nw = 1\n",
        "class A:\n  def f(self):\n    x\n\n  def g(self):\n    y\n\n",
        "if x:\n\ty\nelse:\n\tz\n\n",
    ],
)
def test_a_paste_that_the_terminal_does_not_tell_keeps_its_indentation(
    prompt: Any, text: str
) -> None:
    cell = prompt.cell(text.replace("\n", "\r"))

    assert cell.rstrip().expandtabs(4) == text.rstrip().expandtabs(4)


def test_lines_typed_ahead_are_indented(prompt: Any) -> None:
    cell = prompt.cell("if x:\ry\r\rnext\r")

    assert cell.rstrip() == "if x:\n    y"
    assert prompt.editor.read("") == "next"


def test_the_rest_of_a_burst_is_the_next_cell(prompt: Any) -> None:
    assert prompt.cell("a = 1\rb = 2\rc") == "a = 1"
    assert prompt.editor.read("") == "b = 2"
    assert prompt.cell("\r") == "c"


def test_500_pasted_lines_take_no_time(prompt: Any) -> None:
    import time

    text = "\n".join(f"name_{n} = function({n}, 'text')  # why" for n in range(500))
    began = time.process_time()

    cell = prompt.cell(f"\x1b[200~{text}\x1b[201~", "enter")

    assert cell == text
    assert time.process_time() - began < 2


# --- pairs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("f(", "f()"),
        ("f(x", "f(x)"),
        ("f(x)", "f(x)"),
        ("[", "[]"),
        ("{a", "{a}"),
        ("'", "''"),
        ("'a'", "'a'"),
        ('"a"', '"a"'),
        ('"""a', '"""a"""'),
        ("'''a", "'''a'''"),
        ("(\x7f", ""),
        ("['\x7f\x7fx", "x"),
        ("it's", "it's'"),
        ("'it\"s", "'it\"s'"),
        ('r"-(', 'r"-()-"'),
    ],
)
def test_brackets_and_quotes_come_in_pairs(
    prompt: Any, keys: str, expected: str
) -> None:
    prompt.shell.auto_match = True

    assert prompt.line(keys) == expected


def test_an_opening_bracket_before_a_word_is_alone(prompt: Any) -> None:
    prompt.shell.auto_match = True

    assert prompt.line("x", "left", "(") == "(x"


def test_pairs_are_off_at_first(prompt: Any) -> None:
    assert prompt.line("f('[{") == "f('[{"


# --- suggestions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["right"], "plot(x, y)"),
        (["end"], "plot(x, y)"),
        (["c-f"], "plot(x, y)"),
        (["c-e"], "plot(x, y)"),
        (["escape", "f"], "plot(x,"),
        (["c-right"], "plot"),
        (["c-right", "c-right"], "plot("),
        (["escape", "right"], "plo"),
        (["c-left", "!"], "p!lot(x, y)"),
        (["escape", "down", "!"], "pl!ot(x, y)"),
        (["c-up", "right"], "plan()"),
        (["c-up", "c-up", "right"], "plot(x, y)"),
        (["c-down", "right"], "plan()"),
        (["delete", "right"], "pl"),
        (["delete", "right", "right"], "plot(x, y)"),
        (["x", "backspace", "right"], "plot(x, y)"),
    ],
)
def test_what_was_typed_before_is_offered(
    prompt: Any, keys: list[str], expected: str
) -> None:
    prompt.shell.past = ["plan()", "other", "if x:\n    z", "plot(x, y)"]

    assert prompt.line_after_hint("pl", *keys) == expected


def test_suggestions_can_be_turned_off(prompt: Any) -> None:
    prompt.shell.past = ["plan()"]
    prompt.shell.autosuggestions_provider = None

    assert prompt.line("pl", "right") == "pl"


# --- history --------------------------------------------------------------------------


def test_up_looks_for_what_begins_alike(prompt: Any) -> None:
    prompt.shell.past = ["plan()", "x = 1", "plot()", "y = 2"]

    assert prompt.line("up", "up") == "plot()"
    # It is the newest now.
    assert prompt.line("pl", "up", "up", "up") == "plan()"
    assert prompt.line("pl", "up", "up", "down") == "plan()"


def test_up_works_for_keys_typed_ahead(prompt: Any) -> None:
    assert prompt.cell("first\r\x1b[A\r") == "first"
    assert prompt.editor.read("") == "first"


def test_an_input_of_several_lines_comes_back_whole(prompt: Any) -> None:
    prompt.shell.past = ["if x:\n    y"]

    assert prompt.line("up") == "if x:\n    y"


def test_a_history_that_cannot_be_read_is_empty(prompt: Any) -> None:
    def fail(*_words: Any, **_keywords: Any) -> list[Any]:
        raise OSError("no disk")

    prompt.shell.history_request = fail

    assert prompt.line("x", "up") == "x"


# --- vi -------------------------------------------------------------------------------


def test_keys_of_vi(prompt: Any) -> None:
    prompt.shell.editing_mode = "vi"

    assert prompt.cell("abc", "escape", "0xi!", "enter") == "!bc"


def test_keys_of_emacs_in_the_insert_mode_of_vi(prompt: Any) -> None:
    prompt.shell.editing_mode = "vi"
    assert prompt.cell("abc", "c-a", "!", "enter") == "!abc"

    prompt.shell.emacs_bindings_in_vi_insert_mode = False
    assert prompt.cell("abc", "c-a", "!", "enter") != "!abc"


def test_the_mode_may_change_between_prompts(prompt: Any) -> None:
    assert prompt.cell("ab", "c-a", "!", "enter") == "!ab"

    prompt.shell.editing_mode = "vi"
    assert prompt.cell("ab", "escape", "0x", "enter") == "b"

    prompt.shell.editing_mode = "emacs"
    assert prompt.cell("ab", "c-a", "!", "enter") == "!ab"
