"""Tracebacks of deep stacks and of large sources are quick."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Shown = Callable[..., str]

# Seconds of CPU; each of these takes a tenth, and minutes where it is done carelessly.
ENOUGH = 5.0


@pytest.fixture(autouse=True)
def in_colours(frontend: RecordingFrontEnd) -> None:
    frontend.has_colours = True


def cpu_of(function: Callable[..., object], *args: object) -> float:
    began = time.process_time()
    function(*args)
    return time.process_time() - began


def test_a_thousand_frames(shown: Shown) -> None:
    assert cpu_of(shown, "def f(): f()\nf()") < ENOUGH


def test_a_line_of_ten_megabytes(shown: Shown, shell: InteractiveShell) -> None:
    cell = f"x = '{'1' * 10_000_000}'; 1 / 0; y = '{'2' * 10_000_000}'"
    shell.colors = "nocolor"
    text = ""

    def run() -> None:
        nonlocal text
        text = shown(cell)

    assert cpu_of(run) < ENOUGH
    assert len(text) < 2000
    assert "1'; 1 / 0; y = '2" in text
    assert "~~^~~" in text


def test_a_module_of_a_hundred_thousand_lines(
    shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = "\n".join(f"def f{n}():\n    return {n}\n" for n in range(33_333))
    (tmp_path / "large_module.py").write_text(functions + "\ndef fail():\n    1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    shown("import large_module")

    assert cpu_of(shown, "large_module.fail()") < ENOUGH


def test_a_source_that_cannot_be_read_is_left_out(
    shown: Shown,
    frontend: RecordingFrontEnd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "goes_away.py"
    file.write_text("def fail():\n    1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    shown("import goes_away")
    file.write_bytes(b"\xff\xfe\x00" * 10)

    frontend.has_colours = False

    text = shown("goes_away.fail()")

    assert f"File {file}:2, in fail()\n\nZeroDivisionError" in text
