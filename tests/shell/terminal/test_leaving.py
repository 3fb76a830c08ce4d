"""Ctrl-C, Ctrl-D, Ctrl-Z, a closed terminal: it ends when it shall, and cleanly."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shutil
import signal
import sys
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ipcluster.shell.terminal.above import AbovePrompt
from ipcluster.shell.terminal.editor import KeptInput
from ipcluster.shell.terminal.frontend import TerminalFrontEnd
from ipcluster.shell.terminal.presses import (
    DroppedPresses,
    drop_presses,
    hear_presses,
    keep_press,
)
from ipcluster.shell.terminal.shell import TerminalInteractiveShell
from ipcluster.shell.terminal.stuck import Interrupts, StuckWatch

# Says on the disk that the session has been closed.
NOTE_END = """
from ipcluster.shell.terminal.shell import TerminalInteractiveShell

class Shell(TerminalInteractiveShell):
    def close(self):
        super().close()
        open("closed", "w").close()
"""


@pytest.fixture
def noting(shells: Any) -> Any:
    (shells.work / "noting.py").write_text(NOTE_END)
    shells.configure("c.TerminalIPythonApp.interactive_shell_class = 'noting.Shell'")
    return shells


def test_ctrl_d_asks_and_leaves(noting: Any) -> None:
    terminal = noting.start()
    terminal.wait_for_prompt(1)

    terminal.press("c-d")
    terminal.wait_for("Do you really want to exit [Y/n]")
    terminal.enter("n")
    terminal.wait_until(lambda: terminal.line == "In [1]:", "the prompt again")
    terminal.press("c-d")
    terminal.wait_until(lambda: terminal.text.count("exit [Y/n]") == 2, "a question")
    terminal.press("enter")

    assert terminal.wait_for_end() == 0
    assert (noting.work / "closed").exists()


def test_ctrl_d_leaves_at_once_if_that_is_wanted(shells: Any) -> None:
    terminal = shells.start("--no-confirm-exit")
    terminal.wait_for_prompt(1)

    terminal.press("c-d")

    assert terminal.wait_for_end() == 0


def test_exit_leaves(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)

    terminal.enter("exit()")

    assert terminal.wait_for_end() == 0


def test_ctrl_c_in_a_cell_ends_the_cell(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("import time; print('begun'); time.sleep(60)")
    terminal.wait_for("\nbegun")

    terminal.press("c-c")

    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for_prompt(2)


def test_ctrl_c_right_behind_enter_is_for_the_cell(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("import time")

    for number in (2, 4, 6):
        terminal.wait_for_prompt(number)
        terminal.type("time.sleep(60); late = 1\r1 +\x032 + ")
        terminal.wait_until(lambda: "2 +" in terminal.line, "what came after it")
        terminal.enter(str(number))

    terminal.wait_for_prompt(8)
    assert "Out[7]: 8" in terminal.text
    terminal.enter("'late' in globals(), In[2]")
    terminal.wait_for("(False, 'time.sleep(60); late = 1')")


def test_a_press_that_was_kept_hits_one_cell() -> None:
    frontend = TerminalFrontEnd()
    shell = TerminalInteractiveShell(frontend)
    keep_press()

    hit = shell.run_cell("a = 1", store_history=True)
    spared = shell.run_cell("b = 1", store_history=True)

    assert isinstance(hit.error_in_exec, KeyboardInterrupt)
    assert spared.success
    assert "a" not in shell.user_ns
    assert shell.user_ns["b"] == 1
    shell.close()


def test_keys_that_nobody_has_read_are_found() -> None:
    """They came before the terminal was given back, and are no signals any more."""
    ours, theirs = pty.openpty()
    with open(theirs, encoding="utf-8") as terminal:
        keyboard = KeptInput(terminal)
        with keyboard.raw_mode():
            os.write(ours, b"1 + \x03")
            select.select([theirs], [], [], 20)

        assert keyboard.unread() == b"1 + \x03"
        assert keyboard.unread() == b""
    os.close(ours)


def test_ctrl_c_takes_away_what_is_typed(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.type("junk")
    terminal.wait_for("In [1]: junk")

    terminal.press("c-c")

    terminal.wait_until(lambda: terminal.line == "In [1]:", "an empty prompt")


def test_ctrl_c_reaches_a_task_that_holds_up_the_prompt(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.paste(
        "import asyncio, time\n"
        "async def stuck():\n"
        "    await asyncio.sleep(0.2)\n"
        "    print('stuck now')\n"
        "    time.sleep(60)\n"
        "task = asyncio.get_event_loop().create_task(stuck())\n"
    )
    terminal.press("enter")
    terminal.wait_for_prompt(2)

    terminal.press_until("c-c", b"KeyboardInterrupt")
    terminal.press("c-c")
    terminal.enter("6 * 7")
    terminal.wait_for("42")


def test_ctrl_c_held_down_breaks_nothing_off(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("import asyncio, time; tasks = []")
    terminal.wait_for_prompt(2)
    terminal.paste(
        "async def stuck():\n"
        "    await asyncio.sleep(0.05)\n"
        "    time.sleep(60)\n"
        "\n"
        "def start():\n"
        "    tasks.append(asyncio.get_event_loop().create_task(stuck()))\n"
    )
    terminal.press("enter")
    terminal.wait_for_prompt(3)

    for number in range(4, 7):
        terminal.enter("start()")
        terminal.wait_for(f"In [{number}]:")
        terminal.press_until("c-c", b"KeyboardInterrupt")
        for _ in range(10):
            terminal.press("c-c")
            terminal._read(0.01)
        # That many may take an Enter with them.
        terminal.wait_until(lambda: terminal.line.endswith("]:"), "a prompt")
    terminal.enter("print(6 * 7)")
    terminal.wait_for("42")


def test_a_signal_that_meets_work_of_ours_is_a_key() -> None:
    """An exception in the midst of it would leave the watch's lock taken."""
    loop = asyncio.new_event_loop()
    pressed: list[str] = []
    keys = SimpleNamespace(send_sigint=lambda: pressed.append("c-c"))
    session: Any = SimpleNamespace(
        app=SimpleNamespace(is_running=True, is_done=False, key_processor=keys)
    )
    watch = StuckWatch(loop, cast("Any", None))

    class Telling(threading.Event):
        def set(self) -> None:
            signal.raise_signal(signal.SIGINT)
            super().set()

    watch._turned = Telling()
    with Interrupts(loop, session):
        loop.call_soon(watch._tell_turn)
        loop.call_soon(loop.call_soon, loop.stop)
        loop.run_forever()
    loop.close()

    assert watch._turned.is_set()
    assert pressed == ["c-c"]


def test_ctrl_c_raises_in_cells_and_else_does_nothing() -> None:
    plain = signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is plain
    with DroppedPresses():
        signal.raise_signal(signal.SIGINT)
        hear_presses()
        assert signal.getsignal(signal.SIGINT) is plain
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        drop_presses()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is plain


def test_a_handler_of_the_users_stays() -> None:
    def users(_number: int, _frame: Any) -> None:
        """Nobody's but the user's."""

    try:
        with DroppedPresses():
            hear_presses()
            signal.signal(signal.SIGINT, users)
            drop_presses()
            hear_presses()
            assert signal.getsignal(signal.SIGINT) is users
        assert signal.getsignal(signal.SIGINT) is users
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_in_a_program_ends_the_program(shells: Any) -> None:
    terminal = shells.start(SHELL="/bin/sh")
    terminal.wait_for_prompt(1)
    terminal.enter("get_ipython().system('echo begun; cat')")
    terminal.wait_for("\nbegun")
    terminal.enter("through cat")
    terminal.wait_for("through cat\nthrough cat")

    terminal.press("c-c")

    terminal.wait_for_prompt(2)
    terminal.enter("_exit_code")
    terminal.wait_for("Out[2]: -2")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("cell", ["", "import time; print('begun'); time.sleep(60)"])
def test_a_closed_terminal_ends_the_session(
    noting: Any, number: int, cell: str
) -> None:
    terminal = noting.start()
    terminal.wait_for_prompt(1)
    if cell:
        terminal.enter(cell)
        terminal.wait_for("\nbegun")

    os.kill(terminal.child.pid, number)

    assert terminal.wait_for_end() == 128 + number
    assert (noting.work / "closed").exists()


def test_a_terminal_that_is_gone_ends_the_session(noting: Any) -> None:
    terminal = noting.start()
    terminal.wait_for_prompt(1)

    terminal.hang_up()

    assert (noting.work / "closed").exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_ctrl_z_stops_the_shell_and_fg_brings_it_back(shells: Any) -> None:
    terminal = shells.run(["bash", "--norc", "--noprofile", "-i"], PS1="outer> ")
    terminal.wait_for("outer>")
    terminal.enter(f"{sys.executable} -m ipcluster.shell.terminal.app --no-banner")
    terminal.wait_for_prompt(1)
    terminal.type("half")
    terminal.wait_for("In [1]: half")

    terminal.press("c-z")
    terminal.wait_until(lambda: terminal.line == "outer>", "the outer shell")
    terminal.enter("fg")
    terminal.wait_until(lambda: terminal.line == "In [1]: half", "the prompt again")
    terminal.enter(" = 6 * 7; half")

    terminal.wait_for("Out[1]: 42")
    terminal.enter("exit()")
    terminal.wait_until(lambda: terminal.line == "outer>", "the outer shell")
    terminal.enter("echo $((40 + 2))")
    terminal.wait_for("\n42")  # and it echoes what is typed


def test_a_child_of_a_cell_is_not_the_shell(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.paste(
        "import os, signal, time\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(60)\n"
        "print('status', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    terminal.press("enter")

    terminal.wait_for("status -15")
    terminal.wait_for_prompt(2)


def test_ctrl_c_while_a_prompt_ends_leaves_the_output_as_it_was(
    prompt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.stdout
    monkeypatch.setattr(
        AbovePrompt, "__exit__", _interrupted(vars(AbovePrompt)["__exit__"])
    )

    assert prompt.cell("6", "enter") == "6"

    assert sys.stdout is before


def _interrupted(method: Any) -> Any:
    """The same, but that Ctrl-C is pressed before it does anything."""

    def call(*args: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return method(*args)

    return call
