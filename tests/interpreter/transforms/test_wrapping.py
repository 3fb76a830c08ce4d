"""Cells inside a template."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.transforms.wrapping import ReplaceCodeTransformer


def shown(frontend: RecordingFrontEnd) -> list[Any]:
    return [one.data["text/plain"] for one in frontend.events if hasattr(one, "data")]


def test_a_cell_runs_inside_and_its_value_is_shown(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    log: list[str] = []
    shell.user_ns["log"] = log
    wrap = ReplaceCodeTransformer.from_string(
        "log.append('begin')\n"
        "try:\n    __code__\nfinally:\n    log.append('end')\n__ret__"
    )
    shell.ast_transformers.append(wrap)

    shell.run_cell("log.append('cell')\n6 * 7")

    assert log == ["begin", "cell", "end"]
    assert shown(frontend) == ["42"]


def test_a_cell_without_a_value_shows_none(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    wrap = ReplaceCodeTransformer.from_string("__code__\n__ret__")
    shell.ast_transformers.append(wrap)

    shell.run_cell("x = 3")

    assert shell.user_ns["x"] == 3
    assert shown(frontend) == []


def test_an_empty_cell_is_no_error(shell: InteractiveShell) -> None:
    shell.ast_transformers.append(
        ReplaceCodeTransformer.from_string("if True:\n    __code__\n__ret__")
    )

    assert shell.run_cell("# nothing").success


def test_names_with_three_underscores_are_nobody_elses(
    shell: InteractiveShell,
) -> None:
    shell.user_ns["___n"] = "the user's"
    shell.ast_transformers.append(
        ReplaceCodeTransformer.from_string(
            "import math as ___m\n"
            "def ___f(___n): return ___m.floor(___n)\n"
            "kept = ___f(2.5)\n__code__\n__ret__"
        )
    )

    shell.run_cell("y = ___n")

    assert shell.user_ns["y"] == "the user's"
    assert shell.user_ns["kept"] == 2
    assert "mangle-___f" in shell.user_ns


def test_one_that_is_turned_off_leaves_cells_alone(shell: InteractiveShell) -> None:
    wrap = ReplaceCodeTransformer.from_string("kept = 1\n__code__")
    wrap.enabled = False
    shell.ast_transformers.append(wrap)

    shell.run_cell("x = 1")

    assert "kept" not in shell.user_ns


def test_it_shows_what_it_makes_where_that_is_asked_for(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    wrap = ReplaceCodeTransformer.from_string("kept = 1\n__code__")
    wrap.debug = True
    shell.ast_transformers.append(wrap)

    shell.run_cell("x = 1")

    assert "kept = 1\nx = 1" in capsys.readouterr().out


def test_transformers_of_trees_are_an_option(frontend: RecordingFrontEnd) -> None:
    class Doubles(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            assert isinstance(node.value, int)
            return ast.Constant(2 * node.value)

    config = {"InteractiveShell": {"ast_transformers": [Doubles()]}}
    shell = InteractiveShell(frontend, config=config)

    assert shell.run_cell("21").result == 42
    shell.ast_transformers.append(Doubles())
    assert shell.run_cell("21").result == 84
    shell.close()
