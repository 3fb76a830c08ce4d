"""Lines that are no Python become calls."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.transforms import manager as manager_module
from ipcluster.engines.interpreter.transforms.manager import (
    TransformerManager,
    has_escapes,
    lines_of,
)


def python_of(cell: str) -> str:
    return TransformerManager().transform_cell(cell)


def magic(name: str, rest: str = "") -> str:
    return f"get_ipython().run_line_magic({name!r}, {rest!r})"


def system(command: str) -> str:
    return f"get_ipython().system({command!r})"


def output(command: str) -> str:
    return f"get_ipython().getoutput({command!r})"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%pwd", magic("pwd")),
        ("%cd  ~/x ; y", magic("cd", " ~/x ; y")),
        ("% time 3", magic("time", "3")),
        ("%time\tx", magic("time", "x")),
        ("%cd x # a comment", magic("cd", "x # a comment")),
        ("%", magic("")),
        ("!ls -l", system("ls -l")),
        ("! ls", system("ls")),
        ("!echo it's", system("echo it's")),
        ("!", system("")),
        ("!!ls", output("ls")),
        ("!ls?", system("ls?")),
        ("  !ls", system("ls")),
    ],
)
def test_magics_and_commands(cell: str, python: str) -> None:
    assert python_of(cell) == python + "\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("x = %pwd", "x = " + magic("pwd")),
        ("x=%pwd", "x=" + magic("pwd")),
        ("x = %time 3  ", "x = " + magic("time", "3")),
        ("x = !ls # c", "x = " + output("ls # c")),
        ("x = !!ls", "x = " + output("ls")),
        ("a, b = !ls", "a, b = " + output("ls")),
        ("a[f(0)] = !ls", "a[f(0)] = " + output("ls")),
        ("a['='].b = !ls", "a['='].b = " + output("ls")),
        ("a: list = !ls", "a: list = " + output("ls")),
        ("x = y = !ls", "x = y = " + output("ls")),
        ("if x: y = !ls", "if x: y = " + output("ls")),
        ("a = 1; b = !ls", "a = 1; b = " + output("ls")),
        ("x = \\\n  !ls", "x = \\\n  " + output("ls")),
    ],
)
def test_assignments(cell: str, python: str) -> None:
    assert python_of(cell) == python + "\n"


@pytest.mark.parametrize(
    "cell",
    [
        "x != 3",
        "x %= 3",
        "x = a % b",
        "x += !ls",
        "x == !ls",
        "f(!ls)",
        "f(x=!ls)",
        "with x: !ls",
        "lambda: !ls",
        "print(1) ; !ls",
        "f(\n!ls\n)",
        "f(\n%pwd\n)",
        "[1\n, 2\n]",
        "s = '''\n!ls\n%pwd\na?\n'''",
        's = """\n!ls\n"""',
        "x = 'a?'",
        "x # why?",
        '"a"?',
        "a.b?; c",
        "len ?",
        "foo???",
        "1?",
        "print(foo)?",
        ",",
        ";",
        "/",
        "/ 3 x",
        "f'{x!r}'",
        "f'{x = !r}'",
        'f"{x["?"]}"',
        "x = 5 \\\n  / 3",
        "def f():\n    return 3 % 4",
        "\\",
        "'\\",
        "x = '''",
    ],
)
def test_what_is_left_to_python(cell: str) -> None:
    assert python_of(cell) == cell + "\n"


@pytest.mark.parametrize(
    ("cell", "name", "target"),
    [
        ("len?", "pinfo", "len"),
        ("?len", "pinfo", "len"),
        ("? len", "pinfo", "len"),
        ("len??", "pinfo2", "len"),
        ("??len", "pinfo2", "len"),
        ("len??  ", "pinfo2", "len"),
        ("len?  # what is it", "pinfo", "len"),
        ("a.b.c?", "pinfo", "a.b.c"),
        ("a[0].b?", "pinfo", "a[0].b"),
        ("a['x y']?", "pinfo", "a['x y']"),
        ("x = foo?", "pinfo", "foo"),
        ("a + b?", "pinfo", "b"),
        ("foo().bar?", "pinfo", "foo().bar"),
        ("é?", "pinfo", "é"),
        ("%cd?", "pinfo", "%cd"),
        ("?%cd", "pinfo", "%cd"),
        ("%time foo?", "pinfo", "foo"),
        ("%%time?", "pinfo", "%%time"),
        ("%%!?", "pinfo", "%%!"),
        ("np.*load*?", "psearch", "np.*load*"),
        ("?a*", "psearch", "a*"),
        ("@foo?", "pinfo", "foo"),
    ],
)
def test_help(cell: str, name: str, target: str) -> None:
    assert python_of(cell) == magic(name, target) + "\n"


def test_a_question_mark_alone_shows_how_to_use_the_shell() -> None:
    assert python_of("?") == "get_ipython().show_usage()\n"
    assert python_of("??") == "get_ipython().show_usage()\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        (",f a b", 'f("a", "b")'),
        (",f", 'f("")'),
        (';f a  "b"', 'f("a  \\"b\\"")'),
        (",x.f C:\\d", 'x.f("C:\\\\d")'),
        ("/f a b", "f(a, b)"),
        ("/f", "f()"),
    ],
)
def test_calls_without_parentheses(cell: str, python: str) -> None:
    assert python_of(cell) == python + "\n"


def test_lines_in_blocks_keep_their_indentation() -> None:
    cell = "if 1:\n    !a it's\n    x = %pwd\n    f?\ny = 'it'\n!b"

    assert python_of(cell) == (
        f"if 1:\n    {system(chr(97) + chr(32) + 'it' + chr(39) + 's')}\n"
        f"    x = {magic('pwd')}\n    {magic('pinfo', 'f')}\ny = 'it'\n{system('b')}\n"
    )


def test_backslashes_join_lines_and_the_lines_below_keep_their_numbers() -> None:
    assert python_of("!a \\\n  b\\\n c\nx") == system("a    b  c") + "\n\n\nx\n"
    assert python_of("y = !a \\\n b\nx") == "y = " + output("a   b") + "\n\nx\n"
    assert python_of("%env A=1\\\n2") == magic("env", "A=1 2") + "\n\n"
    assert python_of("!ls \\") == system("ls \\") + "\n"


def test_line_ends_of_windows_are_plain_ones() -> None:
    assert python_of("!a\r\nx = 1\r\n") == system("a") + "\nx = 1\n"


def test_a_cell_magic_takes_all_that_stands_below_it_verbatim() -> None:
    body = ">>> a?\n  !b\n\n%c\n"

    assert python_of("%%name  x y \n" + body) == (
        f"get_ipython().run_cell_magic('name', ' x y', {body!r})\n"
    )
    assert python_of("\n \n%%name\nx") == (
        "\n \nget_ipython().run_cell_magic('name', '', 'x\\n')\n"
    )
    assert python_of("%%!\nls") == "get_ipython().run_cell_magic('!', '', 'ls\\n')\n"
    assert python_of("%%sh") == "get_ipython().run_cell_magic('sh', '', '')\n"


def test_below_the_first_line_it_is_a_line_magic_that_is_not_there() -> None:
    assert python_of("x\n%%time y") == "x\n" + magic("%time", "y") + "\n"


def test_plain_cells_are_not_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_text: str) -> str:
        raise AssertionError("this cell is plain Python")

    monkeypatch.setattr(manager_module, "with_calls", refuse)

    for cell in ("pass", "x = {1: 2}\nif x != 3 and y % 4:\n    print('%d' % x)"):
        assert python_of(cell) == cell + "\n"
        assert not has_escapes(lines_of(cell))
