"""`%xmode`, `%tb`, `%pdb`, `%debug` and `%colors`."""

from __future__ import annotations

import bdb
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.errors import ErrorMagics
from ipcluster.engines.interpreter.magics.registry import TABLE
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Magic = Callable[..., str]


@pytest.fixture(autouse=True)
def no_breakpoints_left() -> Iterator[None]:
    """Breakpoints are the process's."""
    yield
    bdb.Breakpoint.clearBreakpoints()


@pytest.fixture
def magic(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Magic:
    """Call a line magic; what it printed."""

    def call(name: str, line: str = "") -> str:
        shell.run_line_magic(name, line)
        captured = capsys.readouterr()
        return captured.out + captured.err

    return call


def test_the_table_knows_them() -> None:
    line, cell = TABLE[("errors", "ErrorMagics")]

    assert set(line.split()) == set(ErrorMagics.magics["line"])
    assert set(cell.split()) == set(ErrorMagics.magics["cell"])


def test_each_explains_itself() -> None:
    for name in ErrorMagics.magics["line"]:
        doc = getattr(ErrorMagics, name).__doc__
        assert "Usage:" in doc
        assert "Example" in doc or name == "pdb"


# --- %xmode ---------------------------------------------------------------------------


def test_xmode_takes_a_mode_in_any_case(magic: Magic, shell: InteractiveShell) -> None:
    assert magic("xmode", "verbose") == "Exception reporting mode: Verbose\n"
    assert shell.xmode == "Verbose"
    assert shell.InteractiveTB.mode == "Verbose"


def test_xmode_alone_goes_to_the_next(magic: Magic, shell: InteractiveShell) -> None:
    modes = [magic("xmode").split()[-1] for _ in range(6)]

    assert sorted(modes) == [
        *("Context", "Docs", "Doctest", "Minimal", "Plain", "Verbose")
    ]


def test_xmode_sets_how_much_is_shown(magic: Magic, shell: InteractiveShell) -> None:
    magic("xmode", "--no-fold --show --context 9 --links")

    assert not shell.xmode_fold
    assert not shell.InteractiveTB.skip_hidden
    assert shell.xmode_context == 9
    assert shell.xmode_links
    assert shell.xmode == "Context"

    magic("xmode", "plain --fold --hide --no-links")

    assert shell.xmode_fold
    assert shell.InteractiveTB.skip_hidden
    assert not shell.xmode_links
    assert shell.xmode == "Plain"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("loud", "there is no mode 'loud'; there are Plain, Context"),
        ("plain context", "one mode, not plain context"),
        ("--wide", "option --wide not recognized"),
        ("--context many", "a number of lines, not 'many'"),
        ("--context 0", "a number of lines, not '0'"),
    ],
)
def test_xmode_says_what_is_wrong(magic: Magic, line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        magic("xmode", line)


# --- %tb ------------------------------------------------------------------------------


def test_tb_shows_the_last_error_again(
    magic: Magic, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("1 / 0")

    magic("tb")

    first, second = frontend.of_kind(e.Error)
    assert first == second
    assert shell.xmode == "Context"


def test_tb_takes_a_mode_for_once_and_shows_all(
    magic: Magic, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("import json\njson.loads('{')")

    magic("tb", "minimal")
    magic("tb", "--all")

    folded, minimal, whole = (one.traceback for one in frontend.of_kind(e.Error))
    assert len(minimal) == 1
    assert any("json/decoder.py" in line for line in whole)
    assert not any("json/decoder.py" in line for line in folded)
    assert shell.xmode == "Context"


def test_tb_starts_no_debugger(
    magic: Magic, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("1 / 0")
    shell.call_pdb = True

    magic("tb")

    assert frontend.prompts == []


def test_tb_without_an_error_is_a_line(magic: Magic) -> None:
    assert magic("tb") == "No traceback available to show.\n"


def test_tb_says_what_is_wrong(magic: Magic, shell: InteractiveShell) -> None:
    shell.run_cell("1 / 0")

    with pytest.raises(UsageError, match="there is no mode 'loud'"):
        magic("tb", "loud")
    with pytest.raises(UsageError, match="and one mode"):
        magic("tb", "plain context")


# --- %pdb -----------------------------------------------------------------------------


def test_pdb_turns_the_debugger_on_and_off(
    magic: Magic, shell: InteractiveShell
) -> None:
    states = []
    for line in ("on", "OFF", "1", "0", "", ""):
        magic("pdb", line)
        states.append(shell.call_pdb)

    assert states == [True, False, True, False, True, False]
    assert magic("pdb", "on") == "Automatic pdb calling has been turned ON\n"
    with pytest.raises(UsageError, match="on or off"):
        magic("pdb", "perhaps")


# --- %debug ---------------------------------------------------------------------------


def test_debug_looks_at_the_last_error(
    magic: Magic, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("def f(n): 1 / n\nf(0)")
    frontend.lines = ["p n", "q"]

    assert "\n0\n" in magic("debug")
    assert frontend.errors == ["ZeroDivisionError"]


def test_debug_runs_a_statement_from_its_start(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.run_cell("def f(n):\n    m = n + 1\n    return m", store_history=True)
    frontend.lines = ["s", "s", "n", "p m", "c"]

    shell.run_cell("get_ipython().run_line_magic('debug', 'f(3)')", store_history=True)

    out = capsys.readouterr().out
    assert "----> 1 f(3)\n" in out
    assert "> Cell In[1](2)f(n=3)\n" in out
    assert "\n4\n" in out
    assert frontend.results == ["4"]


def test_debug_assigns_in_the_users_namespace(
    magic: Magic, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    frontend.lines = ["c"]
    shell.run_cell("get_ipython().run_line_magic('debug', 'made = 5')")

    assert shell.user_ns["made"] == 5


def test_debug_runs_a_cell_with_a_breakpoint(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("bugs.py").write_text("def g(n):\n    return n\n")
    monkeypatch.syspath_prepend("")
    monkeypatch.delitem(sys.modules, "bugs", raising=False)
    frontend.lines = ["c", "p n", "c"]

    cell = "import bugs\nx = bugs.g(7)\n"
    shell.run_cell(f"get_ipython().run_cell_magic('debug', '-b bugs.py:2', {cell!r})")

    assert "\n7\n" in capsys.readouterr().out
    assert shell.user_ns["x"] == 7


def test_debug_leaves_the_statement_as_it_was_typed(
    magic: Magic, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.user_ns["n"] = 3
    Path("x.py").write_text("x = 1\n")
    frontend.lines = ["c"]

    value = shell.run_line_magic("debug", "--breakpoint=x.py:1 '{n}'  + ' $n'")

    assert value == "{n} $n"


def test_debug_shows_the_statements_own_error_alone(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    frontend.lines = ["c"]

    shell.run_cell("get_ipython().run_line_magic('debug', '1 / 0')")

    text = "\n".join(frontend.of_kind(e.Error)[-1].traceback)
    assert text.count("Cell In[") == 1
    assert "bdb" not in text


def test_debug_says_what_is_wrong(magic: Magic) -> None:
    with pytest.raises(UsageError, match="wants FILE:LINE behind it"):
        magic("debug", "-b")
    with pytest.raises(UsageError, match="wants a statement"):
        magic("debug", "-b x.py:1")
    with pytest.raises(UsageError, match="no file"):
        magic("debug", "-b missing.py:1 f()")
    with pytest.raises(SyntaxError):
        magic("debug", "x = = 1")


# --- %colors --------------------------------------------------------------------------


def test_colors_sets_the_theme_of_the_shell(
    magic: Magic, shell: InteractiveShell
) -> None:
    magic("colors", "LightBG")

    assert shell.colors == "lightbg"
    assert magic("colors").startswith("lightbg; there are nocolor, linux, neutral")
    with pytest.raises(UsageError, match="there is no theme 'beige'"):
        magic("colors", "beige")
