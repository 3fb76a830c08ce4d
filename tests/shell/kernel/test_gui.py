"""Windows of real toolkits, alive while a kernel waits."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

pytestmark = pytest.mark.gui

TIMERS = {
    "tk": (
        "import tkinter; window = tkinter.Tk(); window.title('live')\n"
        "window.after(20, lambda: print('the timer fired', flush=True))"
    ),
    "qt": (
        "from PySide6 import QtCore, QtWidgets\n"
        "window = QtWidgets.QLabel('live'); window.show()\n"
        "QtCore.QTimer.singleShot(20, lambda: print('the timer fired', flush=True))"
    ),
}
NEEDS = {"tk": "tkinter", "qt": "PySide6"}
HANGING = {
    "tk": "window.after(20, busy)",
    "qt": "QtCore.QTimer.singleShot(20, busy)",
}


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display that nobody looks at."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("no Xvfb: windows need a display (apt-get install xvfb)")
    reader, writer = os.pipe()
    command = [program, "-displayfd", str(writer), "-nolisten", "tcp"]
    server = subprocess.Popen(
        command,
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as said:
        number = said.readline().strip()
    assert number, "Xvfb gave no display"
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture(params=["tk", "qt"])
def toolkit(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed: no windows of {name}")
    return name


@pytest.fixture
def kernel(own: Any, display: str) -> Any:
    # Qt without the libraries of X that its package does not bring.
    return own(DISPLAY=display, QT_QPA_PLATFORM="offscreen")


def run(client: Any, code: str) -> str:
    """Run a cell that has to succeed; its id."""
    request: str = client.start(code)
    reply = client.reply_to(request)
    assert reply["status"] == "ok", reply
    return request


def test_a_timer_fires_between_requests(kernel: Any, toolkit: str) -> None:
    _, client = kernel
    run(client, f"%gui {toolkit}")

    run(client, TIMERS[toolkit])

    assert client.until("stream")["text"] == "the timer fired\n"


def test_requests_are_answered_while_a_window_is_open(
    kernel: Any, toolkit: str
) -> None:
    _, client = kernel
    run(client, f"%gui {toolkit}")
    run(client, TIMERS[toolkit])

    for number in range(20):
        reply, _ = client.execute(f"{number} + 1", user_expressions={"n": str(number)})
        assert reply["user_expressions"]["n"]["data"]["text/plain"] == str(number)


def test_a_callback_that_does_not_end_is_interrupted(kernel: Any, toolkit: str) -> None:
    process, client = kernel
    run(client, f"%gui {toolkit}")
    run(client, TIMERS[toolkit])
    client.until("stream")
    busy = "def busy():\n    print('busy', flush=True)\n    while True: pass\n"
    run(client, busy + HANGING[toolkit])
    assert client.until("stream")["text"] == "busy\n"

    process.interrupt()

    reply, _ = client.execute("1 + 1")
    assert reply["status"] == "ok"


def test_tasks_of_asyncio_go_on_beside_a_window(kernel: Any, toolkit: str) -> None:
    _, client = kernel
    run(client, f"%gui {toolkit}")
    run(
        client,
        "import asyncio\n"
        "async def later():\n"
        "    await asyncio.sleep(0.05); print('the task', flush=True)\n"
        "async def begin(): return asyncio.create_task(later())\n"
        f"task = await begin()\n{TIMERS[toolkit]}",
    )

    texts = {client.until("stream")["text"], client.until("stream")["text"]}

    assert texts == {"the timer fired\n", "the task\n"}


def test_a_figure_in_a_window_is_drawn_anew_between_requests(
    kernel: Any, toolkit: str
) -> None:
    pytest.importorskip("matplotlib")
    _, client = kernel
    run(client, f"%matplotlib {toolkit}\nget_ipython().active_eventloop")
    run(
        client,
        "import matplotlib.pyplot as plt\n"
        "line, = plt.plot([1, 2])\n"
        "def drawn(event): print('drawn', line.get_ydata()[0], flush=True)\n"
        "_ = plt.gcf().canvas.mpl_connect('draw_event', drawn)",
    )

    run(client, "line.set_ydata([7, 8])")

    while "drawn 7" not in client.until("stream")["text"]:
        pass


def test_without_a_display_a_window_is_refused_and_the_kernel_lives(own: Any) -> None:
    if find_spec("PySide6") is None:
        pytest.skip("PySide6 is not installed: no windows of qt")
    _, client = own(DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")

    reply, _ = client.execute("%gui qt")

    assert reply["status"] == "error"
    assert "needs a display" in reply["evalue"]


def test_tasks_of_trio_go_on_between_requests(own: Any) -> None:
    if find_spec("trio") is None:
        pytest.skip("trio is not installed")
    _, client = own()
    run(client, "%gui trio")
    run(
        client,
        "import trio\n"
        "async def later():\n"
        "    await trio.sleep(0.05); print('the task', flush=True)\n"
        "get_ipython().trio_nursery.start_soon(later)\n"
        "await trio.sleep(0)",
    )

    assert client.until("stream")["text"] == "the task\n"
    run(client, "%gui")
    run(client, "import asyncio; await asyncio.sleep(0)")
