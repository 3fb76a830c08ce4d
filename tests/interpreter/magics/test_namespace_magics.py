"""`%who` and its family, and forgetting names."""

from __future__ import annotations

import gc
import sys
import weakref
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.namespace import described
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture(autouse=True)
def _some_names(shell: InteractiveShell) -> None:
    shell.run_cell(
        "number, text, items = 3, 's', [1, 2]\ndef func(): pass", store_history=True
    )


def names(shell: InteractiveShell, types: str = "") -> list[str]:
    found: list[str] = shell.run_line_magic("who_ls", types)
    return found


# --- which there are ------------------------------------------------------------------


def test_who_lists_what_the_user_has_bound(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert names(shell) == ["func", "items", "number", "text"]
    assert names(shell, "int function") == ["func", "number"]
    assert names(shell, "builtins.str") == ["text"]

    shell.run_line_magic("who", "")
    shell.run_line_magic("who", "list")
    shell.run_line_magic("who", "set")
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["func", "items", "number", "text"],
        ["items"],
        ["No", "variables", "match", "your", "requested", "type."],
    ]


def test_names_of_the_shells_count_once_the_user_binds_them(
    shell: InteractiveShell,
) -> None:
    assert "exit" not in names(shell)

    shell.run_cell("exit = 3")

    assert "exit" in names(shell)


def test_whos_is_a_table(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("whos", "int str list")

    assert capsys.readouterr().out == (
        "Variable  Type  Data/Info\n"
        "-------------------------\n"
        "items     list  n=2\n"
        "number    int   3\n"
        "text      str   s\n"
    )


def test_an_empty_namespace_is_said_to_be(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("reset", "-f -s")
    shell.run_line_magic("who", "")
    shell.run_line_magic("whos", "")

    assert capsys.readouterr().out == "Interactive namespace is empty.\n" * 2


def test_values_in_a_few_words() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise SystemExit

    assert described({1: 2}) == "n=1"
    assert described("a\nb") == "a\\nb"
    assert described("x" * 100) == "x" * 25 + "<...>" + "x" * 25
    assert described(Broken()) == "<its text cannot be made: SystemExit>"
    numpy = pytest.importorskip("numpy")
    assert described(numpy.zeros((3, 4))) == ("3x4: 12 elems, type `float64`, 96 bytes")
    assert described(numpy.zeros((1 << 11, 1 << 10))).endswith("bytes (16.0 Mb)")


# --- forgetting -----------------------------------------------------------------------


class Thing:
    """Something that weak references can watch."""


def test_xdel_finds_an_object_wherever_it_is_held(shell: InteractiveShell) -> None:
    thing = Thing()
    watch = weakref.ref(thing)
    shell.user_ns["thing"] = shell.user_ns["other"] = thing
    del thing
    shell.run_cell("thing", store_history=True)
    shell.run_cell("raise ValueError(thing)", store_history=True)

    shell.run_cell("get_ipython().run_line_magic('xdel', 'thing')")
    gc.collect()

    assert watch() is None
    assert names(shell) == ["func", "items", "number", "text"]


def test_xdel_by_name_and_of_what_python_shares(shell: InteractiveShell) -> None:
    shell.run_cell("same = items; three = number")

    shell.run_line_magic("xdel", "-n same")
    shell.run_line_magic("xdel", "three")

    assert names(shell) == ["func", "items", "number", "text"]


def test_xdel_says_what_it_cannot_do(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("xdel", "nosuch")
    shell.run_line_magic("xdel", "__builtins__")

    assert capsys.readouterr().out == (
        "NameError: name 'nosuch' is not defined\n"
        "ValueError: __builtins__ is needed and cannot be deleted\n"
    )
    with pytest.raises(UsageError, match="which variable"):
        shell.run_line_magic("xdel", "")


def test_reset_asks_first(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frontend.lines = ["", "n", "y"]

    shell.run_line_magic("reset", "")
    shell.run_line_magic("reset", "")
    assert len(names(shell)) == 4
    shell.run_line_magic("reset", "")
    assert names(shell) == []
    assert capsys.readouterr().out == "Nothing done.\n" * 2


def test_reset_forgets_names_inputs_and_outputs(shell: InteractiveShell) -> None:
    shell.run_cell("items", store_history=True)
    inputs, outputs = shell.user_ns["In"], shell.user_ns["Out"]
    shell.run_cell("_private = 3; In = 4", store_history=True)

    shell.run_line_magic("reset", "-f")

    assert names(shell) == []
    assert "_private" not in shell.user_ns
    assert shell.user_ns["In"] is inputs
    assert shell.user_ns["Out"] is outputs
    assert (outputs, [*filter(None, inputs)]) == ({}, [])
    assert "_1" not in shell.user_ns
    assert "_i1" not in shell.user_ns
    shell.run_cell("4 + 3", store_history=True)
    assert (outputs, inputs[4]) == ({4: 7}, "4 + 3")
    assert shell.user_ns["__name__"] == "__main__"


def test_reset_softly_leaves_inputs_and_outputs(shell: InteractiveShell) -> None:
    shell.run_cell("items", store_history=True)

    shell.run_line_magic("reset", "-f -s")

    assert names(shell) == []
    assert shell.outputs == {2: [1, 2]}
    assert shell.user_ns["In"][2] == "items"


def test_reset_of_single_kinds(shell: InteractiveShell) -> None:
    shell.run_cell("items", store_history=True)
    shell.dir_history.append("/tmp")

    shell.run_line_magic("reset", "-f out")
    assert shell.outputs == {}
    assert shell.user_ns["_"] == ""
    shell.run_line_magic("reset", "-f in")
    assert [*filter(None, shell.user_ns["In"])] == []
    shell.run_line_magic("reset", "-f dhist")
    assert shell.user_ns["_dh"] == []
    assert len(names(shell)) == 4
    with pytest.raises(UsageError, match="in, out, dhist, array; not 'zork'"):
        shell.run_line_magic("reset", "-f zork")


def test_reset_of_arrays(shell: InteractiveShell) -> None:
    numpy = pytest.importorskip("numpy")
    shell.user_ns["array"] = numpy.zeros(3)

    shell.run_line_magic("reset", "-f array")

    assert names(shell) == ["func", "items", "number", "text"]


def test_an_aggressive_reset_has_the_users_modules_imported_anew(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("forgettable_module.py").write_text("")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    shell.run_cell("import forgettable_module")

    shell.run_line_magic("reset", "-f --aggressive")

    assert "forgettable_module" not in sys.modules
    assert "ipcluster.engines.interpreter.magics.namespace" in sys.modules


def test_reset_selective_by_a_regular_expression(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.run_line_magic("reset_selective", "-f ^t")
    assert names(shell) == ["func", "items", "number"]
    frontend.lines = ["n"]
    shell.run_line_magic("reset_selective", "f")
    shell.run_line_magic("reset_selective", "")
    assert names(shell) == ["func", "items", "number"]
    assert capsys.readouterr().out.count("Nothing done.") == 2
    shell.run_line_magic("reset_selective", "-f u{1}|x")
    assert names(shell) == ["items"]
    with pytest.raises(UsageError, match="no regular expression"):
        shell.run_line_magic("reset_selective", "-f (")


def test_a_new_session_counts_from_one(shell: InteractiveShell) -> None:
    shell.reset(new_session=True)
    shell.run_cell("5", store_history=True)

    assert shell.outputs == {1: 5}
    assert shell.user_ns["In"] == ["", "5"]


def test_names_are_dropped_while_they_mean_the_same(shell: InteractiveShell) -> None:
    shell.drop_by_id({"items": shell.user_ns["items"], "text": object()})

    assert names(shell) == ["func", "number", "text"]
