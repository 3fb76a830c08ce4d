"""Ctrl-C at a terminal, in a program that waits for results."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

PROGRAM = r"""
import sys, time
import ipcluster as ipp

def wait_for_file(name):
    import os
    while not os.path.exists(name):
        time.sleep(0.02)

def interruptible(waits):
    wait_for_file(waits)
    print("begun", flush=True)
    time.sleep(1000)

def stubborn(waits, go):
    begun = False
    while True:
        try:
            wait_for_file(waits)
            if not begun:
                begun = True
                print("begun", flush=True)
            wait_for_file(go)
            return "stubborn"
        except KeyboardInterrupt:
            print("not yet", flush=True)

def wait_for(ar, waits, how):
    ar.add_listener(lambda call, stream, text: say("task: " + text))
    try:
        open(waits, "w").close()  # the task looks for it a moment later
        say(f"value: {how(ar)}")
    except BaseException as error:
        say(f"error: {type(error).__name__} {getattr(error, 'ename', '')}")

def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

with ipp.Client(sys.argv[1]) as rc:
    how = {"get": lambda ar: ar.get(), "iterate": lambda ar: list(ar)}[sys.argv[2]]
    view = rc[0:1]
    go, waits = sys.argv[3], sys.argv[3] + "-1"
    wait_for(view.apply_async(interruptible, waits), waits, how)
    print("sound:", view.apply_sync(len, "abc"), flush=True)
    waits = go + "-2"
    ar = view.apply_async(stubborn, waits, go)
    wait_for(ar, waits, how)
    print("left running:", not ar.ready(), flush=True)
    print("sound:", rc[1].apply_sync(len, "abc"), flush=True)
    open(go, "w").close()
    print("at last:", ar.get(timeout=20), flush=True)
"""


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self._fd, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: _own_terminal(theirs),
        )
        os.close(theirs)
        self.shown = ""

    def expect(self, text: str) -> None:
        """Read until `text` has come; what comes after it stays for the next call."""
        deadline = time.monotonic() + 20
        while text not in self.shown:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._fd], [], [], left)[0]
            data = b""
            if ready:
                try:
                    data = os.read(self._fd, 4096)
                except OSError:
                    data = b""  # the program has ended
            assert data, f"no {text!r} in {self.shown!r}"
            self.shown += data.decode()
        self.shown = self.shown.partition(text)[2]

    def press(self, key: str) -> None:
        os.write(self._fd, key.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._fd)


def _own_terminal(fd: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(shared: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Terminal] = []

    def start(how: str) -> Terminal:
        words = (str(shared.place.client_ticket), how, str(tmp_path / "go"))
        opened.append(Terminal(*words))
        return opened[0]

    yield start
    for one in opened:
        one.close()


@pytest.mark.parametrize("how", ["get", "iterate"])
def test_the_first_press_interrupts_and_the_second_returns(
    terminal: Any, how: str
) -> None:
    shell = terminal(how)

    shell.expect("task: begun")
    shell.press("\x03")
    shell.expect("error: ")
    shell.expect("KeyboardInterrupt")
    shell.expect("sound: [3]")
    shell.expect("task: begun")
    shell.press("\x03")
    shell.expect("task: not yet")
    shell.press("\x03")
    shell.expect("error: KeyboardInterrupt")
    shell.expect("left running: True")
    shell.expect("sound: 3")
    shell.expect("at last: ['stubborn']")
