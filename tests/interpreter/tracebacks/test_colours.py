"""Themes, and tracebacks in colours."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter.colours import THEMES, theme_of
from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import THEMES as THEMES_OF_SHELL
from ipcluster.engines.interpreter.shell import InteractiveShell

Shown = Callable[..., str]

ANSI = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")
CELL = """def f(a):
    \"\"\"A string
    over lines.\"\"\"
    return a / 0  # because
f('x' * 3)"""


@pytest.mark.parametrize("theme", [name for name in THEMES if name != "nocolor"])
def test_a_coloured_traceback_is_the_plain_one_with_colours(
    shown: Shown, shell: InteractiveShell, frontend: RecordingFrontEnd, theme: str
) -> None:
    plain = shown(CELL)
    frontend.has_colours = True
    shell.colors = theme
    shell.execution_count = 1

    coloured = shown(CELL)

    assert ANSI.sub("", coloured) == plain
    assert theme_of(theme).paint("return", "Keyword") in coloured


def test_there_are_no_colours_where_none_are_wanted(
    shown: Shown, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    assert "\x1b" not in shown(CELL)

    frontend.has_colours = True
    shell.colors = "nocolor"

    assert "\x1b" not in shown(CELL)


def test_a_colour_ends_with_its_line() -> None:
    lines = theme_of("linux").source('x = """a\nb"""\ny = 1')

    assert [ANSI.sub("", line) for line in lines] == ['x = """a', 'b"""', "y = 1"]
    assert all(line.count("\x1b[") % 2 == 0 for line in lines)


def test_a_string_that_began_above_is_coloured_as_one(
    shown: Shown, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    frontend.has_colours = True
    shell.colors = "linux"
    string = "\n".join(f"    line {n}" for n in range(10))

    text = shown(f'def f():\n    """Begins\n{string}"""\n    1 / 0\nf()')

    assert theme_of("linux").paint('    line 9"""', "Literal.String") in text


def test_links_are_for_front_ends_with_colours(
    shown: Shown, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.xmode_links = True
    shell.xmode_fold = False
    cell = "import json\njson.loads('{')"

    assert "\x1b]8;" not in shown(cell)

    frontend.has_colours = True
    text = shown(cell)
    assert re.search(r"\x1b\]8;;file:///[^\x1b]*/json/decoder\.py#\d+\x1b\\", text)


def test_the_themes_are_those_of_the_shells_option(shell: InteractiveShell) -> None:
    assert set(THEMES) == set(THEMES_OF_SHELL)
    shell.colors = "LightBG"
    assert shell.colors == "lightbg"
    with pytest.raises(OptionError, match="gruvbox-dark"):
        shell.colors = "beige"


def test_all_themes_colour_the_same_tokens() -> None:
    tokens = {frozenset(theme.codes) for theme in THEMES.values() if theme.codes}

    assert len(tokens) == 1


def test_nothing_of_this_is_imported_before_an_error() -> None:
    code = (
        "import sys\n"
        "from ipcluster.engines.interpreter.recording import RecordingFrontEnd\n"
        "from ipcluster.engines.interpreter.shell import InteractiveShell\n"
        "shell = InteractiveShell(RecordingFrontEnd())\n"
        "shell.activate()\n"
        "shell.colors, shell.xmode, shell.pdb = 'linux', 'plain', True\n"
        "shell.run_cell('1 + 1')\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert not loaded & {"pdb", "bdb", "pygments", "difflib", "dis", "ast"}
    assert not [
        name
        for name in loaded
        if name.startswith("ipcluster.engines.interpreter.tracebacks")
        or name.endswith("interpreter.colours")
    ]
