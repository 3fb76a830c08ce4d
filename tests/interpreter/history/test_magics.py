"""Magics that show inputs, run them again, and make files and macros of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import StdinNotAvailable, UsageError
from ipcluster.engines.interpreter.history.macro import Macro
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Open = Callable[..., InteractiveShell]


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def magic(shell: InteractiveShell, name: str, line: str = "") -> Any:
    """Call a magic as a cell does: under a number of its own."""
    shell.user_ns["_call"] = lambda: shell.run_line_magic(name, line)
    done = shell.run_cell("_value = _call()", store_history=True)
    done.raise_error()
    return shell.user_ns["_value"]


@pytest.fixture
def typed(shell: InteractiveShell) -> InteractiveShell:
    """A shell in which something was typed."""
    run(shell, "a = 1", "for i in range(2):\n    a", "a + 4", "1/0")
    return shell


# --- %history -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("1-3", "a = 1\nfor i in range(2):\n    a\na + 4\n"),
        ("-n 1-3", "   1: a = 1\n   2:\nfor i in range(2):\n    a\n   3: a + 4\n"),
        ("-n 3 1", "   3: a + 4\n   1: a = 1\n"),
        ("-o 3", "a + 4\n5\n"),
        ("-p 2", ">>> for i in range(2):\n...     a\n...\n"),
        ("-po 3", ">>> a + 4\n5\n"),
        ("-l 2", "a + 4\n1/0\n"),
        ("-nl2", "   3: a + 4\n   4: 1/0\n"),
        ("-l 1 1-3", "a + 4\n"),
        ("99", ""),
        ("~1/", ""),
        ("-g a +", "   3: a + 4\n"),
        ("-g 'a ='", "   1: a = 1\n"),
        ("-g -l 1 a*", "   3: a + 4\n"),
        ("-g [14]*0", "   4: 1/0\n"),
        ("--failed 1-4", "1/0\n"),
        ("--ok -n 1-4", "   1: a = 1\n   2:\nfor i in range(2):\n    a\n   3: a + 4\n"),
        ("-g --failed", "   4: 1/0\n"),
        ("--longer=1000", ""),
        ("--cwd=/nowhere", ""),
        ("--cwd 1", "a = 1\n"),
        ("--session 1 3", "a + 4\n"),
        ("-g --session=7", ""),
    ],
)
def test_history_shows_what_is_asked_for(
    typed: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, shown: str
) -> None:
    magic(typed, "history", line)

    assert capsys.readouterr().out == shown


def test_history_without_anything_is_this_session(
    typed: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    magic(typed, "hist", "-n")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "   1: a = 1"
    assert lines[-1] == "   5: _value = _call()"


def test_history_shows_the_python_that_inputs_became(
    typed: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    typed.input_transformers_post.append(lambda lines: ["pass\n"])
    run(typed, "%%something")
    typed.input_transformers_post.clear()
    magic(typed, "history", "-t 5")

    assert capsys.readouterr().out == "pass\n"


def test_history_tells_how_cells_ran(
    typed: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(typed, "get_ipython().system('exit 3')")
    magic(typed, "history", "--details 3-5")

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["3:", "4:", "5:"]
    assert " ms  ok " in lines[0]
    assert "ZeroDivisionError" in lines[2]
    assert "exit status 3" in lines[4]
    assert lines[0].endswith(os.getcwd())
    assert lines[1] == "      a + 4"


def test_history_of_other_sessions_has_their_numbers(
    open_shell: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    first = open_shell()
    run(first, "x = 1", "y = 2")
    first.history_manager.end_session()
    shell = open_shell()
    run(shell, "x = 3")

    magic(shell, "history", "-n ~1/ 1")
    magic(shell, "history", "-g x =")
    magic(shell, "history", "-gu x*")

    assert capsys.readouterr().out == (
        " 1/1: x = 1\n 1/2: y = 2\n   1: x = 3\n" + 2 * " 1/1: x = 1\n   1: x = 3\n"
    )


def test_history_goes_to_a_file(
    typed: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    magic(typed, "history", "-f out.py 1")
    assert Path("out.py").read_text() == "a = 1\n"

    frontend.lines = ["n"]
    magic(typed, "history", "-f out.py 3")
    assert frontend.prompts == ["File 'out.py' exists. Overwrite? [y/N] "]
    assert capsys.readouterr().out == "Aborting.\n"
    assert Path("out.py").read_text() == "a = 1\n"

    magic(typed, "history", "-y -f out.py 3")
    assert Path("out.py").read_text() == "a + 4\n"


@pytest.mark.parametrize(
    ("name", "line"),
    [("history", "-f out.py 1"), ("save", "out.py 1"), ("notebook", "out.py")],
)
def test_nothing_is_replaced_where_nobody_can_be_asked(
    typed: InteractiveShell, frontend: RecordingFrontEnd, name: str, line: str
) -> None:
    def refuse(*_given: object, **_more: object) -> str:
        raise StdinNotAvailable

    frontend.read_line = refuse  # type: ignore[method-assign]  # as a kernel's may
    Path("out.py").write_text("mine")

    with pytest.raises(UsageError, match=r"nobody can be asked: -[fy] replaces it"):
        typed.run_line_magic(name, line)

    assert Path("out.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("foo", "%history -g foo"),
        ("--bogus", "no option --bogus"),
        ("-z 1", "no option -z"),
        ("-lx", "-l wants a whole number"),
        ("-f", "-f wants a value"),
        ("--longer soon", "--longer wants seconds"),
        ("-f no/such/folder/x", "cannot be written"),
    ],
)
def test_history_says_what_is_wrong(
    typed: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        typed.run_line_magic("history", line)

    assert message in str(caught.value)


def test_history_says_when_the_file_cannot_be_read(
    open_shell: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"nonsense" * 1000)
    shell = open_shell(hist_file=str(tmp_path / "x.sqlite"))

    with pytest.raises(UsageError, match="cannot be read"):
        shell.run_line_magic("history", "~1/")


# --- %recall and %rerun ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", "5"),
        ("1", "a = 1"),
        ("1 3", "a = 1\na + 4"),
        ("a + 1", "2"),
        ("range(2)", "range(0, 2)"),
        ("a +", "a + 4"),
    ],
)
def test_recall_puts_something_at_the_prompt(
    typed: InteractiveShell, frontend: RecordingFrontEnd, line: str, text: str
) -> None:
    magic(typed, "recall", line)

    assert frontend.of_kind(e.NextInput)[-1].text == text


def test_recall_of_nothing_says_so(
    typed: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    magic(typed, "rep", "no such thing")

    assert frontend.of_kind(e.NextInput) == []
    assert "no such thing" in capsys.readouterr().out


def test_rerun_runs_inputs_one_by_one(
    typed: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(typed, "a = 7")
    magic(typed, "rerun", "3")
    magic(typed, "rerun", "-g a +*")

    assert frontend.results == ["5", "11", "11"]
    assert capsys.readouterr().out == (
        2 * "=== Executing: ===\na + 4\n=== Output: ===\n"
    )


def test_rerun_stops_at_what_fails(
    typed: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    magic(typed, "rerun", "4 3")

    assert frontend.errors == ["ZeroDivisionError"] * 2
    assert frontend.results == ["5"]


def test_rerun_leaves_itself_out(shell: InteractiveShell) -> None:
    shell.input_transformers_post.append(
        lambda lines: [
            "get_ipython().run_line_magic('rerun', '')\n"
            if line.startswith("%rerun")
            else line
            for line in lines
        ]
    )
    run(shell, "n = 0", "n += 1", "%rerun", "%rerun", "%rerun")

    assert shell.user_ns["n"] == 4


def test_rerun_of_what_reruns_ends(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "get_ipython().run_line_magic('rerun', '1')")

    assert capsys.readouterr().err.count("never end") == 1


def test_rerun_of_nothing_says_so(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("rerun", "99")
    with pytest.raises(UsageError, match="no range"):
        shell.run_line_magic("rerun", "foo")

    assert capsys.readouterr().out == "There is no such input.\n"


# --- %save ----------------------------------------------------------------------------


def test_save_writes_inputs_that_can_be_run(
    typed: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    magic(typed, "save", "work 1-2")
    magic(typed, "save", "-a work 3")

    assert Path("work.py").read_text() == (
        "# coding: utf-8\na = 1\nfor i in range(2):\n    a\na + 4\n"
    )
    assert "`work.py`:\na = 1\nfor" in capsys.readouterr().out


def test_save_writes_this_session_up_to_now(typed: InteractiveShell) -> None:
    magic(typed, "save", "-r all")

    assert Path("all.ipy").read_text().splitlines()[-1] == "1/0"


def test_save_writes_texts_macros_and_files(typed: InteractiveShell) -> None:
    run(typed, "text = 'zz = 3'")
    typed.define_macro("again", "a = 1\n")
    Path("old.py").write_text("# coding: utf-8\nold = 1\n")

    for name in ("text", "again", "old.py"):
        magic(typed, "save", f"new_{name} {name}")

    assert Path("new_text.py").read_text() == "# coding: utf-8\nzz = 3\n"
    assert Path("new_again.py").read_text() == "# coding: utf-8\na = 1\n"
    assert Path("new_old.py").read_text() == "# coding: utf-8\nold = 1\n"


def test_save_asks_before_it_replaces(
    typed: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("work.py").write_text("mine\n")
    frontend.lines = ["n", ""]

    magic(typed, "save", "work 1")
    magic(typed, "save", "work 1")
    assert Path("work.py").read_text() == "mine\n"
    assert capsys.readouterr().out == "Operation cancelled.\n" * 2

    magic(typed, "save", "-f work 1")
    assert Path("work.py").read_text() == "# coding: utf-8\na = 1\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "Missing filename"),
        ("x 99", "no input 99"),
        ("x nothing", "neither in the history"),
        ("x a", "neither text nor a macro"),
        ("x /", "folder"),
        ("no/folder/x 1", "cannot be written"),
    ],
)
def test_save_says_what_is_wrong(
    typed: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        typed.run_line_magic("save", line)

    assert not Path("x.py").exists()


# --- %macro ---------------------------------------------------------------------------


def test_a_macro_runs_when_its_name_is_typed(
    typed: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    magic(typed, "macro", "again 1 3")
    shown = capsys.readouterr().out
    run(typed, "a = 9", "  again\n", "a")

    assert shown.splitlines()[1:] == ["=== Macro contents: ===", "a = 1", "a + 4"]
    assert frontend.results == ["5", "5", "1"]
    assert typed.user_ns["In"][7] == "a = 1\na + 4"
    assert typed.user_ns["_i7"] == "  again"


def test_macros_add_up_and_are_listed(
    typed: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    magic(typed, "macro", "-q first 1")
    magic(typed, "macro", "-q second first")
    run(
        typed,
        "third = first + 'b = 2\\n' + second",
        "third",
        "print(third)",
        "third.value",
    )

    assert capsys.readouterr().out == "a = 1\nb = 2\na = 1\n\n"
    assert typed.user_ns["b"] == 2
    assert frontend.results[-1] == "'a = 1\\nb = 2\\na = 1\\n'"
    assert magic(typed, "macro") == ["first", "second", "third"]


def test_a_macro_in_an_expression_is_a_value(
    typed: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    typed.define_macro("again", "a = 1\n")
    run(typed, "[again]")

    assert frontend.results[-1] == "[Macro('a = 1\\n')]"
    with pytest.raises(TypeError, match="only macros and text"):
        Macro("a") + 1  # type: ignore[operator]  # that is the point


@pytest.mark.parametrize(
    ("line", "message"),
    [("x", "wants a name"), ("1x 1", "cannot be the name"), ("if 1", "cannot be")],
)
def test_macro_says_what_is_wrong(
    typed: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        typed.run_line_magic("macro", line)


# --- %load ----------------------------------------------------------------------------


SOURCE = """\
# -*- coding: utf-8 -*-
import functools

@functools.cache
def one():
    return 1

class Two:
    pass

three = 3
"""


@pytest.fixture
def source(shell: InteractiveShell) -> str:
    """A file to load from."""
    Path("shapes.py").write_text(SOURCE)
    return "shapes.py"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("shapes.py", SOURCE.partition("\n")[2]),
        ("shapes", SOURCE.partition("\n")[2]),
        ("-r 1 shapes.py", "import functools"),
        ("-r 3-4,10 shapes.py", "@functools.cache\ndef one():\nthree = 3"),
        ("-r :2,10: shapes.py", "import functools\nthree = 3\n"),
        ("-s Two shapes.py", "class Two:\n    pass\n"),
        (
            "-s Two,one shapes.py",
            "class Two:\n    pass\n\n@functools.cache\ndef one():\n    return 1\n",
        ),
    ],
)
def test_load_puts_code_into_the_cell(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    source: str,
    line: str,
    text: str,
) -> None:
    magic(shell, "load", line)

    [event] = frontend.of_kind(e.NextInput)
    assert event.replace
    assert event.text == f"# %load {line}\n{text}"


def test_load_finds_inputs_macros_and_sources(
    typed: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    typed.define_macro("again", "a = 1\n")
    run(typed, "def f():\n    return 5")

    for line in ("1 3", "again", "-n f"):
        magic(typed, "loadpy", line)

    assert [
        event.text.split("\n", 1)[1] for event in frontend.of_kind(e.NextInput)
    ] == [
        "a = 1\na + 4",
        "a = 1\n",
        "def f():\n    return 5\n",
    ]


def test_load_asks_about_a_large_source(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("large.py").write_text("x = 1\n" * 40_000)
    frontend.lines = ["n"]

    magic(shell, "load", "large.py")
    assert frontend.of_kind(e.NextInput) == []
    assert "240,000 characters" in frontend.prompts[0]

    magic(shell, "load", "-y large.py")
    assert len(frontend.of_kind(e.NextInput)) == 1


def test_load_reads_files_in_their_encodings_and_notebooks(
    shell: InteractiveShell,
) -> None:
    Path("latin.py").write_bytes("# coding: latin-1\nä = 1\n".encode("latin-1"))
    cells = [
        {"cell_type": "markdown", "source": "words"},
        {"cell_type": "code", "source": ["a = 1\n", "b = 2"]},
        {"cell_type": "code", "source": "c = 3"},
    ]
    Path("book.ipynb").write_text(json.dumps({"cells": cells}))

    assert shell.find_user_code("latin.py") == "ä = 1\n"
    assert shell.find_user_code("latin.py", skip_encoding_cookie=False).startswith("#")
    assert shell.find_user_code("book.ipynb") == "a = 1\nb = 2\nc = 3"


def test_a_file_that_is_no_text_is_refused_if_python_is_wanted(
    shell: InteractiveShell,
) -> None:
    Path("x.py").write_bytes(b"\xff\xfe\x00")

    assert shell.find_user_code("x.py") == "\xff\xfe\x00"
    with pytest.raises(ValueError, match="no text"):
        shell.find_user_code("x.py", py_only=True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nothing", "neither in the history"),
        ("-s nothing shapes.py", "no nothing"),
        ("-r a-b shapes.py", "no lines"),
        ("http://127.0.0.1:9/x.py", "cannot be read"),
    ],
)
def test_load_says_what_is_wrong(
    shell: InteractiveShell, source: str, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        shell.run_line_magic("load", line)


# --- %edit ----------------------------------------------------------------------------


class Editor:
    """Opens files by changing them."""

    def __init__(self, frontend: RecordingFrontEnd, change: str) -> None:
        self.opened: list[tuple[str, int | None, str]] = []
        self._change = change
        frontend.edit = self  # type: ignore[method-assign]  # it is called so

    def __call__(self, filename: str, line: int | None, wait: bool) -> bool:
        path = Path(filename)
        before = path.read_text() if path.exists() else ""
        self.opened.append((filename, line, before))
        path.write_text(before + self._change)
        return True


def test_edit_runs_what_was_edited_and_gives_it(
    typed: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    editor = Editor(frontend, "b = 2\n")

    assert magic(typed, "edit") == "b = 2\n"
    assert magic(typed, "edit", "1") == "a = 1\nb = 2\n"
    assert magic(typed, "ed", "-x _value") == "a = 1\nb = 2\nb = 2\n"
    assert typed.user_ns["b"] == 2
    assert [before for _, _, before in editor.opened] == [
        "",
        "a = 1\n",
        "a = 1\nb = 2\n",
    ]


def test_edit_changes_a_macro(
    typed: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Editor(frontend, "b = 2\n")
    typed.define_macro("again", "a = 1\n")

    magic(typed, "edit", "again")

    assert typed.user_ns["again"].value == "a = 1\nb = 2\n"
    assert "b" not in typed.user_ns


def test_edit_of_a_file_runs_it_and_gives_nothing(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    editor = Editor(frontend, "name = __name__\n1/0\n")
    Path("mine.py").write_text("x = 1\n")

    assert magic(shell, "edit", "-n 3 mine.py") is None

    assert editor.opened == [(os.path.abspath("mine.py"), 3, "x = 1\n")]
    assert shell.user_ns["name"] == "__main__"
    assert frontend.errors == ["ZeroDivisionError"]


def test_edit_opens_what_defines_an_object(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("shapes.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(os.getcwd())
    monkeypatch.delitem(sys.modules, "shapes", raising=False)
    editor = Editor(frontend, "")
    run(shell, "import shapes", "def f():\n    return 5")

    magic(shell, "edit", "-x shapes.Two")
    magic(shell, "edit", "-x shapes")
    magic(shell, "edit", "-x shapes.Two()")
    magic(shell, "edit", "-x f")
    magic(shell, "edit", "-x -p")

    path = os.path.abspath("shapes.py")
    assert [one[:2] for one in editor.opened[:3]] == [
        (path, 8),
        (path, None),
        (path, 8),
    ]
    assert editor.opened[3][2] == "def f():\n    return 5\n"
    assert editor.opened[4] == editor.opened[3]


def test_edit_asks_a_front_end_without_an_editor_to_do_it(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("mine.py").write_text("x = 1\n")

    assert magic(shell, "edit", "mine.py") is None

    assert frontend.of_kind(e.EditMagic) == [
        e.EditMagic(os.path.abspath("mine.py"), None)
    ]
    assert "x" not in shell.user_ns


def test_an_editor_of_the_users_is_used(shell: InteractiveShell) -> None:
    opened: list[object] = []

    def editor(shell: InteractiveShell, *given: object) -> None:
        opened.append(given)

    shell.set_hook("editor", editor)
    magic(shell, "edit", "-x -n 7 new.py")

    assert opened == [(os.path.abspath("new.py"), 7, True)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("99", "no input 99"),
        ("no/folder/x.py", "nor can it be"),
        ("/", "folder"),
        ("-n x", "number of a line"),
        ("len", "no source"),
    ],
)
def test_edit_says_what_is_wrong(
    shell: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        shell.run_line_magic("edit", line)


def test_temporary_files_go_with_the_session(shell: InteractiveShell) -> None:
    path = Path(shell.mktempfile("x = 1"))
    assert path.read_text() == "x = 1"

    shell.close()

    assert not path.parent.exists()


# --- %notebook ------------------------------------------------------------------------


def test_notebook_has_inputs_and_what_they_showed(
    typed: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(typed, "display(a); b'x'")
    typed.history_manager.outputs.note(1, e.Display({"image/png": b"png"}, {}))

    magic(typed, "notebook", "book")

    book = json.loads(Path("book.ipynb").read_text())
    cells = book["cells"]
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in cells}) == 5
    assert cells[1]["source"] == ["for i in range(2):\n", "    a"]
    assert cells[0]["outputs"][0]["data"] == {"image/png": "cG5n"}
    assert cells[2]["execution_count"] == 3
    assert cells[2]["outputs"] == [
        {
            "output_type": "execute_result",
            "data": {"text/plain": ["5"]},
            "metadata": {},
            "execution_count": 3,
        }
    ]
    assert cells[3]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert [one["output_type"] for one in cells[4]["outputs"]] == [
        "display_data",
        "execute_result",
    ]
    assert capsys.readouterr().out == "This session is in book.ipynb.\n"


def test_notebook_asks_before_it_replaces(
    typed: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("book.ipynb").write_text("mine")
    frontend.lines = ["n"]

    magic(typed, "notebook", "book.ipynb")
    assert Path("book.ipynb").read_text() == "mine"

    magic(typed, "notebook", "-f book.ipynb")
    assert Path("book.ipynb").read_text().startswith("{")
    with pytest.raises(UsageError, match="wants the name"):
        typed.run_line_magic("notebook", "")
