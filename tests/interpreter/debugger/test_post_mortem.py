"""Looking at an error that has been."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.debugger import look_at, post_mortem
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks.field import FormattedTB

After = Callable[..., str]

CELL = """def f(n):
    local = n + 1
    return local / 0
f(4)"""


@pytest.fixture
def after(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> After:
    """Run a cell, then type lines post mortem; what they printed."""

    def run(cell: str, *lines: str) -> str:
        shell.run_cell(cell, store_history=True)
        capsys.readouterr()
        frontend.lines = [*lines]
        post_mortem(shell)
        assert frontend.lines == []
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run


def test_it_begins_where_the_error_was_with_marks(after: After) -> None:
    out = after(CELL, "local", "u", "u", "q")

    assert out.startswith(
        "> Cell In[1](3)f(n=4)\n"
        "      1 def f(n):\n"
        "      2     local = n + 1\n"
        "----> 3     return local / 0\n"
        "                   ~~~~~~^~~\n"
        "5\n"
    )
    assert "> Cell In[1](4)<module>()\n" in out
    assert "*** Oldest frame" in out


@pytest.mark.parametrize("line", ["n", "s", "next", "until 3", "r", "j 2"])
def test_what_is_over_cannot_be_stepped_through(after: After, line: str) -> None:
    assert "*** the program is over" in after(CELL, line, "q")


@pytest.mark.parametrize("line", ["q", "c", "EOF"])
def test_leaving(after: After, line: str) -> None:
    assert after(CELL, line)


def test_frames_that_hide_themselves_are_not_gone_to(after: After) -> None:
    out = after(
        "def f():\n    g()\ndef g():\n    __tracebackhide__ = True\n    1 / 0\nf()",
        "d",
        "w",
        "skip_hidden no",
        "d",
        "q",
    )

    assert out.startswith("> Cell In[1](2)f()\n")
    assert "*** Newest frame but 1 hidden\n" in out
    assert "    [... 1 hidden frame]\n" in out
    assert "> Cell In[1](5)g()\n" in out


def test_the_exceptions_of_a_chain_can_be_gone_to(after: After) -> None:
    out = after(
        "def first():\n    here = 1\n    raise KeyError('k') from ValueError('never')\n"
        "try:\n    first()\n"
        "except KeyError as error:\n    raise TypeError('t') from error",
        "exceptions",
        "exceptions 0",
        "exceptions 1",
        "here",
        "exceptions 9",
        "exceptions x",
        "q",
    )

    assert "    - ValueError: never\n" in out
    assert "    1 KeyError: 'k'\n" in out
    assert ">   2 TypeError: t\n" in out
    assert "*** that one was never raised" in out
    assert "> Cell In[1](3)first()\n" in out
    assert "\n1\n" in out
    assert out.count("*** a number from 0 to 2 is wanted") == 2


def test_after_a_syntax_error_there_is_nothing_to_look_at(after: After) -> None:
    assert "no frame of it can be looked at" in after("1 +")


def test_a_syntax_error_in_running_code_has_frames(after: After) -> None:
    assert after("exec('1 +')", "q").startswith("> Cell In[1](1)<module>()\n")


def test_without_an_error_there_is_a_line(after: After) -> None:
    assert after("1") == "There has been no error to look at.\n"


def test_the_shells_own_frames_at_the_top_are_not_the_users(after: After) -> None:
    out = after("get_ipython().ev('1 / 0')", "w", "q")

    assert "/engines/interpreter/" not in out
    assert "hidden frame" in out


def test_pdb_on_starts_it_at_each_error(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.call_pdb = True
    frontend.lines = ["p n", "q"]

    shell.run_cell(CELL)

    assert frontend.errors == ["ZeroDivisionError"]
    assert "\n4\n" in capsys.readouterr().out


def test_an_error_of_a_thread_is_looked_at(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import threading

    shell.run_cell("def work():\n    local = 7\n    1 / 0")
    try:
        shell.user_ns["work"]()
    except ZeroDivisionError as error:
        args = (type(error), error, error.__traceback__, threading.current_thread())
        shell.catcher.on_thread(threading.ExceptHookArgs(args))
    frontend.lines = ["p local", "q"]

    post_mortem(shell)

    assert "\n7\n" in capsys.readouterr().out


def test_it_works_without_a_shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("p n\n!!ls\nn?\nq\n"))
    hook = FormattedTB("Plain", call_pdb=True)

    def fail(n: int) -> float:
        return n / 0

    try:
        fail(3)
    except ZeroDivisionError:
        hook()

    captured = capsys.readouterr()
    assert "ipdb> 3\n" in captured.out
    assert captured.out.count("there is no shell") == 2
    assert "ZeroDivisionError" in captured.err


def test_a_file_and_its_lines_are_found(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "script.py"
    file.write_text("def f():\n    return 1 / 0\n")
    names: dict[str, Callable[[], float]] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    frontend.lines = ["q"]
    with pytest.raises(ZeroDivisionError) as raised:
        names["f"]()

    look_at(shell, raised.value, raised.tb.tb_next)

    assert capsys.readouterr().out.startswith(f"> {file}(2)f()\n")
