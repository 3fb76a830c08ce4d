"""`jupyter console` and ours in real terminals, and the Qt console, on this kernel."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE = 60


class Terminal:
    """A program in a pseudo-terminal, and the screen that it draws."""

    def __init__(self, *command: str) -> None:
        import pexpect
        import pyte

        self.screen = pyte.Screen(100, 40)
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            command[0],
            list(command[1:]),
            dimensions=(40, 100),
            env={**os.environ, "TERM": "xterm-256color"},
        )

    def read(self) -> None:
        import pexpect

        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            data = self.child.read_nonblocking(65536, timeout=0.1)
            self._stream.feed(data)
            if b"\x1b[6n" in data:  # it asks where the cursor is
                row, column = self.screen.cursor.y + 1, self.screen.cursor.x + 1
                self.child.send(f"\x1b[{row};{column}R")

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).strip()

    def wait_for(self, line: str) -> None:
        """Until a line on the screen begins so."""
        deadline = time.monotonic() + PATIENCE
        while not any(one.startswith(line) for one in self.screen.display):
            assert time.monotonic() < deadline, self.text()
            self.read()

    def wait_to_see(self, text: str) -> None:
        """Until it is anywhere on the screen."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text():
            assert time.monotonic() < deadline, self.text()
            self.read()

    def type(self, text: str) -> None:
        self.child.send(text)

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(*command: str) -> Terminal:
        opened.append(Terminal(*command))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


def test_jupyter_console(folders: Path, terminal: Callable[..., Terminal]) -> None:
    pytest.importorskip("jupyter_console")
    screen = terminal(
        sys.executable, "-m", "jupyter_console", "--kernel", "ipshell-test"
    )
    screen.wait_for("In [1]:")
    assert "ipcluster" in screen.text()

    screen.type("print('hi', 6 * 7)\r")
    screen.wait_for("hi 42")
    screen.wait_for("In [2]:")
    screen.type("1 / 0\r")
    screen.wait_for("ZeroDivisionError: division by zero")
    screen.wait_for("In [3]:")
    screen.type("name = input('who? ')\r")
    screen.wait_for("who? ")
    screen.type("ada\r")
    screen.wait_for("In [4]:")
    screen.type("name.upper()\r")
    screen.wait_for("Out[4]: 'ADA'")
    screen.wait_for("In [5]:")
    screen.type("print('asleep'); import time; time.sleep(100)\r")
    screen.wait_for("asleep")
    screen.type("\x03")
    screen.wait_for("KeyboardInterrupt")
    screen.wait_for("In [6]:")
    screen.type("exit\r")

    deadline = time.monotonic() + PATIENCE
    while screen.child.isalive():
        assert time.monotonic() < deadline, screen.text()
        screen.read()


@pytest.fixture
def kernel(folders: Path, tmp_path: Path) -> Iterator[str]:
    """The connection file of a kernel that runs."""
    file = tmp_path / "kernel.json"
    words = ["-m", "ipcluster.shell.kernel.app", "-f", str(file), "--quiet"]
    process = subprocess.Popen([sys.executable, *words])
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield str(file)
    process.terminate()
    process.wait(PATIENCE)


def test_two_kinds_of_consoles_on_one_kernel(
    kernel: str, terminal: Callable[..., Terminal]
) -> None:
    pytest.importorskip("jupyter_console")
    theirs = terminal(
        *(sys.executable, "-m", "jupyter_console", "--existing", kernel),
        "--ZMQTerminalInteractiveShell.include_other_output=True",
    )
    theirs.wait_for("In [1]:")
    ours = terminal(
        *(sys.executable, "-m", "ipcluster.shell.terminal.app"),
        *("console", "--existing", kernel),
    )
    ours.wait_for("In [1]:")

    theirs.type("x = 41; print('from', 'theirs')\r")
    theirs.wait_for("In [2]:")
    ours.wait_to_see("from theirs")
    assert "x = 41" in ours.text()
    ours.type("x + 1\r")
    ours.wait_for("Out[2]: 42")
    theirs.wait_to_see("42")
    ours.wait_for("In [3]:")
    ours.type("name = input('who? ')\r")
    ours.wait_for("who? ")
    ours.type("ada\r")
    ours.wait_for("In [4]:")
    theirs.type("name.upper()\r")
    theirs.wait_to_see("'ADA'")
    ours.wait_to_see("'ADA'")

    ours.type("\x04")
    ours.wait_to_see("exit")
    ours.type("y\r")
    theirs.type("name * 2\r")  # the kernel goes on
    theirs.wait_to_see("'adaada'")


QT = """
import sys
from qtconsole.qtconsoleapp import JupyterQtConsoleApp
from qtpy import QtCore, QtWidgets

app = JupyterQtConsoleApp()
app.initialize(["--kernel", "ipshell-test"])
app.window.resize(900, 700)
app.window.show()
console = app.widget
qt = QtWidgets.QApplication.instance()

# What is typed, and what is to be seen before the next is.
steps = iter([
    (None, "In [1]:"),
    ("print('hi', 6 * 7)", "In [2]:"),
    ("import matplotlib.pyplot as plt; plt.plot([1, 3, 2]);", "In [3]:"),
    ("1 / 0", "In [4]:"),
    ("get_ipython().set_next_input('prepared = 1')", "In [5]: prepared = 1"),
])
wanted = None

def text():
    return console._control.toPlainText()

def go_on():
    global wanted
    if wanted is not None and wanted not in text():
        return
    typed, wanted = next(steps, (None, None))
    if typed is not None:
        console.execute(typed)
    elif wanted is None:
        timer.stop()
        qt.exit(0)

def give_up():
    print(text())
    qt.exit(1)

timer = QtCore.QTimer()
timer.timeout.connect(go_on)
timer.start(20)
QtCore.QTimer.singleShot(60_000, give_up)
status = qt.exec()
app.window.grab().save(sys.argv[1])
print("pictures:", console._control.document().toHtml().count("<img"))
print(text())
console.kernel_client.stop_channels()
app.kernel_manager.shutdown_kernel(now=True)
sys.stdout.flush()
import os
os._exit(status)  # as for Qt's own end, which is not our subject
"""


def test_qt_console(folders: Path, pictures: Path) -> None:
    pytest.importorskip("qtconsole")
    pytest.importorskip("PySide6")
    picture = pictures / "qtconsole.png"

    done = subprocess.run(
        [sys.executable, "-c", QT, str(picture)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_API": "pyside6"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "hi 42" in done.stdout
    assert "ZeroDivisionError: division by zero" in done.stdout
    assert "pictures: 1" in done.stdout
    assert picture.stat().st_size > 1000
