"""A kernel within a program: one that waits, asyncio's, Qt's, and one in a thread."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from ipcluster.shell.kernel.connection import Connection

PATIENCE = 20.0

FUNCTION = """
from ipcluster import embed_kernel

level = "module"

def work(n):
    found = [n]
    embed_kernel(connection_file="kernel.json")
    print("on with", n, found, level)

work(3)
"""

ASYNCIO = """
import asyncio
import signal
from ipcluster import embed_kernel

ticks = 0

async def main():
    global ticks
    local = "of main"
    heard = []
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, heard.append, "signal")
    kernel = embed_kernel(connection_file="kernel.json")
    while not kernel.is_closed:
        ticks += 1
        print("tick")
        await asyncio.sleep(0.005)
    print("the end", ticks > 0)

asyncio.run(main())
"""

QT = """
import sys
from PySide6 import QtCore, QtWidgets
from ipcluster import embed_kernel

app = QtWidgets.QApplication(sys.argv)
label = QtWidgets.QLabel("before")
label.show()
ticks = 0

def tick():
    global ticks
    ticks += 1
    if kernel.is_closed:
        print("the end", label.text())
        app.quit()

kernel = embed_kernel(connection_file="kernel.json")
timer = QtCore.QTimer()
timer.timeout.connect(tick)
timer.start(5)
sys.exit(app.exec())
"""

THREAD = """
import threading
from ipcluster import embed_kernel

def work():
    mine = 1
    embed_kernel(connection_file="kernel.json")
    print("mine is", mine)

thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


class Program:
    """A program with a kernel in it, and a client of that."""

    def __init__(self, folder: Path, code: str, client: Callable[..., Any]) -> None:
        (folder / "program.py").write_text(code)
        self.file = folder / "kernel.json"
        self.process = subprocess.Popen(
            [sys.executable, "program.py"],
            cwd=folder,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not self.file.exists():
            if self.process.poll() is not None:
                raise AssertionError(self.process.communicate()[1])
            assert time.monotonic() < deadline, "no connection file"
            time.sleep(0.005)
        self.client = client(Connection.read(str(self.file)))

    def run(self, code: str) -> str:
        """A cell's prints and value; the error's name, if it fails."""
        reply, shown = self.client.execute(code)
        text = "".join(one["text"] for kind, one in shown if kind == "stream")
        for kind, one in shown:
            if kind == "execute_result":
                text += str(one["data"]["text/plain"])
        return text if reply["status"] == "ok" else str(reply["ename"])

    def end(self) -> str:
        """Shut the kernel down; what the program has printed when it has ended."""
        self.client.ask("shutdown_request", {"restart": False}, channel="control")
        out, err = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, err
        assert not self.file.exists()
        return str(out)


@pytest.fixture
def program(
    tmp_path: Path, context: zmq.Context[Any], client_class: Any
) -> Iterator[Callable[[str], Program]]:
    made: list[Program] = []

    def start(code: str) -> Program:
        made.append(Program(tmp_path, code, lambda it: client_class(it, context)))
        return made[-1]

    yield start
    for one in made:
        one.client.close()
        one.process.kill()
        one.process.communicate()


def test_a_program_waits_for_its_kernel(program: Callable[[str], Program]) -> None:
    one = program(FUNCTION)

    assert one.run("n, found, level") == "(3, [3], 'module')"
    assert one.run("found.append(7); n = 5; print('seen here')") == "seen here\n"
    assert one.run("[n * k for k in found]") == "[15, 35]"
    assert one.run("global level; level = 'cell'") == ""
    assert one.run("1 / 0") == "ZeroDivisionError"

    assert one.end() == "on with 5 [3, 7] cell\n"


def test_asyncio_goes_on_and_cells_await_on_its_loop(
    program: Callable[[str], Program],
) -> None:
    one = program(ASYNCIO)

    assert one.run("local") == "'of main'"
    assert one.run("before = ticks; await asyncio.sleep(0.1); ticks > before") == "True"
    assert one.run("asyncio.get_running_loop() is asyncio.get_event_loop()") == "True"
    assert one.run("task = asyncio.create_task(asyncio.sleep(0.01, 'slept'))") == ""
    assert one.run("await task") == "'slept'"
    assert one.run("await asyncio.gather(*[asyncio.sleep(0, n) for n in range(3)])")
    assert one.run("print('from a cell')") == "from a cell\n"

    printed = one.end()
    assert set(printed.splitlines()) == {"tick", "the end True"}


def test_a_cell_of_an_asyncio_program_is_interrupted(
    program: Callable[[str], Program],
) -> None:
    one = program(ASYNCIO)
    client = one.client
    cells = "while True: pass", *["await asyncio.sleep(60)"] * 5
    for code in (*cells, "await asyncio.sleep(0)\nwhile True: pass"):
        cell = client.start(f"print('on')\n{code}")
        client.until("stream", cell)

        client.ask("interrupt_request", channel="control")

        assert client.reply_to(cell)["ename"] == "KeyboardInterrupt"
    assert one.run("before = ticks; await asyncio.sleep(0.1); ticks > before") == "True"
    one.end()


def test_signals_that_come_meanwhile_are_heard_by_the_programs_loop(
    program: Callable[[str], Program],
) -> None:
    one = program(ASYNCIO)

    for number in range(20):
        pause = "" if number % 2 else "import time; time.sleep(0.01)"
        one.run(f"import os; os.kill(os.getpid(), signal.SIGUSR1); {pause}")

    one.run("while len(heard) < 20: await asyncio.sleep(0.005)")
    assert one.run("heard == ['signal'] * 20") == "True"
    one.end()


@pytest.mark.gui
def test_a_qt_program_goes_on(program: Callable[[str], Program]) -> None:
    pytest.importorskip("PySide6.QtWidgets", reason="pip install PySide6-Essentials")
    one = program(QT)

    before = int(one.run("ticks"))
    assert one.run("label.setText('after'); label.isVisible()") == "True"
    deadline = time.monotonic() + PATIENCE
    while int(one.run("ticks")) <= before:
        assert time.monotonic() < deadline
    assert one.run("import asyncio; await asyncio.sleep(0, 'slept')") == "'slept'"

    assert one.end() == "the end after\n"


def test_a_kernel_in_a_thread(program: Callable[[str], Program]) -> None:
    one = program(THREAD)
    client = one.client

    assert one.run("mine") == "1"
    cell = client.start("print('on')\nwhile True: pass")
    client.until("stream", cell)
    client.ask("interrupt_request", channel="control")
    assert client.reply_to(cell)["ename"] == "KeyboardInterrupt"

    assert one.end() == "mine is 1\n"


def test_what_a_kernel_cannot_be_is_said(tmp_path: Path) -> None:
    from ipcluster import embed_kernel

    with pytest.raises(TypeError, match="embed_kernel has no option 'colour'"):
        embed_kernel(colour="red")
    with pytest.raises(ValueError, match="is one of 'tcp', 'ipc'; not 'udp'"):
        embed_kernel(transport="udp")
    with pytest.raises(ValueError, match="wants a loop, asyncio's or Qt's"):
        embed_kernel(wait=False, connection_file=str(tmp_path / "kernel.json"))

    assert not (tmp_path / "kernel.json").exists()
