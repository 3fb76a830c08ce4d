"""`ipshell notebook` and its like, where Jupyter's programs are and are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.kernel import programs
from ipcluster.shell.terminal.app import main as ipshell

# Instead of a program of Jupyter's: says what it was told.
PROGRAM = """#!/bin/sh
echo "$@"
cat "${JUPYTER_PATH%%:*}/kernels/ipshell/kernel.json"
echo "$JUPYTER_PATH" >place
trap 'echo ended; exit 7' TERM
[ "$1" = --wait ] || [ "$2" = --wait ] || exit 3
echo waits
n=0; while [ $n -lt 1000 ]; do n=$((n + 1)); sleep 0.01; done
"""


@pytest.fixture
def kept_handlers() -> Iterator[None]:
    """What a program that is run changes is as it was, afterwards."""
    numbers = (signal.SIGINT, *programs.PASSED)
    handlers = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_handlers: None) -> Path:
    """A Python without Jupyter; the folder is all that the PATH names first."""

    def find_nothing(name: str) -> None:
        return None

    monkeypatch.setattr("importlib.util.find_spec", find_nothing)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    return tmp_path


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("notebook", "Jupyter Notebook is not installed; pip install 'ipcluster[n"),
        ("lab", "JupyterLab is not installed; pip install 'ipcluster[notebook]'"),
        ("qtconsole", "The Qt console is not installed; pip install 'ipcluster[q"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ipshell([name, "--no-browser"]) == 1

    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_program_on_the_path_gets_our_kernel_as_the_default(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    command = bare / "jupyter-lab"
    command.write_text(PROGRAM)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bare}:/usr/bin:/bin")
    monkeypatch.chdir(bare)

    status = programs.main(["lab", "--port=1234"])

    told = capfd.readouterr().out
    assert status == 3
    assert "--MultiKernelManager.default_kernel_name=ipshell --port=1234\n" in told
    assert "ipcluster.shell.kernel.app" in told
    assert sys.executable in told
    place = (bare / "place").read_text().strip()
    assert not Path(place).exists()


def test_a_kernel_that_is_named_is_not_replaced() -> None:
    assert programs._told("qtconsole", ["--existing", "x.json"]) == []
    assert programs._told("qtconsole", ["--kernel=other"]) == []
    assert programs._told("qtconsole", ["--style=monokai"]) == ["--kernel=ipshell"]


@pytest.mark.usefixtures("kept_handlers")
def test_a_signal_as_the_program_starts_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Started(subprocess.Popen):  # type: ignore[type-arg]  # as it is found
        def __init__(self, *args: Any, **keywords: Any) -> None:
            super().__init__(*args, **keywords)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", Started)

    assert programs._run(["sleep", "60"], {**os.environ}) == 128 + signal.SIGTERM


def test_a_signal_ends_the_program_too(tmp_path: Path) -> None:
    command = tmp_path / "jupyter-lab"
    command.write_text(PROGRAM)
    command.chmod(0o755)
    code = (
        "import importlib.util, sys\n"
        "from ipcluster.shell.kernel import programs\n"
        "importlib.util.find_spec = lambda name: None\n"
        "sys.exit(programs.main(['lab', '--wait']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        with process.stdout as out:
            while not (line := out.readline()).endswith("waits\n"):
                assert line

            process.terminate()
            rest = out.read()

        assert rest == "ended\n"
        assert process.wait(10) == 7
    finally:
        process.kill()
        process.wait()
    place = (tmp_path / "place").read_text().strip().partition(":")[0]
    assert not Path(place).exists()
