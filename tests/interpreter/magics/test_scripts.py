"""`%%script`, `%%bash` and their kin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import IOBase
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _nothing_runs_on(shell: InteractiveShell) -> Iterator[None]:
    yield
    for name in ("p", "o", "e"):
        value = shell.user_ns.get(name)
        if isinstance(value, subprocess.Popen):
            value.kill()
            value.wait(PATIENCE)
        elif isinstance(value, IOBase):
            value.close()


def test_a_cell_is_a_script(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_cell("%%sh\nfor i in 1 2; do echo $i {x}; done\necho err >&2")

    captured = capsys.readouterr()
    assert captured.out == "1 {x}\n2 {x}\n"
    assert captured.err == "err\n"


@pytest.mark.parametrize("name", ["python", "python3"])
def test_python_is_this_one(shell: InteractiveShell, capsys: Out, name: str) -> None:
    shell.run_cell(f"%%{name}\nimport sys\nprint(sys.executable)")

    assert capsys.readouterr().out == f"{sys.executable}\n"


def test_arguments_of_the_program(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_cell("%%script sh -s -- 'a b' --out\necho $1 $2")
    shell.run_cell("%%sh -e\nfalse\necho not reached")

    assert capsys.readouterr().out == "a b --out\n"


def test_output_may_be_kept(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_cell("%%sh --out o --err=e\necho x\necho y >&2")

    assert shell.user_ns["o"] == "x\n"
    assert shell.user_ns["e"] == "y\n"
    assert capsys.readouterr() == ("", "")


def test_one_that_fails(shell: InteractiveShell) -> None:
    error = shell.run_cell("%%sh --out o\necho x\nexit 3").error_in_exec

    assert isinstance(error, subprocess.CalledProcessError)
    assert (error.returncode, error.cmd) == (3, ["sh"])
    assert shell.user_ns["o"] == "x\n"
    assert shell.run_cell("%%sh --no-raise-error\nexit 3").success


def test_a_long_script_and_much_output(shell: InteractiveShell) -> None:
    body = "".join(f"line {number}\n" for number in range(50_000))

    shell.run_cell_magic("script", "--out o cat", body)

    assert shell.user_ns["o"] == body


def test_a_program_that_does_not_read_its_script(shell: InteractiveShell) -> None:
    shell.run_cell_magic("script", "--out o echo hi", "x" * 1_000_000)

    assert shell.user_ns["o"] == "hi\n"


def test_in_the_background(shell: InteractiveShell) -> None:
    result = shell.run_cell(
        "%%sh --bg --out o --err e --proc p\necho x\necho y >&2\ncat"
    )
    assert result.success

    assert shell.user_ns["o"].read() == b"x\n"
    assert shell.user_ns["e"].read() == b"y\n"
    assert shell.user_ns["p"].wait(PATIENCE) == 0


def test_those_in_the_background_are_ended(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_cell("%%sh --bg --proc p --out o\necho there\nsleep 60")
    assert shell.user_ns["o"].readline() == b"there\n"

    shell.run_cell("%killbgscripts")
    assert shell.user_ns["p"].poll() is not None
    shell.run_cell("%killbgscripts")

    first, second = capsys.readouterr().out.splitlines()
    assert "1" in first
    assert "No background" in second


def test_an_interrupt_ends_the_script_and_the_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd, tmp_path: Path
) -> None:
    mark = tmp_path / "there"
    over = threading.Event()

    def interrupt() -> None:
        while not mark.exists():
            if over.wait(0.005):
                return
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        shell.run_cell(f"%%sh\ntouch {mark}\nsleep 60\necho no")
    finally:
        over.set()
        thread.join(PATIENCE)
        signal.signal(signal.SIGINT, before)

    assert frontend.errors == ["KeyboardInterrupt"]


def test_programs_of_the_config(capsys: Out) -> None:
    config = {
        "ScriptMagics": {
            "script_magics": ["mine"],
            "script_paths": {"mine": "cat -n", "sh": "cat"},
        }
    }
    shell = InteractiveShell(RecordingFrontEnd(), config=config)
    shell.activate()
    try:
        shell.run_cell("%%mine\nx")
        shell.run_cell("%%sh\ny")
    finally:
        shell.close()

    assert capsys.readouterr().out.split() == ["1", "x", "y"]


@pytest.mark.parametrize(
    "line", ["", "--bg", "--out", "--out 3x sh", "no-such-program", "--proc"]
)
def test_what_is_wrong(shell: InteractiveShell, line: str) -> None:
    with pytest.raises(UsageError):
        shell.run_cell_magic("script", line, "x\n")
