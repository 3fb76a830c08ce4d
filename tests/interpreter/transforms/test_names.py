"""Lines that begin with a name: macros, magics without %, calls without ()."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.autocall import IPyAutocall
from ipcluster.engines.interpreter.history.macro import Macro
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def call(name: str, rest: str = "") -> str:
    return f"get_ipython().run_line_magic({name!r}, {rest!r})"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("cd /tmp", call("cd", "/tmp")),
        ("  cd /tmp  ", call("cd", "/tmp")),
        ("\ncd /tmp\n\n", "\n" + call("cd", "/tmp")),
        ("cd", call("cd")),
        ("cd -", call("cd", "-")),
        ("cd ..", call("cd", "..")),
        ("cd..", call("cd", "..")),
        ("ls -l *.py", call("ls", "-l *.py")),
        ("ls|wc", call("ls", "|wc")),
        ("env A=3", call("env", "A=3")),
        ("pwd;", call("pwd", ";")),
    ],
)
def test_a_magic_needs_no_percent_sign(
    shell: InteractiveShell, cell: str, python: str
) -> None:
    assert shell.transform_cell(cell) == python + "\n"


@pytest.mark.parametrize(
    "cell",
    [
        "cd = 4",
        "cd=4",
        "cd == 4",
        "cd += 4",
        "cd: int = 4",
        "cd := 4",
        "cd, x",
        "cd(x)",
        "cd[x]",
        "cd.x",
        "x = cd",
        "if cd: pass",
        "cd /tmp\nls",
        "# c\ncd /tmp",
        "nosuch /tmp",
    ],
)
def test_what_is_python_anyway(shell: InteractiveShell, cell: str) -> None:
    assert shell.transform_cell(cell) == cell + "\n"


def test_variables_go_before_magics(shell: InteractiveShell) -> None:
    shell.user_ns["cd"] = 4

    assert shell.transform_cell("cd") == "cd\n"
    assert shell.transform_cell("cd /tmp") == "cd /tmp\n"
    assert shell.transform_cell("%cd /tmp") == call("cd", "/tmp") + "\n"


def test_magics_go_before_aliases_and_builtins_before_both(
    shell: InteractiveShell,
) -> None:
    shell.run_line_magic("alias", "cd echo")
    shell.run_line_magic("alias", "len echo")

    assert shell.find_magic("cd").__name__ == "cd"
    assert shell.transform_cell("len x") == "len x\n"


def test_automagic_off(shell: InteractiveShell) -> None:
    shell.automagic = False

    assert shell.transform_cell("cd /tmp") == "cd /tmp\n"


# --- macros -------------------------------------------------------------------------


def test_a_macro_is_run_by_its_name(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.user_ns["m"] = Macro("x = 1\nx + 1\n")
    shell.user_ns["n"] = Macro("m")

    for cell in ("m", "m;", " m  # run it", "n"):
        shell.run_cell(cell)

    assert frontend.results == ["2", "2", "2"]  # `m;` is silenced
    assert shell.transform_cell("m + 1") == "m + 1\n"


def test_a_macro_that_runs_itself_ends_in_one_line(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.user_ns["m"] = Macro("m")

    result = shell.run_cell("m")

    assert not result.success
    assert "never end" in capsys.readouterr().err


# --- objects that are called ----------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["exit", "quit", "exit()", " exit ", "exit;", "quit # now"]
)
def test_leaving(
    shell: InteractiveShell, frontend: RecordingFrontEnd, cell: str
) -> None:
    shell.run_cell(cell)

    assert shell.exit_now
    assert frontend.of_kind(e.ExitWanted) == [e.ExitWanted(False)]


def test_leaving_an_engine_that_goes_on(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("exit(keep_kernel=True)")

    assert frontend.of_kind(e.ExitWanted) == [e.ExitWanted(True)]


def test_exit_may_be_bound_anew(shell: InteractiveShell) -> None:
    shell.run_cell("exit = 3")
    shell.run_cell("exit")

    assert not shell.exit_now


def test_an_object_of_the_users_that_is_called(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    class Hello(IPyAutocall):
        def __call__(self, *args: int) -> object:
            return self._ip, args

    shell.user_ns["hello"] = Hello()

    assert shell.run_cell("hello").result == (shell, ())
    assert shell.run_cell("hello 3, 4").result == (shell, (3, 4))
    assert capsys.readouterr().out == "------> hello()\n------> hello(3, 4)\n"
    assert shell.transform_cell("hello is None") == "hello is None\n"


# --- autocall -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("f a, b", "f(a, b)"),
        ("f 'x' # c", "f('x')"),
        ("f a;", "f(a);"),
        ("f [1]", "f([1])"),
        ("f x=3", "f(x=3)"),
        ("s.upper 3", "s.upper(3)"),
        ("print a", "print(a)"),
        ("f ~x", "f(~x)"),
    ],
)
def test_a_call_needs_no_parentheses(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    cell: str,
    python: str,
) -> None:
    shell.autocall = 1
    shell.user_ns.update(f=lambda *args: args, s="a")

    assert shell.transform_cell(cell) == python + "\n"
    assert capsys.readouterr().out == f"------> {python}\n"


@pytest.mark.parametrize(
    "cell",
    [
        "f",
        "f(a)",
        "f (a)",
        "f - 1",
        "f -1",
        "f *a",
        "f in x",
        "f is x",
        "f if x else y",
        "f = 3",
        "f == 3",
        "f, a",
        "f.x",
        "f'x'",
        "f a b",
        "n 3",
        "items [1]",
        "nosuch 3",
        "hostile 3",
        "hostile.x 3",
        "k.p 3",
    ],
)
def test_what_means_something_already(
    shell: InteractiveShell, frontend: RecordingFrontEnd, cell: str
) -> None:
    class Hostile:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    class Costly:
        @property
        def p(self) -> object:
            raise AssertionError("a property is not looked at")

    shell.autocall = 1
    shell.user_ns.update(
        f=lambda *args: args, n=3, items=[1], hostile=Hostile(), k=Costly()
    )

    assert shell.transform_cell(cell) == cell + "\n"


def test_full_autocall_calls_names_alone(shell: InteractiveShell) -> None:
    shell.autocall = 2
    shell.show_rewritten_input = False
    shell.user_ns.update(f=lambda: 7, n=3)

    assert shell.transform_cell("f") == "f()\n"
    assert shell.transform_cell("n") == "n\n"
    assert shell.transform_cell("f;") == "f;\n"


def test_rewritten_input_may_be_kept_quiet(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.autocall = 1
    shell.show_rewritten_input = False
    shell.user_ns["f"] = len

    assert shell.transform_cell("f 'x'") == "f('x')\n"
    assert capsys.readouterr().out == ""
