"""Completions as the line editor shows them."""

from __future__ import annotations

from typing import Any

import pytest
from prompt_toolkit.document import Document

from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.shell.terminal.completing import label, shortened, tail


class Found:
    """What a completer gives."""

    def __init__(self, start: int, matches: list[str]) -> None:
        self.start = start
        self.matches = matches


def complete(prompt: Any, words: list[str]) -> None:
    """Let a shell complete words."""

    def complete_code(code: str, cursor: int) -> Found:
        start = cursor
        while start and (code[start - 1].isalnum() or code[start - 1] == "_"):
            start -= 1
        word = code[start:cursor]
        return Found(start, [one for one in words if one.startswith(word)])

    prompt.shell.complete_code = complete_code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("numpy.linalg", "linalg"),
        ("a.b.c", "c"),
        ("f(x).real", "f(x).real"),
        ("1.5", "1.5"),
        ("folder/file.txt", "file.txt"),
        ("folder/inner/", "inner/"),
        ("%time", "%time"),
        ("plain", "plain"),
        ("d['key']", "d['key']"),
    ],
)
def test_the_end_of_a_completion_is_shown(text: str, shown: str) -> None:
    assert tail(text) == shown


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("notes.py", "path", "notes.py"),
        ("folder/notes.py", "path", "notes.py"),
        ("a.b", "dict key", "a.b"),
        ("folder/key", "dict key", "folder/key"),
        ("os.path", "module", "path"),
    ],
)
def test_files_and_keys_are_shown_with_their_dots(
    text: str, kind: str, shown: str
) -> None:
    assert label(SimpleCompletion(text, type=kind)) == shown


def test_a_long_one_is_shortened_in_the_middle() -> None:
    assert shortened("a" * 10 + "b" * 10, 15) == "aaaaaaa\N{HORIZONTAL ELLIPSIS}bbbbbbb"
    assert shortened("short", 15) == "short"
    assert shortened("a" * 40, 0) == "a" * 40


def test_the_only_completion_is_put_in(prompt: Any) -> None:
    complete(prompt, ["values", "other"])

    assert prompt.line_after_tab("x = va") == "x = values"


def test_what_all_completions_share_is_put_in_and_a_menu_chooses(prompt: Any) -> None:
    complete(prompt, ["value_one", "value_two"])

    assert prompt.line_after_tab("va") == "value_"
    assert prompt.line_after_tab("value_", "tab") == "value_one"
    assert prompt.line_after_tab("value_", "tab", "tab") == "value_two"
    assert prompt.line_after_tab("value_", "tab", "c-g") == "value_"


def test_enter_takes_a_completion_and_does_not_run(prompt: Any) -> None:
    complete(prompt, ["value_one", "value_two"])

    assert prompt.line_after_tab("value_", "tab", "enter", "()") == "value_one()"


def test_enter_begins_a_line_though_a_menu_came_up_unasked(prompt: Any) -> None:
    complete(prompt, ["value_one", "value_two"])
    prompt.shell.complete_while_typing = True

    assert prompt.line_after_tab("if value_", "c-e", ":", "enter") == "if value_:\n    "
    assert prompt.cell("value_", "tab", "enter") == "value_"


def test_what_has_the_letters_with_others_in_between_is_put_in(prompt: Any) -> None:
    def complete_code(code: str, cursor: int) -> Found:
        return Found(3, ["read_csv"])

    prompt.shell.complete_code = complete_code

    assert prompt.line_after_tab("pd.rdcsv") == "pd.read_csv"


def test_a_completer_that_fails_leaves_the_text(
    prompt: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(code: str, cursor: int) -> Found:
        raise ValueError("a bug in a completer")

    prompt.shell.complete_code = fail

    assert prompt.cell("va\t", "enter") == "va"
    assert (
        list(prompt.editor.session.completer.get_completions(Document("x"), None)) == []
    )
    assert "completion has failed: ValueError: a bug" in capsys.readouterr().err
