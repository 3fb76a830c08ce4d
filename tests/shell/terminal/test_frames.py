"""A frame's names as a session's: read, written, seen by closures."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from ipcluster.shell.terminal import embed as embedding
from ipcluster.shell.terminal.embed import InteractiveShellEmbed, KillEmbedded, embed

LEVEL = "of the module"


class Scripted(InteractiveShellEmbed):
    """Runs cells instead of asking for them."""

    cells_to_run: list[str] = []  # noqa: RUF012  (a test puts its own here)
    opened = 0

    def mainloop(self, display_banner: Any = None) -> None:
        self.opened += 1
        for cell in self.cells_to_run:
            if self.exit_now:
                break
            self.run_cell(cell, store_history=True)


@pytest.fixture
def shell(ipcluster_dir: Any, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr(embedding, "_closed", set())
    return Scripted(banner1="")


def run(shell: Scripted, *cells: str) -> None:
    shell.cells_to_run = list(cells)


def test_names_of_a_function_are_read_and_written(shell: Scripted) -> None:
    run(shell, "a = a + b", "new = 1", "del b")

    def f(a: int, b: int) -> tuple[int, int]:
        shell()
        return a, b  # Python lets nobody else unbind a variable

    assert f(1, 2) == (3, 2)
    assert shell.last_execution_succeeded


def test_closures_and_comprehensions_see_locals(shell: Scripted) -> None:
    run(
        shell,
        "comprehension = [a + i for i in range(2)]",
        "generated = sum(a for _ in range(3))",
        "function = (lambda: a)()",
        "def g():\n    def h():\n        return a, LEVEL\n    return h()",
        "inner = g()",
        "a = 10",
        "later = g()",
        "class K:\n    x = a\n    def m(self):\n        return a",
        "method = K().m()",
        "ok = name_of_builtin = len([a])",
    )
    found: dict[str, Any] = {}

    def f(a: int) -> None:
        shell()
        found.update(shell.user_ns)

    f(5)

    assert found["comprehension"] == [5, 6]
    assert found["generated"] == 15
    assert found["function"] == 5
    assert found["inner"] == (5, "of the module")
    assert found["later"] == (10, "of the module")
    assert found["method"] == 10
    assert found["ok"] == 1
    assert shell.last_execution_succeeded


def test_cells_that_closures_share_are_written(shell: Scripted) -> None:
    run(shell, "n = 7", "seen = get()", "bump()", "after = n")
    found: dict[str, Any] = {}

    def f() -> int:
        n = 1

        def get() -> int:
            return n

        def bump() -> None:
            nonlocal n
            n += 1

        shell()
        found.update(shell.user_ns)
        assert get() == n
        bump()
        return n

    assert f() == 9
    assert (found["seen"], found["after"]) == (7, 8)


def test_global_names_go_to_the_module(shell: Scripted) -> None:
    run(
        shell,
        "def set_it():\n    global LEVEL\n    LEVEL = 'set'",
        "set_it()",
        "shown = LEVEL",
    )
    global LEVEL
    before = LEVEL
    found: dict[str, Any] = {}

    def f() -> None:
        shell()
        found.update(shell.user_ns)

    try:
        f()
        assert found["shown"] == "set"
        assert LEVEL == "set"
    finally:
        LEVEL = before


def test_globals_answers_as_a_dict_does(shell: Scripted) -> None:
    run(
        shell,
        "g = globals()",
        "answers = g['LEVEL'], g['a'], 'a' in g, 'LEVEL' in dict(g), len(g) > 5",
        "missing = g.get('no such name', 'default')",
        "evaluated = eval('a + 1')",
    )
    found: dict[str, Any] = {}

    def f(a: int) -> None:
        shell()
        found.update(shell.user_ns)

    f(1)

    assert found["answers"] == ("of the module", 1, True, True, True)
    assert found["missing"] == "default"
    assert found["evaluated"] == 2


def test_a_module_is_left_clean(shell: Scripted) -> None:
    module = ModuleType("program")
    sys.modules["program"] = module
    run(shell, "x = 5", "_", "In", "quit = 7")
    module.__dict__.update(shell=shell, _="mine", Out="theirs")
    try:
        exec(compile("shell()", "program.py", "exec"), module.__dict__)
    finally:
        del sys.modules["program"]

    names = {n: v for n, v in vars(module).items() if not n.startswith("__")}
    assert names == {"shell": shell, "x": 5, "quit": 7, "_": "mine", "Out": "theirs"}


def test_a_class_body_is_written(shell: Scripted) -> None:
    run(shell, "added = base + 1")

    class K:
        base = 1
        shell()

    assert K.added == 2  # type: ignore[attr-defined]  # the shell has put it there


def test_code_without_a_module_has_its_globals(shell: Scripted) -> None:
    names: dict[str, Any] = {"shell": shell, "x": 1}
    run(shell, "x += 1", "f = lambda: x", "y = f()")

    exec("shell()", names)

    assert (names["x"], names["y"]) == (2, 2)


def test_main_stays_what_it_is(shell: Scripted) -> None:
    main = sys.modules["__main__"]
    run(shell, "import sys; main = sys.modules['__main__']")
    found: dict[str, Any] = {}

    def f() -> None:
        shell()
        found.update(shell.user_ns)

    f()

    assert found["main"] is main is sys.modules["__main__"]
    assert "In" not in vars(main)


def test_what_the_function_has_of_the_future_is_on(shell: Scripted) -> None:
    run(shell, "def f(x: no_such_name): pass", "ok = True")
    found: dict[str, Any] = {}

    def f() -> None:  # this file has `annotations`
        shell()
        found.update(shell.user_ns)

    f()

    assert found["ok"]
    assert found["f"].__annotations__ == {"x": "no_such_name"}


def test_a_place_is_closed_for_good(shell: Scripted) -> None:
    run(shell, "get_ipython().run_line_magic('kill_embedded', '-y -x')", "x = 1")

    for _ in range(3):
        shell()
    assert shell.opened == 1

    shell()
    assert shell.opened == 2


def test_a_shell_object_is_closed_for_good(shell: Scripted) -> None:
    run(shell, "get_ipython().run_line_magic('kill_embedded', '--instance -y')")

    shell()
    shell()

    assert shell.opened == 1
    assert not shell.embedded_active


def test_kill_embedded_asks(shell: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell.frontend, "confirm", lambda *_words, **_keywords: False)
    run(shell, "get_ipython().run_line_magic('kill_embedded', '')")

    for _ in range(2):
        shell()

    assert shell.opened == 2


def test_exit_raise_ends_the_program(shell: Scripted) -> None:
    run(shell, "get_ipython().run_line_magic('exit_raise', '')", "never = 1")

    def f() -> None:
        while True:
            shell()

    with pytest.raises(KillEmbedded):
        f()
    assert shell.opened == 1
    assert "never" not in shell.user_ns


def test_a_dummy_does_nothing(shell: Scripted) -> None:
    shell.dummy_mode = True
    shell()
    assert shell.opened == 0

    shell(dummy=False)
    assert shell.opened == 1
    shell(dummy=True)
    assert shell.opened == 1


def test_the_caller_may_give_names(shell: Scripted) -> None:
    names = {"x": 1}
    run(shell, "x += 1; y = 2")

    shell(local_ns=names)

    assert names == {"x": 2, "y": 2}


def test_header_and_last_words(
    shell: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.exit_msg = "gone on"
    run(shell, "print('within')")

    shell(header="look here")

    assert capsys.readouterr().out == "look here\nwithin\ngone on\n"


def open_one(number: int) -> None:
    """A function that opens a shell; functions see what is global here."""
    embed(header=f"number {number}")


SEEN: list[Any] = []


def test_embed_opens_one_shell_again_and_another_within(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(embedding, "InteractiveShellEmbed", Scripted)
    monkeypatch.setattr(embedding, "_shell", None)
    SEEN.clear()
    note = "SEEN.append((get_ipython(), number))"
    within = "if number < 5: open_one(number + 1)"
    monkeypatch.setattr(Scripted, "cells_to_run", [note])
    open_one(1)
    open_one(2)

    monkeypatch.setattr(Scripted, "cells_to_run", [note, within])
    open_one(4)

    assert [number for _, number in SEEN] == [1, 2, 4, 5]
    first, second, third, inner = (shell for shell, _ in SEEN)
    assert first is second is third is not inner
    assert "number 1" in capsys.readouterr().out


def test_an_unknown_option_is_told() -> None:
    with pytest.raises(TypeError, match="there is no option 'colour'"):
        embed(colour="blue")
