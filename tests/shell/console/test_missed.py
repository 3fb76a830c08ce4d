"""What a kernel has shown while a console was away is shown when it is back."""

from __future__ import annotations

import json
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.console.jupyter import KernelRemote
from ipcluster.shell.console.missed import AGAIN, NOTHING, Missed
from ipcluster.shell.console.remote import Done, Note, Screen, Told
from ipcluster.shell.kernel.connection import CHANNELS, Connection
from ipcluster.shell.kernel.messages import Message

Start = Callable[..., Any]


def message(number: int, msg_type: str = "stream") -> Message:
    return Message({"msg_id": f"id-{number}", "msg_type": msg_type}, {}, {}, {})


def answer(*numbers: int, next: int) -> dict[str, Any]:  # noqa: A002  (its name)
    found = [{"number": n, "header": message(n).header} for n in numbers]
    return {"messages": found, "next": next, "lost": False}


def ids(messages: Iterator[Message]) -> list[str]:
    return [str(one.header["msg_id"]).removeprefix("id-") for one in messages]


def test_what_was_missed_comes_before_what_was_held() -> None:
    missed = Missed()
    missed.ask(NOTHING)
    assert ids(missed.answer(answer(next=501))) == []
    assert ids(missed.give_up()) == []
    assert ids(missed.take(message(501))) == ["501"]

    assert missed.ask() == {"since": 501 - AGAIN}
    assert ids(missed.take(message(504))) == []
    content = answer(501, 502, 503, 504, next=505)
    assert ids(missed.answer(content)) == ["502", "503", "504"]
    assert missed.go_on(content) == {"since": 504}
    content = answer(next=505)
    assert ids(missed.answer(content)) == []
    assert missed.go_on(content) is None
    assert ids(missed.take(message(505))) == []
    assert ids(missed.give_up()) == ["505"]

    assert missed.is_over()
    assert ids(missed.take(message(506))) == ["506"]
    assert missed.ask() == {"since": 506 - AGAIN}


def test_a_status_has_no_number() -> None:
    missed = Missed()
    missed.ask(NOTHING)
    list(missed.answer(answer(next=1001)))
    list(missed.give_up())

    assert ids(missed.take(message(7, "status"))) == ["7"]

    assert missed.ask() == {"since": 1000 - AGAIN}


class Network:
    """Between a console and a kernel: it can be cut, and mended."""

    def __init__(self, there: Connection) -> None:
        self._listeners = {
            socket.create_server(("127.0.0.1", 0)): there.ports[channel]
            for channel in CHANNELS
        }
        ports = [one.getsockname()[1] for one in self._listeners]
        said = there.to_dict()
        said.update(zip((f"{name}_port" for name in CHANNELS), ports, strict=True))
        self.said = said
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._ends = threading.Event()
        self._is_cut = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.is_set():
            ready, _, _ = select.select([*self._listeners, *self._pairs], [], [], 0.02)
            if self._is_cut.is_set():
                self._drop(*self._pairs)
            for one in ready:
                if one in self._listeners:
                    near, _ = one.accept()
                    if self._is_cut.is_set():
                        near.close()
                        continue
                    far = socket.create_connection(
                        ("127.0.0.1", self._listeners[one]), 20
                    )
                    self._pairs |= {near: far, far: near}
                elif one in self._pairs:
                    self._pass_on(one)

    def _pass_on(self, one: socket.socket) -> None:
        try:
            data = one.recv(1 << 16)
            if data:
                self._pairs[one].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(one)

    def _drop(self, *ends: socket.socket) -> None:
        for one in ends:
            other = self._pairs.pop(one, None)
            if other is not None:
                self._pairs.pop(other)
                other.close()
                one.close()

    def cut(self) -> None:
        self._is_cut.set()

    def mend(self) -> None:
        self._is_cut.clear()

    def end(self) -> None:
        self._ends.set()
        self._thread.join(20)
        self._drop(*self._pairs)
        for one in self._listeners:
            one.close()


@pytest.fixture
def network(kernel: Any) -> Iterator[Network]:
    found = Network(Connection.read(str(kernel.file)))
    yield found
    found.end()


LONG = """\
import os, time; print('be' + 'gun', flush=True); \
exec("while not os.path.exists('go'): time.sleep(0.01)"); \
print('mis' + 'sed', flush=True); {rest}"""


@pytest.mark.parametrize("is_over", [True, False])
def test_a_broken_connection_loses_nothing(
    network: Network, start: Start, shells: Any, tmp_path: Path, is_over: bool
) -> None:
    file = tmp_path / "by-network.json"
    file.write_text(json.dumps(network.said))
    rest = "exec(\"while not os.path.exists('end'): time.sleep(0.01)\"); print('later')"
    terminal = start("--no-banner", "--existing", str(file))
    terminal.wait_for_prompt(1)
    terminal.enter(LONG.format(rest="open('said', 'w').close()" if is_over else rest))
    terminal.wait_for("begun")

    network.cut()
    terminal.wait_for("has gone")
    (shells.work / "go").touch()
    if is_over:
        terminal.wait_until((shells.work / "said").exists, "the cell's end")
    network.mend()

    terminal.wait_for("connected to the kernel again")
    terminal.wait_for("missed")
    if not is_over:
        (shells.work / "end").touch()
    terminal.wait_for_prompt(2)
    terminal.enter("6 * 7")
    terminal.wait_for("Out[2]: 42")


def test_a_cell_for_a_kernel_that_is_not_there_is_not_run_by_the_next(
    network: Network,
) -> None:
    told: queue.SimpleQueue[Told] = queue.SimpleQueue()
    remote = KernelRemote(Connection.from_dict(network.said), "it")
    remote.open(told.put)

    def wait_for(test: Callable[[Any], bool]) -> Any:
        while not test(what := told.get(timeout=20).what):
            pass
        return what

    network.cut()
    deadline = time.monotonic() + 20
    while remote._lost_since is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    remote.submit("ran = True", Screen())
    assert wait_for(lambda what: isinstance(what, Done)) == Done(None, succeeded=False)
    network.mend()
    wait_for(lambda what: isinstance(what, Note) and "again" in what.text)
    remote.submit("assert 'ran' not in globals()", Screen())
    done = wait_for(lambda what: isinstance(what, Done))
    remote.close()

    assert done.succeeded
    assert done.count == 1


def test_a_console_that_comes_later_shows_it_if_asked(
    kernel: Any, start: Start
) -> None:
    first = start("--no-banner", "--existing", str(kernel.file))
    first.wait_for_prompt(1)
    first.enter("print('some', 'text'); 6 * 7")
    first.wait_for("Out[1]: 42")
    first.hang_up()

    second = start("--no-banner", "--existing", str(kernel.file), "--replay")
    second.wait_for("some text")
    second.wait_for("Out[1]: 42")
    second.wait_for("In [2]:")
    second.enter("1 + 1")

    second.wait_for("Out[2]: 2")
    assert second.text.count("some text") == 1
