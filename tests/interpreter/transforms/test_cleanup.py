"""Prompts and indentation that were pasted come off."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.transforms.manager import TransformerManager


def python_of(cell: str) -> str:
    return TransformerManager().transform_cell(cell)


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("  a\n  b", "a\nb"),
        ("  if a:\n    b", "if a:\n  b"),
        ("\n  a\n\n  b", "\na\n\nb"),
        ("    a\n  b", "  a\nb"),
        ("  a\nb", "  a\nb"),
        ("\tif a:\n\t\tb", "if a:\n\tb"),
        ('  s = """a\n    b\n"""\n  c', 's = """a\n    b\n"""\nc'),
    ],
)
def test_shared_indentation(cell: str, python: str) -> None:
    assert python_of(cell) == python + "\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        (">>> a", "a"),
        (">>> if a:\n...     b\n... \n>>> c", "if a:\n    b\n\nc"),
        ("    >>> a\n    >>> b", "a\nb"),
        (">>>a", "a"),
        ("for i in a:\n...     b", "for i in a:\n    b"),
        (">>> a\nb", "a\nb"),
        ('>>> s = """\n... >>> x\n... """', 's = """\n>>> x\n"""'),
        (">>> class A:\n...     ...", "class A:\n    ..."),
    ],
)
def test_prompts_of_plain_python(cell: str, python: str) -> None:
    assert python_of(cell) == python + "\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("In [3]: y = 4\n\nIn [4]: y", "y = 4\n\ny"),
        ("In [1]: if a:\n   ...:     b\n   ...: ", "if a:\n    b\n"),
        ("[ins] In [1]: a", "a"),
        ("   ...: b", "b"),
        ("if a:\n   ...:     b", "if a:\n    b"),
        ("\x1b[32mIn [\x1b[1m1\x1b[0m]: \x1b[0ma", "a"),
        ("In [1]: a\nOut[1]: 5\n\nIn [2]: b", "a\n\n\nb"),
        ("In [1]: a\nOut[1]: \n[1,\n 2]\n\nIn [2]: b", "a\n\n\n\n\nb"),
    ],
)
def test_prompts_of_shells_like_this_one(cell: str, python: str) -> None:
    assert python_of(cell) == python + "\n"


@pytest.mark.parametrize(
    "cell",
    [
        "y = '''\n>>> 1\n'''",
        'y = """\n   ...: 1\n"""',
        "...\nx",
        "x = [\n...\n]",
        "s = '>>> '",
    ],
)
def test_what_only_looks_like_a_prompt_stays(cell: str) -> None:
    assert python_of(cell) == cell + "\n"


def test_a_prompt_may_stand_before_a_magic() -> None:
    assert python_of(">>> %pwd") == "get_ipython().run_line_magic('pwd', '')\n"
    assert python_of("In [1]: %%sh\n   ...: ls") == (
        "get_ipython().run_cell_magic('sh', '', 'ls\\n')\n"
    )
