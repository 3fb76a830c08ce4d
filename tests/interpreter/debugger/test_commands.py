"""Lines at the debugger's prompt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Debug = Callable[..., str]

CELL = """class Bad:
    def __repr__(self): raise ValueError('no repr')
def f(c, n, items):
    bad = Bad()
    breakpoint()
    x = 1
    return c, n
result = f('see', 4, [3, 1, 2])"""

# Since Python 3.13 the call itself is where it stops, before that the line behind it.
BEHIND = ["n"] if sys.version_info >= (3, 13) else []


@pytest.fixture
def at_prompt(debug: Debug) -> Debug:
    """Type lines at a breakpoint; what they printed."""

    def run(*lines: str) -> str:
        text = debug(CELL, *BEHIND, "print('-begin-')", *lines, "print('-end-')", "c")
        return text.partition("-begin-\n")[2].partition("-end-\n")[0]

    return run


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("p n", "4\n"),
        ("p n, c", "(4, 'see')\n"),
        ("p(n)", "4\n"),
        ("pp {'a': n}", "{'a': 4}\n"),
        ("!n + 1", "5\n"),
        ("!c", "'see'\n"),
        ("c.upper()", "'SEE'\n"),
        ("n.real", "4\n"),
        ("list(items)", "[3, 1, 2]\n"),
        ("next(iter(items))", "3\n"),
        ("[i for i in items if i < n]", "[3, 1, 2]\n"),
        ("a = 5;; !a", "5\n"),
        ("whatis n", "<class 'int'>\n"),
        ("missing", "*** NameError: name 'missing' is not defined\n"),
        ("p 1 +", "*** SyntaxError: invalid syntax\n"),
        ("1 / 0", "*** ZeroDivisionError: division by zero\n"),
        ("raise SystemExit(3)", "*** SystemExit: 3\n"),
        ("p bad", "*** ValueError: no repr\n"),
        ("None", ""),
    ],
)
def test_a_line(at_prompt: Debug, line: str, printed: str) -> None:
    assert at_prompt(line) == printed


def test_assignments_to_the_names_of_commands(
    at_prompt: Debug, shell: InteractiveShell
) -> None:
    at_prompt("c = 'new'", "n=7")

    assert shell.user_ns["result"] == ("new", 7)


def test_several_lines_are_one_statement(
    at_prompt: Debug, frontend: RecordingFrontEnd
) -> None:
    out = at_prompt("for i in items:", "    print(i)", "")

    assert out == "3\n1\n2\n"
    assert "   ...: " in frontend.prompts


def test_an_empty_line_repeats_commands_and_nothing_else(at_prompt: Debug) -> None:
    assert at_prompt("items.append(0)", "", "p len(items)", "") == "4\n4\n"


def test_arguments_are_shown_even_if_one_cannot_be(debug: Debug) -> None:
    out = debug(CELL.replace("[3, 1, 2]", "Bad()"), "a", "c")

    assert "f(c='see', n=4, items=<Bad object; its repr raises ValueError>)" in out
    assert "c = 'see'\n" in out


def test_magics_see_the_frames_names(at_prompt: Debug, shell: InteractiveShell) -> None:
    def twice(line: str, local_ns: Any = None) -> Any:
        return eval(line, {}, local_ns) * 2

    def transform(lines: list[str]) -> list[str]:
        return [
            f"get_ipython().run_line_magic('twice', {line[7:].strip()!r})\n"
            if line.startswith("%twice ")
            else line
            for line in lines
        ]

    twice.needs_local_scope = True  # type: ignore[attr-defined]  # a mark
    shell.register_magic_function(twice, "line")
    shell.input_transformer_manager.line_transforms.append(transform)

    assert at_prompt("%twice n") == "8\n"


def test_commands_of_the_system(
    at_prompt: Debug, frontend: RecordingFrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []

    def run(command: str, environment: object) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(frontend, "run_command", run)

    at_prompt("!ls", "!ls -l", "!git status", "!!echo a", "!n", "!missing()", "!x = 1")

    assert commands == ["ls", "ls -l", "git status", "echo a"]


def test_help_on_objects_sees_the_frames_names(
    at_prompt: Debug, shell: InteractiveShell
) -> None:
    asked: list[Any] = []

    def make(magic: str) -> Any:
        def tell(line: str, namespaces: Any = None) -> None:
            assert "items" in dict(namespaces)["Locals"]
            asked.append((magic, line))

        return tell

    for magic in ("pinfo", "pinfo2", "pdef", "pdoc", "psource", "pfile"):
        shell.register_magic_function(make(magic), "line", magic)

    at_prompt("items?", "items??", "pinfo f", "pinfo2 f", "pdef f", "pdoc f")
    at_prompt("psource f", "pfile f")

    assert asked == [
        ("pinfo", "items"),
        ("pinfo2", "items"),
        ("pinfo", "f"),
        ("pinfo2", "f"),
        ("pdef", "f"),
        ("pdoc", "f"),
        ("psource", "f"),
        ("pfile", "f"),
    ]


def test_stacks_are_walked(at_prompt: Debug) -> None:
    out = at_prompt("w", "u", "items", "u", "d", "d", "d 5")

    assert "  Cell In[1](8)<module>()\n" in out
    assert "> Cell In[1](6)f(" in out
    assert "----> 8 result = f('see', 4, [3, 1, 2])" in out
    assert "*** NameError: name 'items' is not defined" in out
    assert "*** Oldest frame" in out
    assert "*** Newest frame" in out


def test_walking_wants_a_number(at_prompt: Debug) -> None:
    assert at_prompt("u x", "w x").splitlines() == [
        "*** a number of frames is wanted, not 'x'",
        "*** a number of lines is wanted, not 'x'",
    ]


def test_sources_are_listed(at_prompt: Debug) -> None:
    out = at_prompt("l 1, 3", "ll", "source Bad.__repr__")

    assert "      1 class Bad:\n" in out
    assert "----> 6     x = 1\n" in out
    assert "      7     return c, n\n" in out
    assert out.endswith("      2     def __repr__(self): raise ValueError('no repr')\n")


def test_the_number_of_lines_around_is_set(at_prompt: Debug) -> None:
    out = at_prompt("context", "context 1", "context", "u", "context x")

    assert out.splitlines() == [
        "5 lines of context",
        "1 lines of context",
        "> Cell In[1](8)<module>()",
        "----> 8 result = f('see', 4, [3, 1, 2])",
        "                 ~^^^^^^^^^^^^^^^^^^^^^",
        "*** a number of lines is wanted, not 'x'",
    ]


def test_breakpoints_have_their_numbers_beside_lines(at_prompt: Debug) -> None:
    out = at_prompt("b 7", "l 7, 7", "b", "cl 1", "b")

    assert "Breakpoint 1 at <ipython-input" in out
    assert "1     7     return c, n\n" in out
    assert "Deleted breakpoint 1" in out


def test_all_breakpoints_are_deleted_if_that_is_confirmed(at_prompt: Debug) -> None:
    assert "deleted" not in at_prompt("b 7", "clear", "n", "cl 1")
    assert "All breakpoints are deleted." in at_prompt("b 7", "clear", "y")


def test_what_is_skipped_is_said_and_set(at_prompt: Debug) -> None:
    out = at_prompt(
        "skip_hidden",
        "skip_hidden no",
        "skip_hidden maybe",
        "skip_predicates readonly yes",
        "skip_predicates",
        "skip_predicates other yes",
        "ignore_module json*",
        "unignore_module json*",
        "unignore_module json*",
        "ignore_module",
    )

    assert out.splitlines() == [
        "hidden frames are skipped",
        "hidden frames are shown",
        "*** true or false, not 'maybe'",
        "tbhide            True",
        "ipython_internal  True",
        "debuggerskip      True",
        "event_loop        True",
        "readonly          True",
        "*** one of tbhide, ipython_internal, debuggerskip, event_loop, readonly; "
        "not 'other'",
        "ignored: json*",
        "*** 'json*' is not ignored",
        "ignored: none",
    ]


def test_code_has_a_debugger_of_its_own(at_prompt: Debug) -> None:
    out = at_prompt("debug sorted(items, key=lambda one: 1 / one)", "s", "p one", "c")

    assert out.startswith("ENTERING RECURSIVE DEBUGGER\n")
    assert out.endswith("LEAVING RECURSIVE DEBUGGER\n")
    assert "\n3\n" in out


def test_an_error_in_such_code_is_one_line(at_prompt: Debug) -> None:
    assert "*** ZeroDivisionError" in at_prompt("debug 1 / 0", "c")


def test_a_python_prompt_with_the_frames_names(at_prompt: Debug) -> None:
    assert "40\n" in at_prompt("interact", "print(n * 10)", "raise SystemExit")


def test_expressions_are_watched(at_prompt: Debug) -> None:
    assert "display n: 4" in at_prompt("display n")


def test_there_is_no_restart(at_prompt: Debug) -> None:
    assert at_prompt("run", "restart").count("%debug or %run -d") == 2


def test_every_command_has_help(at_prompt: Debug) -> None:
    names = ("context", "pinfo", "where", "skip_predicates", "clear", "exceptions")

    out = at_prompt("h", *[f"h {name}" for name in names])

    assert "Undocumented" not in out
    assert "no help" not in out.lower()
    assert "event_loop        asyncio's" in out


def test_lines_of_a_startup_file_are_obeyed(debug: Debug, tmp_path: Path) -> None:
    (tmp_path / "home" / ".pdbrc").write_text("# mine\np 'from pdbrc'\n")

    assert "'from pdbrc'\n" in debug(CELL, "c")
