"""Commands of the system at a real terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

PROGRAM = """
import signal, sys
from ipcluster.engines.interpreter.frontend import FrontEnd
from ipcluster.engines.interpreter.session import open_shell

frontend = FrontEnd()
frontend.has_terminal = True
shell = open_shell(frontend)
while True:
    try:
        shell.run_cell(input("ready> "))
    except KeyboardInterrupt:
        print("INTERRUPTED")
    except EOFError:
        break
"""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[pexpect.spawn]:
    monkeypatch.setenv("SHELL", "/bin/sh")
    child = pexpect.spawn(
        sys.executable, ["-c", PROGRAM], encoding="utf-8", timeout=30, echo=False
    )
    child.expect_exact("ready> ")
    yield child
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()


def run(terminal: pexpect.spawn, line: str) -> str:
    """What a line prints, up to the next prompt."""
    terminal.sendline(line)
    terminal.expect_exact("ready> ")
    text: str = terminal.before
    return text.strip()


def test_a_program_has_the_terminal(terminal: pexpect.spawn) -> None:
    assert run(terminal, "!test -t 0 && test -t 1 && test -t 2 && echo all") == "all"


def test_a_program_reads_what_is_typed(terminal: pexpect.spawn) -> None:
    terminal.sendline("!read x; echo got $x")
    terminal.sendline("hello")
    terminal.expect_exact("got hello")
    terminal.expect_exact("ready> ")


# Says so only when an interrupt would end it: between a shell's fork and exec one may
# be lost.
SLEEPER = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("there", flush=True)
time.sleep(60)
"""


def test_ctrl_c_reaches_the_program_alone(
    terminal: pexpect.spawn, tmp_path: Path
) -> None:
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    terminal.sendline(f"!exec {sys.executable} {tmp_path / 'sleeper.py'}")
    terminal.expect_exact("there")
    terminal.sendintr()
    terminal.expect_exact("ready> ")
    assert "INTERRUPTED" not in terminal.before
    assert "Traceback" not in terminal.before
    assert run(terminal, "print('code', _exit_code)") == "code -2"


def test_ctrl_c_works_at_the_prompt_again(terminal: pexpect.spawn) -> None:
    run(terminal, "!echo x")
    terminal.sendline("print('there'); import time; time.sleep(60)")
    terminal.expect_exact("there")
    terminal.sendintr()
    terminal.expect_exact("KeyboardInterrupt")
    terminal.expect_exact("ready> ")


def test_a_program_that_dies_does_not_leave_the_terminal_as_it_is(
    terminal: pexpect.spawn,
) -> None:
    before = run(terminal, "!stty -a")

    run(terminal, "!stty raw -echo; kill -9 $$")

    assert run(terminal, "!stty -a") == before


def test_captured_output_does_not_go_to_the_terminal(terminal: pexpect.spawn) -> None:
    run(terminal, "import contextlib, io; there = io.StringIO()")
    shown = run(
        terminal,
        "with contextlib.redirect_stdout(there): get_ipython().system('echo hidden')",
    )
    assert shown == ""

    shown = run(terminal, "print([there.getvalue()])")
    assert shown == "['hidden\\n']"


def test_a_command_in_the_background(terminal: pexpect.spawn, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")

    assert run(terminal, f"!cat {tmp_path}/go & echo now") == "now"

    (tmp_path / "go").write_text("later")
    terminal.expect_exact("later")


def test_a_script_is_interrupted_too(terminal: pexpect.spawn) -> None:
    terminal.sendline("get_ipython().run_cell_magic('sh', '', 'echo there; sleep 60')")
    terminal.expect_exact("there")
    terminal.sendintr()
    terminal.expect_exact("KeyboardInterrupt")
    terminal.expect_exact("ready> ")


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pexpect.spawn]:
    """The same as a job of a shell that can stop it."""
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("PS1", "outer> ")
    (tmp_path / "program.py").write_text(PROGRAM)
    child = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        encoding="utf-8",
        timeout=30,
        echo=False,
    )
    child.expect_exact("outer> ")
    child.sendline(f"{sys.executable} {tmp_path}/program.py")
    child.expect_exact("ready> ")
    yield child
    child.sendeof()
    child.expect_exact("outer> ")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()


def test_ctrl_z_stops_the_program_and_the_shell_and_both_go_on(
    job: pexpect.spawn,
) -> None:
    job.sendline("!echo there; cat; echo over")
    job.expect_exact("there")
    job.send("\x1a")
    job.expect_exact("outer> ")
    job.sendline("fg")
    job.sendline("still reading")
    job.expect_exact("still reading")
    job.sendeof()
    job.expect_exact("over")
    job.expect_exact("ready> ")
