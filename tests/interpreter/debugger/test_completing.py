"""What Tab offers at the debugger's prompt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.debugger.debugger import Debugger
from ipcluster.engines.interpreter.shell import InteractiveShell


class Thing:
    """Something with attributes of all kinds."""

    kind = "thing"
    touched = 0

    def __init__(self) -> None:
        self.part = [1]
        self._private = 2

    @property
    def trap(self) -> None:
        Thing.touched += 1

    def __getattr__(self, name: str) -> None:
        Thing.touched += 1
        raise AttributeError(name)

    def __dir__(self) -> list[str]:
        Thing.touched += 1
        return []


@pytest.fixture
def debugger(shell: InteractiveShell) -> Debugger:
    """One that stands in a frame with some names."""
    thing, other_thing = Thing(), 1
    debugger = Debugger(shell)
    debugger.setup(sys._getframe(), None)
    assert thing
    assert other_thing
    return debugger


def offered(debugger: Debugger, text: str) -> list[str]:
    """The whole lines that the candidates make."""
    start, names = debugger.complete_line(text, len(text))
    return [text[:start] + name for name in names]


def test_commands_and_names_begin_a_line(debugger: Debugger) -> None:
    assert offered(debugger, "con") == ["condition", "cont", "context", "continue"]
    assert offered(debugger, "othe") == ["other_thing"]
    assert "sys" in offered(debugger, "sy")
    assert "EOF" not in offered(debugger, "EO")


def test_behind_a_command_there_are_names(debugger: Debugger) -> None:
    assert offered(debugger, "p other_t") == ["p other_thing"]
    assert offered(debugger, "p con") == ["p continue"]  # the keyword


def test_attributes_are_found_without_running_code(debugger: Debugger) -> None:
    Thing.touched = 0

    assert offered(debugger, "thing.") == [
        "thing.kind",
        "thing.part",
        "thing.touched",
        "thing.trap",
    ]
    assert offered(debugger, "p thing.part.app") == ["p thing.part.append"]
    assert offered(debugger, "thing.trap.") == []
    assert offered(debugger, "thing.missing.x") == []
    assert offered(debugger, "nothing.") == []
    assert offered(debugger, "thing._p") == ["thing._private"]
    assert Thing.touched == 0


def test_files_functions_and_numbers_to_break_at(
    debugger: Debugger, tmp_path: Path
) -> None:
    (tmp_path / "work" / "script.py").write_text("x = 1\n")

    assert offered(debugger, "b scr") == ["b script.py:"]
    assert offered(debugger, "b offe") == ["b offered"]
    debugger.set_break(str(tmp_path / "work" / "script.py"), 1)
    assert offered(debugger, "disable ") == ["disable 1"]


def test_magics(debugger: Debugger) -> None:
    assert offered(debugger, "%xm") == ["%xmode"]
