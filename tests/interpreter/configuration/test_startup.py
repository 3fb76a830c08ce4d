"""What runs before the first prompt, and instead of it."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.configuration.application import TerminalIPythonApp
from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.profiles import ProfileDir, find
from ipcluster.engines.interpreter.configuration.startup import (
    configure_logging,
    load,
    run_file,
    run_program,
    set_path,
)
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs change of the process comes back."""
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("PYTHONSTARTUP", raising=False)


@pytest.fixture
def profile(root: Path) -> ProfileDir:
    found = find("default", str(root))
    found.create()
    return found


def app(**options: Any) -> TerminalIPythonApp:
    return TerminalIPythonApp(Config({"TerminalIPythonApp": options}))


def test_everything_runs_in_order_and_is_hidden(
    shell: InteractiveShell, profile: ProfileDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("from_environment.py").write_text("order = ['environment']\n")
    monkeypatch.setenv("PYTHONSTARTUP", "from_environment.py")
    Path(profile.startup_dir, "00-a.py").write_text("order.append('startup a')\n")
    Path(profile.startup_dir, "01-b.ipy").write_text("order.append('startup b')\n")
    Path("here.py").write_text("order.append('exec_files')\n")
    Path(profile.location, "there.py").write_text("order.append('of profile')\n")

    load(
        shell,
        app(
            exec_files=["here.py", "there.py"],
            exec_lines=["order.append('exec_lines')", "x = 1"],
        ),
        profile,
    )

    assert shell.user_ns["order"] == [
        "environment",
        "startup a",
        "startup b",
        "exec_files",
        "of profile",
        "exec_lines",
    ]
    assert shell.namespace.is_hidden("x")
    assert "__file__" not in shell.user_ns
    assert shell.execution_count == 1


def test_names_are_shown_if_that_is_wanted(
    shell: InteractiveShell, profile: ProfileDir
) -> None:
    load(shell, app(exec_lines=["x = 1"], hide_initial_ns=False), profile)

    assert not shell.namespace.is_hidden("x")


def test_a_broken_startup_file_is_named_with_its_line_and_others_run(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    profile: ProfileDir,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = Path(profile.startup_dir, "00-a.py")
    broken.write_text("x = 1\n1/0\ny = 2\n")
    wrong = Path(profile.startup_dir, "01-b.py")
    wrong.write_text("z = 1\nfor\n")
    Path(profile.startup_dir, "02-c.py").write_text("w = 1\n")

    load(shell, app(), profile)

    told = capsys.readouterr().err
    assert f"startup file {broken}:2: ZeroDivisionError: division by zero" in told
    assert f"startup file {wrong}:2: SyntaxError" in told
    assert frontend.errors == ["ZeroDivisionError", "SyntaxError"]
    assert shell.user_ns["x"] == shell.user_ns["w"] == 1
    assert not {"y", "z"} & shell.user_ns.keys()


def test_a_startup_file_may_end_itself(
    shell: InteractiveShell,
    profile: ProfileDir,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path(profile.startup_dir, "00-a.py").write_text("x = 1\nraise SystemExit\n")

    load(shell, app(exec_lines=["y = 2"]), profile)

    assert (shell.user_ns["x"], shell.user_ns["y"]) == (1, 2)
    assert capsys.readouterr().err == ""


def test_what_is_not_there_is_told(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", "/no/such.py")

    load(shell, app(exec_files=["none.py"], extensions=["no_such_module"]), None)

    told = capsys.readouterr().err
    assert "there is no startup file /no/such.py" in told
    assert "exec_files: there is no file none.py" in told
    assert "extension no_such_module was not loaded: ModuleNotFoundError" in told


def test_a_line_that_fails_is_shown(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    load(shell, app(exec_lines=["1/0", "x = 1"]), None)

    assert frontend.errors == ["ZeroDivisionError"]
    assert "exec_lines: this line failed: 1/0" in capsys.readouterr().err
    assert shell.user_ns["x"] == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("x = 1", 0),
        ("1/0", 1),
        ("raise SystemExit(3)", 3),
        ("raise SystemExit", 0),
        ("raise SystemExit('why')", 1),
        ("raise KeyboardInterrupt", 130),
        ("for", 1),
    ],
)
def test_a_cell_gives_its_exit_status(
    shell: InteractiveShell, code: str, status: int
) -> None:
    assert run_program(shell, app(code_to_run=code), ["a", "b"]) == status
    assert sys.argv == ["-c", "a", "b"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x = 1\n", 0),
        ("1/0\n", 1),
        ("import sys; sys.exit(4)\n", 4),
        ("import asyncio\nx = await asyncio.sleep(0, 6)\nassert x == 6\n", 0),
        ("import asyncio\nawait asyncio.sleep(0)\n1/0\n", 1),
    ],
)
def test_a_file_gives_its_exit_status(
    shell: InteractiveShell, text: str, status: int
) -> None:
    Path("folder").mkdir()
    Path("folder/program.py").write_text(text)

    program = app(file_to_run="folder/program.py")

    assert run_program(shell, program, ["a"]) == status
    assert sys.argv == ["folder/program.py", "a"]
    assert sys.path[0] == str(Path("folder").absolute())
    assert shell.user_ns["__file__"] == str(Path("folder/program.py").absolute())


def test_a_file_that_is_not_there_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(shell, app(file_to_run="none.py"), []) == 2
    assert "can't open file 'none.py'" in capsys.readouterr().err


def test_a_module_is_run_as_a_script(shell: InteractiveShell) -> None:
    Path("program.py").write_text("import sys\nname = __name__\nwords = sys.argv[1:]\n")
    sys.path.insert(0, str(Path.cwd()))

    assert run_program(shell, app(module_to_run="program"), ["a"]) == 0
    assert shell.user_ns["name"] == "__main__"
    assert shell.user_ns["words"] == ["a"]


@pytest.mark.parametrize("name", ["no_such_module", "no_such_package.module"])
def test_a_module_that_is_not_there_is_told_in_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run_program(shell, app(module_to_run=name), []) == 1
    told = f"ipshell: -m {name}: there is no such module\n"
    assert capsys.readouterr().err == told


def test_a_package_that_fails_is_shown_when_its_module_is_run(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    Path("broken").mkdir()
    Path("broken/__init__.py").write_text("import no_such_module")
    sys.path.insert(0, str(Path.cwd()))

    assert run_program(shell, app(module_to_run="broken.module"), []) == 1
    assert frontend.errors == ["ModuleNotFoundError"]


def test_a_notebooks_cells_are_run(shell: InteractiveShell) -> None:
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "markdown", "source": "no code"},
        {"cell_type": "code", "source": "z = x + y"},
    ]
    Path("book.ipynb").write_text(json.dumps({"cells": cells}))

    assert run_file(shell, "book.ipynb") is None
    assert shell.user_ns["z"] == 3


def test_a_file_that_is_no_notebook_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("book.ipynb").write_text("no JSON")

    assert isinstance(run_file(shell, "book.ipynb"), ValueError)
    assert "book.ipynb: " in capsys.readouterr().err


def test_no_program_is_no_program(shell: InteractiveShell) -> None:
    assert run_program(shell, app(), ["words"]) is None


def test_logs_are_as_the_options_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    configure_logging(app())
    assert root.handlers == []

    configure_logging(
        app(
            log_level="INFO",
            log_format="seen: %(message)s",
            logging_config={"loggers": {"quiet": {"level": "ERROR"}}},
        )
    )
    logging.getLogger("any").info("hello")
    logging.getLogger("quiet").info("not this")
    configure_logging(app(logging_config={"handlers": {"x": {"class": "no.such"}}}))

    told = capsys.readouterr().err
    assert told.startswith("seen: hello\n")
    assert "not this" not in told
    assert "Application.logging_config: " in told
    logging.getLogger("quiet").setLevel(logging.NOTSET)


def test_modules_come_from_the_working_folder_unless_that_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["/some/bin/ipshell"])
    monkeypatch.setattr(sys, "path", ["/some/bin", "/lib"])

    set_path(ignore_cwd=False)
    assert sys.path == ["", "/lib"]

    set_path(ignore_cwd=True)
    assert sys.path == ["/lib"]
