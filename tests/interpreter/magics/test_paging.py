"""`%page`, `%pycat`, `%less`, `%man`, `%clear`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def pages(frontend: RecordingFrontEnd) -> list[str]:
    return [event.data["text/plain"] for event in frontend.of_kind(e.Page)]


def test_values(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    shell.user_ns.update(x="a\nb", _=[1, 2])

    for cell in ("%page x", "%page -r x", "%page", "%page _[0]"):
        shell.run_cell(cell)

    assert pages(frontend) == ["'a\\nb'", "a\nb", "[1, 2]", "1"]
    shell.run_cell("%page nosuch")
    assert "not found" in capsys.readouterr().out


def test_files(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out, tmp_path: Path
) -> None:
    (tmp_path / "home" / "p.py").write_text("import os\n")
    (tmp_path / "work" / "t.txt").write_text("text")

    for cell in ("%pycat ~/p.py", "%less ~/p.py", "%more t.txt", "%less 't.txt'"):
        shell.run_cell(cell)

    assert pages(frontend) == ["import os\n", "import os\n", "text", "text"]
    shell.run_cell("%pycat nosuch.py")
    assert "nosuch.py" in capsys.readouterr().out


def test_a_hook_may_show_it(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shown: list[object] = []

    def show(_self: object, data: object, start: int, _screen_lines: int) -> None:
        shown.append((data, start))

    shell.set_hook("show_in_pager", show)
    shell.user_ns["x"] = 5

    shell.run_cell("%page x")

    assert shown == [({"text/plain": "5"}, 0)]
    assert pages(frontend) == []


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_manual(shell: InteractiveShell, frontend: RecordingFrontEnd) -> None:
    shell.run_cell("%man no-such-topic-at-all")

    assert "no-such-topic-at-all" in pages(frontend)[0]


def test_the_screen_is_cleared(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    shell.run_cell("%clear")
    assert frontend.of_kind(e.Clear) == [e.Clear(False)]

    frontend.has_terminal = True
    shell.run_cell("%clear")
    assert "\x1b[2J" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["less", "less nosuch", "pycat", "man", "less ."])
def test_what_is_wrong(shell: InteractiveShell, line: str) -> None:
    name, _, rest = line.partition(" ")

    with pytest.raises(UsageError):
        shell.run_line_magic(name, rest)
