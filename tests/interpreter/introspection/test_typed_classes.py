"""Sources of what was typed at the prompt, classes too, for everybody who asks."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell


def source(shell: InteractiveShell, name: str) -> str:
    return inspect.getsource(shell.user_ns[name])


def test_a_class_with_methods(shell: InteractiveShell) -> None:
    shell.run_cell("x = 1\nclass A:\n    def m(self):\n        return 1\ny = 2")

    assert source(shell, "A") == "class A:\n    def m(self):\n        return 1\n"
    assert inspect.getsourcelines(shell.user_ns["A"])[1] == 2


def test_a_class_without_methods_and_a_dataclass(shell: InteractiveShell) -> None:
    shell.run_cell("class A:\n    a = 1")
    shell.run_cell(
        "from dataclasses import dataclass\n@dataclass\nclass B:\n    b: int = 1"
    )

    assert source(shell, "A") == "class A:\n    a = 1\n"
    assert "class B:\n    b: int = 1\n" in source(shell, "B")


def test_of_equal_names_the_class_that_is_meant(shell: InteractiveShell) -> None:
    shell.run_cell("class A:\n    def m(self): return 'one'\nold = A")
    shell.run_cell("class A:\n    def m(self): return 'two'")

    assert "'one'" in source(shell, "old")
    assert "'two'" in source(shell, "A")


def test_nested_classes_and_those_with_borrowed_methods(
    shell: InteractiveShell,
) -> None:
    shell.run_cell("def helper(self): return 'elsewhere'")
    shell.run_cell("class A:\n    m = helper\n    class B:\n        b = 1\nB = A.B")

    assert source(shell, "A").startswith("class A:\n    m = helper")
    assert source(shell, "B") == "    class B:\n        b = 1\n"


def test_classes_of_modules_and_those_without_source_are_as_ever(
    shell: InteractiveShell,
) -> None:
    shell.user_ns["Made"] = type("Made", (), {"__module__": "__main__"})

    assert "class Signature" in inspect.getsource(inspect.Signature)
    with pytest.raises((OSError, TypeError)):
        source(shell, "Made")
    with pytest.raises(TypeError):
        inspect.getsource(int)


def test_inspect_is_as_it_was_when_the_shell_is_closed(
    shell: InteractiveShell,
) -> None:
    assert hasattr(inspect.getfile, "__wrapped__")

    shell.close()

    assert not hasattr(inspect.getfile, "__wrapped__")


def test_it_works_where_inspect_is_imported_later() -> None:
    code = (
        "import sys\n"
        "from ipcluster.engines.interpreter.recording import RecordingFrontEnd\n"
        "from ipcluster.engines.interpreter.session import open_shell\n"
        "shell = open_shell(RecordingFrontEnd())\n"
        "assert 'inspect' not in sys.modules\n"
        "shell.run_cell('class A: pass\\nimport inspect\\n"
        "print(inspect.getsource(A))')\n"
        "shell.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )

    assert done.stdout == "class A: pass\n\n", done.stderr
