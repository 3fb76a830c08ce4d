"""What the shell does with errors that reach the process."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import pytest

from ipcluster.engines.interpreter.catching import Catcher
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def own_thread_hook(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, in the place of the test runner's."""
    monkeypatch.setattr(threading, "excepthook", shell.catcher.on_thread)


def run_thread(function: Any) -> None:
    thread = threading.Thread(target=function, name="worker")
    thread.start()
    thread.join()


@pytest.mark.usefixtures("own_thread_hook")
def test_a_threads_error_looks_like_a_cells_and_is_the_last_one(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("def work(): 1 / 0", store_history=True)

    run_thread(shell.user_ns["work"])

    err = capsys.readouterr().err
    assert err.startswith("Exception in worker:\n----")
    assert "Cell In[1], line 1, in work()" in err
    assert shell.last_error()[0] is ZeroDivisionError


@pytest.mark.usefixtures("own_thread_hook")
def test_a_thread_may_end_itself(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run_thread(sys.exit)

    assert capsys.readouterr().err == ""


def test_a_hook_of_the_users_shows_the_errors_of_cells(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell(
        "import sys\nseen = []\n"
        "def hook(kind, value, tb): seen.append((kind.__name__, tb.tb_lineno))\n"
        "sys.excepthook = hook"
    )

    shell.run_cell("1\n1 / 0")
    shell.run_cell("sys.excepthook = sys.__excepthook__")
    shell.run_cell("1 / 0")

    assert shell.user_ns["seen"] == [("ZeroDivisionError", 2)]
    assert frontend.errors == ["ZeroDivisionError"]
    assert shell.last_error()[0] is ZeroDivisionError


def test_a_hook_that_calls_the_one_it_found_is_in_the_chain(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell(
        "import sys\nseen, before = [], sys.excepthook\n"
        "def hook(*error):\n    seen.append(error[0])\n    before(*error)\n"
        "sys.excepthook = hook"
    )

    shell.run_cell("1 / 0")

    assert shell.user_ns["seen"] == [ZeroDivisionError]
    assert frontend.errors == ["ZeroDivisionError"]


def test_a_hook_that_fails_costs_nothing(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.run_cell("import sys\nsys.excepthook = lambda *error: missing")

    shell.run_cell("1 / 0")

    assert frontend.errors == ["NameError", "ZeroDivisionError"]
    assert "sys.excepthook has failed" in capsys.readouterr().err


def test_other_errors_go_to_stderr(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ValueError("of a callback")

    sys.excepthook(ValueError, error, None)

    assert capsys.readouterr().err == "ValueError: of a callback\n"


def test_hooks_are_given_back_unless_somebody_replaced_them(
    shell: InteractiveShell,
) -> None:
    before = sys.excepthook, sys.breakpointhook
    catcher = Catcher(shell)

    catcher.install()
    catcher.install()  # once is enough
    sys.breakpointhook = breakpoint_of_user
    catcher.remove()

    assert sys.excepthook == before[0]
    assert sys.breakpointhook is breakpoint_of_user
    sys.breakpointhook = before[1]


def breakpoint_of_user(*_: object, **__: object) -> None:
    raise AssertionError


def test_a_fork_does_not_use_its_parents_shell(
    shell: InteractiveShell, capfd: pytest.CaptureFixture[str]
) -> None:
    shell.catcher._pid = os.getpid() + 1  # as it looks from a fork

    sys.excepthook(ValueError, ValueError("in a child"), None)

    assert capfd.readouterr().err == "ValueError: in a child\n"


def test_errors_in_del_are_left_to_python(shell: InteractiveShell) -> None:
    assert sys.unraisablehook.__module__ != Catcher.__module__
