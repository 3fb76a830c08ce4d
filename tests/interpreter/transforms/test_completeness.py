"""What Enter does: is there more to come?"""

from __future__ import annotations

import sys
import time
import warnings

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.transforms.manager import TransformerManager


def answer(cell: str) -> tuple[str, int | None]:
    return TransformerManager().check_complete(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "  ",
        "\n",
        "1 + 1",
        "# hi",
        "x # \\",
        "a\n",
        "for i in x:\n  a\n",
        "for i in x:\n  a\n  ",
        "def f():\n    return 1\n\nf()",
        "if 1: pass",
        "@foo\ndef f(): pass",
        "match x:\n    case 1:\n        y\n",
        "try:\n    x\nexcept:\n    y\n",
        "await x",
        "async with x:\n    y\n",
        "[i async for i in x]",
        "!ls",
        "!echo it's",
        "%time pass",
        "x = %pwd",
        "len?",
        "?",
        ",f a b",
        "%%time\npass\n\n",
        "%%time\n\n",
        "%%time?",
        ">>> a\n... b",
        "  x = 1",
        "1 is 1",
        "'\\d'",
        "s = '''\n!ls\n'''",
    ],
)
def test_complete(cell: str) -> None:
    assert answer(cell) == ("complete", None)


@pytest.mark.parametrize(
    ("cell", "indent"),
    [
        ("for i in x:", 4),
        ("for i in x: # a comment", 4),
        ("for i in x:\n  a", 2),
        ("if 1:\n\ta", 4),
        ("if 1:\n    # c\n", 4),
        ("if x:\n    a\nelse:", 4),
        ("else:", 4),
        ("lambda x:", 4),
        ("def f():\n    return 1", 4),
        ("match x:\n    case 1:", 8),
        ("match x:\n    case 1:\n        y", 8),
        ("    for i in x:", 4),
        (">>> for i in x:", 4),
        ("try:\n    x\n", 4),
        ("try: x", 0),
        ("@foo", 0),
        ("(", 0),
        ("foo(\n    1,", 4),
        ("x = {", 0),
        ('"""abc', 0),
        ("x = '''a\n  b", 2),
        ("x = 1 + \\", 0),
        ("x = '\\", 0),
        ("!ls \\", 0),
        ("x = !ls \\", 0),
        ("%%time", 0),
        ("%%time\npass", 0),
        ("%%time\npass\n", 0),
        ("%%time\n\nfor i in x:\n  y", 2),
        ("class A:\n    x = 1\n\n    def f(self):\n        pass", 8),
    ],
)
def test_incomplete_and_how_the_next_line_is_indented(cell: str, indent: int) -> None:
    assert answer(cell) == ("incomplete", indent)


@pytest.mark.parametrize(
    "cell",
    [
        "x = = 1",
        "x = 'abc",
        "f(1))",
        "a b",
        "return 1",
        "break",
        "if 1:\n  a\n   b",
        "x = (1 +* 2",
        "a\x00b",
        "*a",
        "x = yield",
        "%pwd\nx = = 1",
    ],
)
def test_invalid(cell: str) -> None:
    assert answer(cell) == ("invalid", None)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="fields span lines since 3.12")
@pytest.mark.parametrize("cell", ["f'{", "f'{a", "f'''{"])
def test_a_field_of_a_template_may_go_on(cell: str) -> None:
    assert answer(cell) == ("incomplete", 0)


def test_nothing_runs_and_nothing_is_warned_of(shell: InteractiveShell) -> None:
    ran: list[str] = []

    def transform(lines: list[str]) -> list[str]:
        ran.append("transform")
        return lines

    transform.has_side_effects = True  # type: ignore[attr-defined]  # a mark
    shell.input_transformers_cleanup.append(transform)
    shell.user_ns["hello"] = ran.append

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert shell.check_complete("hello('run'); '\\d' is 3") == ("complete", "")
        assert shell.check_complete("if 1:") == ("incomplete", "    ")

    assert ran == []
    assert caught == []


def test_a_transformer_that_refuses_makes_it_invalid(shell: InteractiveShell) -> None:
    def refuse(lines: list[str]) -> list[str]:
        raise SyntaxError("no")

    shell.input_transformers_cleanup.append(refuse)

    assert shell.check_complete("x") == ("invalid", "")


def test_features_of_the_future_count(shell: InteractiveShell) -> None:
    shell.run_cell("from __future__ import barry_as_FLUFL")

    assert shell.check_complete("1 <> 2") == ("complete", "")


def test_ten_thousand_lines_are_no_burden() -> None:
    cell = "def f(a):\n    s = f'{a!r}'  # is it?\n    return s\n" * 3400

    began = time.process_time()

    assert answer(cell) == ("complete", None)
    assert time.process_time() - began < 5  # 0.2 s here
