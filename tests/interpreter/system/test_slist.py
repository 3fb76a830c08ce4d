"""What a command printed, taken apart."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.slist import LSString, SList

LINES = SList(["a 10", "b 9", "c"])


def test_as_one_text_or_as_a_list() -> None:
    assert (LINES.n, LINES.nlstr) == ("a 10\nb 9\nc", "a 10\nb 9\nc")
    assert (LINES.s, LINES.spstr) == ("a 10 b 9 c", "a 10 b 9 c")
    assert LINES.l is LINES
    assert LINES.list is LINES


def test_grep() -> None:
    assert LINES.grep("A") == ["a 10"]
    assert LINES.grep("a|b", prune=True) == ["c"]
    assert LINES.grep("^9$", field=1) == ["b 9"]
    assert LINES.grep(lambda line: "0" in line) == ["a 10"]
    assert LINES.grep("x", field=7) == []
    assert type(LINES.grep("a")) is SList


def test_fields() -> None:
    assert LINES.fields(0) == ["a", "b", "c"]
    assert LINES.fields(1, 0) == ["10 a", "9 b", "c"]
    assert LINES.fields(1) == ["10", "9"]
    assert LINES.fields(-1) == ["10", "9", "c"]
    assert LINES.fields() == [["a", "10"], ["b", "9"], ["c"]]


def test_sort() -> None:
    assert LINES.sort(1) == ["c", "a 10", "b 9"]
    assert LINES.sort(1, nums=True) == ["c", "b 9", "a 10"]
    assert SList(["2.5", "-1", "x", "10K"]).sort(nums=True) == ["-1", "x", "2.5", "10K"]
    assert LINES == ["a 10", "b 9", "c"]


def test_paths_are_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    lines = SList([str(tmp_path / "a"), str(tmp_path / "b")])

    assert lines.p == [tmp_path / "a"]
    assert lines.paths == [tmp_path / "a"]


def test_a_text_has_them_too(tmp_path: Path) -> None:
    text = LSString(f"{tmp_path}\nb")

    assert text.l == [str(tmp_path), "b"]
    assert text.s == f"{tmp_path} b"
    assert text.n == text
    assert text.p == [tmp_path]


def test_it_can_be_pickled_and_shown(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.user_ns["x"] = LINES

    shell.run_cell("x", store_history=True)

    assert frontend.results == ["['a 10', 'b 9', 'c']"]
    assert pickle.loads(pickle.dumps(LINES)) == LINES


@pytest.mark.parametrize("cell", ["x.n", "!echo $x.s"])
def test_in_a_cell(
    shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["x"] = LINES

    assert shell.run_cell(cell).success
