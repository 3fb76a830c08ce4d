"""`TerminalInteractiveShell.shortcuts`: people's changes to the keys."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.shell.terminal.keys.filters import evaluate, make_filters
from ipcluster.shell.terminal.keys.table import find_command, rows


def test_every_command_and_filter_of_the_table_is_there(prompt: Any) -> None:
    filters = make_filters(prompt.shell)

    for row in rows():
        assert callable(find_command(row.command)), row
        evaluate(row.when, filters)


def test_a_key_is_moved(prompt: Any) -> None:
    prompt.shell.past = ["plot()"]
    prompt.shell.shortcuts = [
        {
            "command": "IPython:auto_suggest.accept",
            "match_keys": ["right"],
            "new_keys": ["c-q"],
        }
    ]

    assert prompt.line_after_hint("pl", "c-q") == "plot()"


def test_a_key_is_taken_away(prompt: Any) -> None:
    prompt.shell.auto_match = True
    prompt.shell.shortcuts = [
        {"command": "IPython:auto_match.parenthesis", "new_keys": []}
    ]

    assert prompt.line("f(") == "f("


def test_a_key_is_added(prompt: Any) -> None:
    prompt.shell.shortcuts = [
        {
            "command": "prompt_toolkit:named_commands.capitalize_word",
            "new_keys": ["c-x", "u"],
            "new_filter": "default_buffer_focused",
            "create": True,
        }
    ]

    assert prompt.line("word", "c-a", "c-x", "u") == "Word"


def test_when_a_key_counts_is_changed(prompt: Any) -> None:
    prompt.shell.auto_match = True
    prompt.shell.shortcuts = [
        {"command": "IPython:auto_match.brackets", "new_filter": "never"}
    ]

    assert prompt.line("f[(") == "f[()"


def test_a_change_at_run_time_counts_at_the_next_prompt(prompt: Any) -> None:
    prompt.shell.auto_match = True
    assert prompt.line("(") == "()"

    prompt.shell.shortcuts = [
        {"command": "IPython:auto_match.parenthesis", "new_keys": []}
    ]
    assert prompt.line("(") == "("


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"new_keys": ["c-q"]}, "wants a `command`"),
        ({"command": "IPython:no.such", "new_keys": []}, "no command is named"),
        ({"command": "prompt_toolkit:x.y", "new_keys": []}, "no command is named"),
        (
            {"command": "IPython:auto_suggest.accept", "new_filter": "nobody"},
            "no filter is named 'nobody'",
        ),
        (
            {"command": "IPython:auto_suggest.accept", "new_filter": "1 +"},
            "is no filter",
        ),
        (
            {"command": "IPython:auto_suggest.accept", "new_keys": ["no-key"]},
            "no-key",
        ),
        ({"command": "IPython:auto_suggest.accept"}, "wants `new_keys`"),
        (
            {"command": "IPython:auto_suggest.accept", "keys": ["c-q"]},
            "no field keys",
        ),
        (
            {
                "command": "IPython:auto_suggest.accept",
                "match_keys": ["c-q"],
                "new_keys": [],
            },
            "no key has this command",
        ),
        (
            {"command": "IPython:auto_suggest.accept", "create": True},
            "`create` wants",
        ),
    ],
)
def test_a_change_that_cannot_be_made_is_told_and_others_are_made(
    prompt: Any,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    message: str,
) -> None:
    prompt.shell.auto_match = True
    prompt.shell.shortcuts = [
        change,
        {"command": "IPython:auto_match.parenthesis", "new_keys": []},
    ]

    assert prompt.line("(") == "("
    told = capsys.readouterr().err
    assert message in told
    assert "TerminalInteractiveShell.shortcuts" in told


def test_enter_may_be_the_users_own(prompt: Any) -> None:
    def make(_shell: Any) -> Any:
        def on_enter(event: Any) -> None:
            event.current_buffer.insert_text("!")
            event.current_buffer.validate_and_handle()

        return on_enter

    prompt.shell.handle_return = make

    assert prompt.cell("if x:", "enter") == "if x:!"
