"""How much of a module runs again, and what happens if it fails."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.interpreter.reloading.conftest import Project
else:
    Project = object

Out = pytest.CaptureFixture[str]

RUNS = "import sys\nsys.runs = getattr(sys, 'runs', 0) + 1\n"


@pytest.fixture(autouse=True)
def _runs_are_forgotten() -> object:
    import sys

    yield
    if hasattr(sys, "runs"):
        del sys.runs


def runs(project: Project) -> int:
    found: int = project.value("__import__('sys').runs")
    return found


def test_where_definitions_alone_have_changed_nothing_else_runs(
    project: Project,
) -> None:
    project.write("m.py", RUNS + "state = []\ndef f(): return 1\nclass K: x = 1\n")
    project.run("import m; m.state.append(1); state = m.state")

    project.write(
        "m.py",
        "import os\n" + RUNS + "state = []\ndef f(): return 2\nclass K: x = 2\n"
        "def g(): return os.sep\n",
    )

    assert project.value("m.f(), m.K.x, m.g() != '', m.state is state") == (
        *(2, 2, True, True),
    )
    assert runs(project) == 1


@pytest.mark.parametrize(
    "rest",
    [
        "X = f()",
        "X = g()",
        "class C:\n    y = 1\nX = [C(), f]",
        "if True:\n    X = f()",
    ],
)
def test_what_was_computed_by_a_changed_function_is_computed_again(
    project: Project, rest: str
) -> None:
    text = RUNS + "def f(): return {}\ndef g(): return f()\n" + rest
    project.write("m.py", text.format(1))
    project.run("import m")

    project.write("m.py", text.format(2))

    assert project.value("m.f()") == 2
    assert runs(project) == 2


def test_definitions_that_were_made_by_a_changed_one_are_made_again(
    project: Project,
) -> None:
    text = RUNS + (
        "def add(n):\n"
        "    def decorate(function):\n"
        "        def call(): return function() + n * {}\n"
        "        return call\n"
        "    return decorate\n"
        "@add(1)\n"
        "def f(): return 0\n"
        "class K:\n"
        "    @add(1)\n"
        "    def m(): return 0\n"
    )
    project.write("m.py", text.format(1))
    project.run("import m")

    project.write("m.py", text.format(10))

    assert project.value("m.f(), m.K.m()") == (10, 10)
    assert runs(project) == 1


def test_other_changes_run_the_module_from_its_beginning(project: Project) -> None:
    project.write("m.py", RUNS + "X = 1\n")
    project.run("import m")

    project.write("m.py", RUNS + "X = 2\n")

    assert project.value("m.X") == 2
    assert runs(project) == 2


def test_full_runs_the_module_from_its_beginning(project: Project) -> None:
    project.run("%autoreload all --full")
    project.write("m.py", RUNS + "def f(): return 1\n")
    project.run("import m")

    project.write("m.py", RUNS + "def f(): return 2\n")

    assert project.value("m.f()") == 2
    assert runs(project) == 2


def test_comments_and_empty_lines_only_move_the_lines(project: Project) -> None:
    text = RUNS + (
        "{}def f():\n    {}\n    return 1\n"
        "class K:\n"
        "    @property\n    def p(self): return 1\n"
        "    @p.setter\n    def p(self, value): ...\n"
        "    def m(self): return [one for one in [1]]\n"
    )
    project.write("m.py", text.format("", ""))
    project.run("import m, inspect; state = m.__dict__.copy()")

    project.write("m.py", text.format("# a comment\n\n", "# another\n"))

    assert project.value("m.f.__code__.co_firstlineno") == 5
    assert project.value("inspect.getsource(m.f)").startswith("def f():\n    # another")
    assert project.value("m.K.m.__code__.co_firstlineno") == 14
    assert project.value("m.K.p.fset.__code__.co_firstlineno") == 12
    assert runs(project) == 1


def test_a_module_that_fails_stays_as_it_was(project: Project, capsys: Out) -> None:
    project.write(
        "m.py",
        "X = 1\nclass A:\n    def m(self): return 1\nclass K(A):\n    old = 1\n"
        "    def m(self): return super().m()\ndef f(): return 1\n",
    )
    project.run("import m; from m import K; k = K()")

    project.write(
        "m.py",
        "X = 2\nY = 2\nclass B: ...\nclass K(B):\n    def m(self): return 2\n1/0\n",
    )
    assert project.value("k.m(), k.old, m.X, m.f(), hasattr(m, 'Y'), K is m.K") == (
        *(1, 1, 1, 1, False, True),
    )
    err = capsys.readouterr().err
    assert err.startswith("autoreload of m failed:\n")
    assert "ZeroDivisionError" in err
    assert "m.py:6" in err
    assert builtins.__build_class__.__name__ == "__build_class__"

    project.run("1")
    assert capsys.readouterr().err == ""  # it is not tried again

    project.write("m.py", "X = 3\nclass K:\n    def m(self): return 3\n")
    assert project.value("m.X, k.m(), hasattr(k, 'old')") == (3, 3, False)


def test_a_module_that_is_no_python_stays_as_it_was(
    project: Project, capsys: Out
) -> None:
    project.write("m.py", "X = 1\n")
    project.run("import m")

    project.write("m.py", "X = = 2\n")

    assert project.value("m.X") == 1
    err = capsys.readouterr().err
    assert "X = = 2" in err
    assert "ast.py" not in err


def test_errors_are_hidden_on_request(project: Project, capsys: Out) -> None:
    project.run("%autoreload all --hide-errors")
    project.write("m.py", "X = 1\n")
    project.run("import m")

    project.write("m.py", "1/0\n")

    assert project.value("m.X") == 1
    assert capsys.readouterr().err == ""


def test_a_file_that_is_gone_is_no_matter(project: Project, capsys: Out) -> None:
    from pathlib import Path

    project.write("m.py", "X = 1\n")
    project.run("import m")

    Path("m.py").unlink()

    assert project.value("m.X") == 1
    assert capsys.readouterr().err == ""
    project.write("m.py", "X = 2\n")
    assert project.value("m.X") == 2


def test_modules_of_import_hooks_are_reloaded_by_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.machinery
    import sys

    class Loader(importlib.machinery.SourceFileLoader):
        def get_data(self, path: str) -> bytes:
            return super().get_data(path).replace(b"one", b"two")

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> object:
            spec = importlib.machinery.PathFinder.find_spec(name)
            if name != "hooked" or spec is None or spec.origin is None:
                return None
            spec.loader = Loader(name, spec.origin)
            return spec

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    project.write("hooked.py", "def f(): return 'one'\n")
    project.run("from hooked import f")

    project.write("hooked.py", "def f(): return 'one!'\n")

    assert project.value("f()") == "two!"


def test_the_future_of_a_module_holds_for_its_parts(project: Project) -> None:
    text = "from __future__ import annotations\ndef f(x: {}): ...\n"
    project.write("m.py", text.format("1 + 1"))
    project.run("import m")

    project.write("m.py", text.format("2 + 2"))

    assert project.value("m.f.__annotations__") == {"x": "2 + 2"}
