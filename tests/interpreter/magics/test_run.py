"""`%run`: scripts, modules, notebooks, and what is left when they are done."""

from __future__ import annotations

import bdb
import inspect
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]

SCRIPT = """
import sys
x = 10
print(sys.argv, __name__)
def later(): return x
"""


@pytest.fixture(autouse=True)
def _process_as_it_was() -> Iterator[None]:
    before = list(sys.argv), list(sys.path), sys.modules.get("__main__")
    yield
    assert (list(sys.argv), list(sys.path), sys.modules.get("__main__")) == before
    bdb.Breakpoint.clearBreakpoints()


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.absolute()


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def test_a_script_is_main_and_its_names_are_taken_over(
    shell: InteractiveShell, capsys: Out
) -> None:
    path = write("s.py", SCRIPT + "here = __file__, sys.modules['__main__'].x\n")

    run(shell, "%run s.py a 'b c'")

    assert capsys.readouterr().out == "['s.py', 'a', 'b c'] __main__\n"
    assert shell.user_ns["x"] == 10
    assert shell.user_ns["here"] == (str(path), 10)
    assert "__file__" not in shell.user_ns
    assert shell.user_ns["__name__"] == "__main__"
    assert sys.modules["__main__"].__dict__ is shell.user_ns


def test_functions_of_a_script_go_on_to_see_its_own_names(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write("s.py", SCRIPT)

    run(shell, "%run s.py", "old = later; x = 5", "later()", "%run s", "old(), x")

    assert frontend.results == ["10", "(10, 10)"]


def test_a_script_does_not_see_the_sessions_names_unless_it_runs_in_them(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("use.py", "double = shared * 2\nname = __name__, __file__\n")

    run(shell, "shared = 4", "%run use.py", "%run -i use.py", "double, shared, name[0]")

    assert frontend.errors == ["NameError"]
    assert frontend.results == ["(8, 4, '__main__')"]
    assert "__file__" not in shell.user_ns


def test_an_error_is_shown_and_what_came_before_it_is_taken_over(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("bad.py", "before = 1\ndef f():\n    1/0\nf()\nafter = 2\n")

    done = shell.run_cell("%run bad.py\ngone_on = True")

    assert frontend.errors == ["ZeroDivisionError"]
    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert "bad.py" in text
    assert "programs.py" not in text
    assert done.success
    assert shell.user_ns["before"] == 1
    assert "after" not in shell.user_ns
    assert shell.user_ns["gone_on"]


def test_a_script_that_is_no_python_is_shown_as_such(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("bad.py", "x = = 1\n")

    run(shell, "%run bad.py")

    assert frontend.errors == ["SyntaxError"]
    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert "x = = 1" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("end", "options", "shown"),
    [
        ("sys.exit()", "", []),
        ("sys.exit(0)", "", []),
        ("sys.exit(3)", "", ["SystemExit"]),
        ("sys.exit('no')", "", ["SystemExit"]),
        ("sys.exit(3)", "-e", []),
        ("exit()", "", []),
        ("quit(2)", "", ["SystemExit"]),
    ],
)
def test_leaving_a_script_leaves_the_script(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    end: str,
    options: str,
    shown: list[str],
) -> None:
    write("ends.py", f"import sys\nx = 1\n{end}\nx = 2\n")

    run(shell, f"%run {options} ends.py")

    assert frontend.errors == shown
    assert shell.user_ns["x"] == 1
    assert not shell.exit_now
    assert not sys.stdin.closed


def test_ctrl_c_ends_the_cell_too(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("long.py", "x = 1\nraise KeyboardInterrupt\n")

    done = shell.run_cell("%run long.py\ny = 2")

    assert frontend.errors == ["KeyboardInterrupt"]
    assert not done.success
    assert shell.user_ns["x"] == 1
    assert "y" not in shell.user_ns


def test_wildcards_and_quotes_in_arguments(
    shell: InteractiveShell, capsys: Out
) -> None:
    write("s.py", "import sys; argv = sys.argv[1:]")
    for name in ("a.txt", "b.txt"):
        write(name, "")
    home = os.environ["HOME"]

    run(shell, r"""%run s.py *.txt '*.txt' \*.txt "c d" ~ none*.csv -v --x=*.y""")
    assert shell.user_ns["argv"] == [
        *("a.txt", "b.txt", "*.txt", "*.txt", "c d", home, "none*.csv"),
        *("-v", "--x=*.y"),
    ]

    run(shell, "n = 7", "%run -G s.py *.txt ~ $n {n + 1}")
    assert shell.user_ns["argv"] == ["*.txt", "~", "7", "8"]


def test_a_script_under_its_own_name(shell: InteractiveShell, capsys: Out) -> None:
    write("s.py", SCRIPT)

    run(shell, "%run -n s.py")

    assert capsys.readouterr().out == "['s.py'] s\n"
    assert "s" not in sys.modules


def test_a_module_runs_as_python_runs_it(shell: InteractiveShell, capsys: Out) -> None:
    write("pkg/__init__.py", "")
    write("pkg/helper.py", "V = 3")
    write(
        "pkg/mod.py",
        "import sys\nfrom .helper import V\nprint(sys.argv[1:], __package__, __name__)",
    )
    write("pkg2/__init__.py", "")
    write("pkg2/__main__.py", "print('main of pkg2')")

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(os.getcwd())
        run(shell, "%run -m pkg.mod -m --x y", "%run -tm pkg2", "%run -m pkg")
        captured = capsys.readouterr()
        for name in [name for name in sys.modules if name.startswith("pkg")]:
            del sys.modules[name]

    assert captured.out.startswith("['-m', '--x', 'y'] pkg __main__\nmain of pkg2\n")
    assert "Wall time" in captured.out
    assert "'pkg' is a package, and has no __main__ to run" in captured.err
    assert shell.user_ns["V"] == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "wants a file"),
        ("nofile", "there is no file 'nofile'"),
        ("-m no_such_module", "no module 'no_such_module'"),
        ("-m no_such.module", "No module named 'no_such'"),
        ("-m sys", "'sys' has no code to run"),
        ("-Z s.py", "option -Z not recognized"),
        ("-t -N x s.py", "-N takes a number of runs, not x"),
        ("-t -N 0 s.py", "-N takes a number of runs, not 0"),
        ("-d -b 99 s.py", "no code at"),
        ("-p -s nonsense s.py", "-s is one of"),
    ],
)
def test_wrong_lines_get_one_line(
    shell: InteractiveShell, capsys: Out, line: str, message: str
) -> None:
    write("s.py", "x = 1\n")

    run(shell, f"%run {line}")

    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_the_time_that_runs_take(shell: InteractiveShell, capsys: Out) -> None:
    write("s.py", "print('ran')\n")

    run(shell, "%run -t s.py")
    once = capsys.readouterr().out
    run(shell, "%run -t -N3 s.py")
    thrice = capsys.readouterr().out

    assert once.count("ran") == 1
    assert "Wall time" in once
    assert thrice.count("ran") == 3
    assert "Per run" in thrice


def test_a_profile_of_a_script(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write("s.py", "def work(): return sum(range(100))\nx = work()\n")

    run(shell, "stats = %run -p -r -l work -s cumulative s.py")

    report = frontend.of_kind(e.Page)[0].data["text/plain"]
    assert "(work)" in report
    assert "cumulative" in report
    assert type(shell.user_ns["stats"]).__name__ == "Stats"
    assert shell.user_ns["x"] == 4950


def test_a_script_in_the_debugger(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write("s.py", "x = 1\ny = x + 1\nz = y + 1\n")
    frontend.lines = ["p 'first', 'x' in dir()", "c", "p 'at', y", "y = 5", "c"]

    run(shell, "%run -d -b 3 s.py")

    out = capsys.readouterr().out
    assert "('first', False)" in out
    assert "('at', 2)" in out
    assert shell.user_ns["z"] == 6
    assert frontend.errors == []


def test_leaving_the_debugger_is_no_error(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write("s.py", "x = 1\ny = 2\n")
    frontend.lines = ["n", "q"]

    run(shell, "%run -d s.py")

    assert frontend.errors == []
    assert shell.user_ns["x"] == 1
    assert "y" not in shell.user_ns


def test_a_script_may_await(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write(
        "waits.py",
        "import asyncio\nasync def f(): return 6\nx = await f()\n"
        "await asyncio.sleep(0)\n",
    )
    shell.run_cell("import asyncio")

    run(shell, "%run waits.py", "x", "await asyncio.sleep(0)\n%run waits.py\nx + 1")
    run(shell, "async def g():\n    %run waits.py\n    return x\nawait g()")

    assert frontend.errors == []
    assert frontend.results == ["6", "7", "6"]


def test_a_script_with_a_loop_of_its_own_runs_where_none_runs(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("s.py", "import asyncio\nasync def f(): return 6\nx = asyncio.run(f())\n")

    run(shell, "%run s.py", "x")

    assert frontend.errors == []
    assert frontend.results == ["6"]


def test_features_of_the_future_stay_where_they_were_turned_on(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("future.py", "from __future__ import annotations\nx = 1\n")
    write("plain.py", "def f(a: 1 + 1): ...\n")

    run(shell, "%run future.py", "def g(a: 1 + 1): ...", "g.__annotations__")
    run(shell, "from __future__ import annotations", "%run plain.py")
    run(shell, "f.__annotations__")

    assert frontend.results == ["{'a': 2}", "{'a': 2}"]


def test_typed_files_run_in_the_session(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write(
        "m.ipy",
        "\n\nx = !echo hi {n}\nimport sys\nargv = sys.argv\n5\nhere = __file__\n",
    )

    run(shell, "n = 2", "%run m a b", "x[0], argv")

    assert frontend.results == ["('hi 2', ['m.ipy', 'a', 'b'])"]
    assert shell.user_ns["here"] == os.path.abspath("m.ipy")
    assert "__file__" not in shell.user_ns


def test_an_error_in_a_typed_file_is_at_the_line_that_was_typed(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write("m.ipy", "\n\n%pwd\n1/0\n")

    done = shell.run_cell("%run m.ipy")

    assert not done.success
    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert "m.ipy:4" in text
    assert frontend.errors == ["ZeroDivisionError"]


def notebook(*cells: tuple[str, str | list[str]]) -> str:
    found = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"nbformat": 4, "cells": found})


def test_the_code_cells_of_a_notebook_run(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    write(
        "nb.ipynb",
        notebook(
            ("markdown", "# title"),
            ("code", ["x = 5\n", "print('nb', x)"]),
            ("code", "%%sh\necho shell"),
            ("raw", "x = 6"),
        ),
    )

    run(shell, "%run nb.ipynb", "x")

    assert capsys.readouterr().out == "nb 5\nshell\n"
    assert frontend.results == ["5"]


def test_an_error_in_a_notebook_names_the_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write(
        "nb.ipynb",
        notebook(("code", "x = 1"), ("code", "%pwd\n1/0"), ("code", "x = 2")),
    )

    run(shell, "%run nb.ipynb")

    text = "\n".join(frontend.of_kind(e.Error)[0].traceback)
    assert "nb.ipynb[2]:2" in text
    assert "%pwd" in text
    assert shell.user_ns["x"] == 1


def test_what_is_no_notebook_is_said_to_be_none(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    write("nb.ipynb", "x = 1")

    run(shell, "%run nb.ipynb")

    assert frontend.of_kind(e.Error)[0].evalue.startswith(
        f"{os.path.abspath('nb.ipynb')} is no notebook"
    )


def test_old_notebooks_have_sheets(shell: InteractiveShell) -> None:
    cells = [{"cell_type": "code", "input": ["x = ", "7"]}]
    write("nb.ipynb", json.dumps({"worksheets": [{"cells": cells}]}))

    run(shell, "%run nb.ipynb")

    assert shell.user_ns["x"] == 7


def test_a_folder_with_a_main_runs(shell: InteractiveShell) -> None:
    write("app/__main__.py", "import part\nx = part.V\n")
    write("app/part.py", "V = 4\n")

    run(shell, "%run app")
    sys.modules.pop("part", None)

    assert shell.user_ns["x"] == 4


def test_sources_of_what_a_script_defines_are_found(shell: InteractiveShell) -> None:
    write("s.py", "x = 1\nclass K:\n    a = 1\n    class Inner:\n        b = 2\n")

    run(shell, "class K:\n    typed = 1", "typed = K", "%run s.py")
    cls, typed = shell.user_ns["K"], shell.user_ns["typed"]

    assert inspect.getsource(cls).startswith("class K:\n    a = 1")
    assert inspect.getsource(cls.Inner) == "    class Inner:\n        b = 2\n"
    assert inspect.getsource(typed) == "class K:\n    typed = 1\n"


def test_objects_of_a_scripts_classes_can_be_pickled(shell: InteractiveShell) -> None:
    write("s.py", "class Thing:\n    a = 1\nthing = Thing()\n")

    run(shell, "%run s.py")
    thing = shell.user_ns["thing"]

    assert type(pickle.loads(pickle.dumps(thing))) is type(thing)
