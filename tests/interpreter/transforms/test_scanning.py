"""The scanner finds the same statements as Python's tokenizer."""

from __future__ import annotations

import ast
import io
import os
import random
import time
import tokenize
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.transforms import scanning
from ipcluster.engines.interpreter.transforms.manager import TransformerManager
from ipcluster.engines.interpreter.transforms.scanning import Scanner

LIBRARY = Path(os.__file__).parent


def last_lines(text: str) -> list[int]:
    """The number of the last line of each statement."""
    found, number = [], 0
    for line in Scanner(text).lines():
        number += text.count("\n", line.start, line.end)
        if line.kind != scanning.BLANK:
            assert line.kind == scanning.PYTHON, text[line.start : line.end]
            found.append(number)
    return found


@pytest.mark.parametrize(
    "name", ["argparse", "ast", "inspect", "shlex", "string", "tokenize", "typing"]
)
def test_statements_of_the_library(name: str) -> None:
    text = (LIBRARY / f"{name}.py").read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    ends = [token.start[0] for token in tokens if token.type == tokenize.NEWLINE]

    assert last_lines(text) == ends
    assert TransformerManager().transform_cell(text) == text


def test_random_strings_are_one_statement() -> None:
    for seed in range(200):
        chosen = random.Random(seed)
        parts = [chosen.choice(["'", '"', "\\", "{", "}", "?", "!", "#", "a", "\n"])]
        value = "".join(parts * chosen.randrange(1, 4)) + "x'\"" * chosen.randrange(3)
        text = f"x = {value!r}\n!ls\n"
        ast.parse(text.split("\n!ls")[0])

        kinds = [line.kind for line in Scanner(text).lines()]

        assert kinds == [scanning.PYTHON, scanning.ESCAPED], f"seed {seed}: {text}"


@pytest.mark.parametrize(
    ("text", "opened"),
    [("f(1, [2", ["(", "["]), ("f(1)", []), ("x = {", ["{"]), ("f(1))", [])],
)
def test_brackets_that_are_open(text: str, opened: list[str]) -> None:
    scanner = Scanner(text + "\n")

    assert len(list(scanner.lines())) == 1
    assert scanner.open == opened


@pytest.mark.parametrize("text", ["'''", 'x = """a\nb', "r'''a\\'''"])
def test_strings_that_are_open(text: str) -> None:
    scanner = Scanner(text + "\n")
    list(scanner.lines())

    assert scanner.in_string


@pytest.mark.parametrize(
    "text",
    [
        "'it''s'",
        "r'\\'",
        'f"{x}"',
        "f'{x:>{n}}'",
        "rb'a' 'b'",
        "f'{{'",
        "f'''{\nx}'''",
        'f"{x!r:>5}"',
        "x = 'not closed",
        'f"{"',
    ],
)
def test_strings_that_are_not(text: str) -> None:
    scanner = Scanner(text + "\n!ls\n")

    assert [line.kind for line in scanner.lines()][-1] == scanning.ESCAPED
    assert not scanner.in_string


def test_ten_thousand_lines_are_no_burden() -> None:
    block = (
        "def f(a, b={'x': 1}):\n    '''it's'''\n    s = f'{a!r} {b}'\n    !echo it's\n"
    )
    cell = block * 2500
    manager = TransformerManager()

    began = time.process_time()
    python = manager.transform_cell(cell)

    # 60 ms here; a scan per magic would take minutes.
    assert time.process_time() - began < 5
    assert python.count("system(") == 2500
    ast.parse(python)
