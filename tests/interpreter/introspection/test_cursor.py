"""Which object a cursor is at, and what front ends are told of it."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.introspection.cursor import token_at_cursor
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("foo|bar", "foobar"),
        ("foobar|", "foobar"),
        ("|foobar", "foobar"),
        ("a.b|.c", "a.b"),
        ("a.b.c|", "a.b.c"),
        ("x = a.b|", "a.b"),
        ("foo(|", "foo"),
        ("foo(a, b=|5)", "foo"),
        ("foo(ba|r)", "foo"),
        ("foo(bar.a(|5), b={})", "bar.a"),
        ("foo(bar.a(5), |b={})", "foo"),
        ("foo('x|", "foo"),
        ("foo(\n  a,\n  |", "foo"),
        ("foo()|", "foo"),
        ("a[0].b|", "a[0].b"),
        ("x\ny|", "y"),
        ("x = 1; y|", "y"),
        ("def foo(|a)", "a"),
        ("%time|it x", "%timeit"),
        ("%timeit foo|", "foo"),
        ("%timeit foo(|", "foo"),
        ("%%ti|me\nx", "%%time"),
        ("x = %who|", "%who"),
        ("?foo|", "foo"),
        ("!ls|", "ls"),
        ("f(x)[y|", "y"),
        ("1 + |", ""),
        ("# foo|", ""),
        ("|", ""),
    ],
)
def test_the_token_at_a_cursor(text: str, token: str) -> None:
    before, _, after = text.partition("|")

    assert token_at_cursor(before + after, len(before)) == token


def test_front_ends_ask_with_code_and_cursor(shell: InteractiveShell) -> None:
    shell.run_cell("def foo(a): return 4242\nnested = [foo]")

    assert shell.inspect_code("x = foo(1, ", 11)[0]
    assert "foo(a)" in shell.inspect_code("foo", 2)[1]["text/plain"]
    assert "4242" in shell.inspect_code("foo", 2, 1)[1]["text/plain"]
    assert "4242" not in shell.inspect_code("foo", 2, 0)[1]["text/plain"]
    assert "nested[0](a)" in shell.inspect_code("nested[0](", 10)[1]["text/plain"]
    assert shell.inspect_code("nothing", 3) == (False, {})
    assert shell.inspect_code("", 0) == (False, {})
    assert shell.inspect_code("foo", 99)[0]


def test_methods_of_results_are_found_without_calling_anything(
    shell: InteractiveShell,
) -> None:
    shell.run_cell("calls = []\ndef foo(): calls.append(1)\nx = {'a': 'b'}")

    assert "upper" in shell.inspect_code("'abc'.lower().upper(")[1]["text/plain"]
    assert shell.inspect_code("foo().bar(") == (False, {})
    assert shell.user_ns["calls"] == []


def test_any_cursor_in_any_text_gets_an_answer() -> None:
    text = "f'{x!r' + g(\"a\", *b)[c:d].e; %x\n!ls | @d(1)\nclass A: '''\n\\α"  # noqa: RUF001  (any letter)

    for cursor in range(-1, len(text) + 2):
        assert isinstance(token_at_cursor(text, cursor), str)
