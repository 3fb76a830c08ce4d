"""The Client itself: threads, asyncio, other clients, fork, the end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from ipcluster.client.client import Client
from ipcluster.client.results import AsyncHubResult, AsyncResult
from ipcluster.launchers.cluster import Cluster
from ipcluster.wire.errors import (
    ClusterError,
    CompositeError,
    ConnectionLost,
    EngineError,
    ForkError,
    RemoteError,
    TicketError,
    TimeoutError,  # noqa: A004 - ours
)

pytestmark = pytest.mark.cluster


def slow(x: Any, seconds: float = 0.3) -> Any:
    time.sleep(seconds)
    return x


def catch_signal() -> None:
    global caught
    caught = 0

    def note(signum: int, _frame: Any) -> None:
        global caught
        caught = signum

    signal.signal(signal.SIGUSR1, note)


def caught_signal() -> int:
    deadline = time.monotonic() + 5
    while not caught and time.monotonic() < deadline:
        time.sleep(0.005)
    return caught


caught = 0


def test_many_threads_share_a_client(rc: Client) -> None:
    view = rc.load_balanced_view()
    wrong: list[Any] = []

    def work(start: int) -> None:
        for i in range(start, start + 50):
            if view.apply_sync(lambda x: x + 1, i) != i + 1:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(1000 * k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


def test_await(rc: Client) -> None:
    view = rc.load_balanced_view()

    async def main() -> list[int]:
        calls = [view.apply_async(slow, i, 0.05) for i in range(8)]
        return list(await asyncio.gather(*calls))

    assert asyncio.run(main()) == list(range(8))


def test_await_that_is_cancelled_interrupts_the_task(rc: Client) -> None:
    result = rc.load_balanced_view().apply_async(slow, 1, 30.0)

    async def main() -> None:
        async with asyncio.timeout(0.3):
            await result

    with pytest.raises(TimeoutError.__base__ or OSError):
        asyncio.run(main())
    assert result.wait(5)
    assert not result.successful()


def test_callback_may_wait_for_another_result(rc: Client) -> None:
    view = rc.load_balanced_view()
    got: list[Any] = []
    heard = threading.Event()

    def callback(_: Any) -> None:
        got.append(view.apply_sync(abs, -5))
        heard.set()

    view.apply_async(abs, -1).add_done_callback(callback)

    assert heard.wait(5)
    assert got == [5]


def test_results_go_to_a_second_client(rc: Client, cluster: Any) -> None:
    done = rc.load_balanced_view().apply_async(lambda: np.arange(200_000))
    done.get()
    running = rc[:].apply_async(slow, "late", 0.5)

    with cluster.connect_client_sync() as other:
        first = other.get_result(done.msg_ids[0])
        second = other.get_result(running.msg_ids)
        assert isinstance(first, AsyncHubResult)
        assert first.get(timeout=5).sum() == np.arange(200_000).sum()
        assert second.get(timeout=5) == ["late"] * 4
        assert second.msg_ids == running.msg_ids
        assert first.engine_id == done.engine_id
        with pytest.raises(KeyError, match="nobody_7"):
            other.get_result("nobody_7")


def test_own_results_by_index_and_id(rc: Client) -> None:
    view = rc.load_balanced_view()
    running = view.apply_async(slow, 7)

    assert rc.get_result(-1).get(timeout=5) == 7
    assert rc.get_result(running).get(timeout=5) == 7
    assert rc.results[running.msg_ids[0]] == 7
    assert rc.metadata[running.msg_ids[0]]["status"] == "ok"


def test_a_task_that_was_never_there_is_said_to_be_none(rc: Client) -> None:
    with pytest.raises(IndexError, match="no task -1: there are 0 so far"):
        rc[0].get_result(-1)
    with pytest.raises(IndexError, match="no task 999: there are"):
        rc.get_result(999)


def test_results_and_metadata_are_mappings(rc: Client) -> None:
    good, bad = rc[0].apply_async(int), rc[1].apply_async(lambda: 1 / 0)
    rc.wait([good, bad], 5)
    running = rc[2].apply_async(slow, 1, 0.5)

    assert list(rc.results)[-2:] == [good.msg_id, bad.msg_id]
    assert running.msg_id not in rc.results
    assert running.msg_id in rc.metadata
    assert len(rc.metadata) == len(rc.results) + 1
    assert isinstance(rc.results[bad.msg_id], ZeroDivisionError)
    assert rc.results.get("nobody_1", "none") == "none"
    assert {m.status for m in rc.metadata.values()} == {"ok", "error", None}
    assert rc[0].results.keys() == rc.results.keys()


def test_questions(rc: Client) -> None:
    result = rc[0].apply_async(slow, 1, 0.4)
    time.sleep(0.1)

    status = rc.queue_status(verbose=True)
    assert set(status) == {*rc.ids, "unassigned"}
    assert status[0]["queue"] + status[0]["tasks"] == result.msg_ids
    assert rc.result_status(result)["pending"] == result.msg_ids
    result.get()
    assert rc.result_status(result)["completed"] == result.msg_ids
    assert result.msg_ids[0] in rc.hub_history()
    found = rc.db_query({"engine_id": 0}, keys=["engine_id"])
    assert {"msg_id": result.msg_ids[0], "engine_id": 0} in found
    rc.purge_results(result)
    assert result.msg_ids[0] not in rc.hub_history()
    assert rc.queue_status(0)["completed"] >= 1


def test_records_are_found_as_in_ipyparallel(rc: Client) -> None:
    done = rc[0].apply_async(slow, 1)
    done.get(timeout=5)
    view = rc.direct_view(1, label="later")
    running = view.apply_async(slow, 2, 0.5)
    before = done.submitted - timedelta(seconds=5)

    (record,) = rc.db_query({"msg_id": done.msg_id})
    assert record["engine_uuid"] == done.engine_uuid
    assert record["client_uuid"] == rc.session
    assert record["completed"] == done.completed
    assert abs(record["submitted"] - done.submitted) < timedelta(seconds=2)
    by_time = rc.db_query({"completed": {"$gt": before}}, keys="msg_id")
    assert {"msg_id": done.msg_id} in by_time
    naive = datetime.now() - timedelta(hours=1)
    assert {"msg_id": done.msg_id} in rc.db_query({"completed": {"$gt": naive}}, [])
    pending = rc.db_query({"completed": None, "client_uuid": rc.session}, ["label"])
    assert pending == [{"msg_id": running.msg_id, "label": "later"}]
    with pytest.raises(ClusterError, match="no 'buffers'") as caught:
        rc.db_query({}, keys=["buffers"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("signum", [999, -1, 1 << 40])
def test_a_signal_that_there_is_not_is_refused(rc: Client, signum: int) -> None:
    with pytest.raises(ClusterError, match=f"there is no signal {signum}"):
        rc.send_signal(signum)

    assert rc[:].apply_sync(int) == [0, 0, 0, 0]


def test_a_signal_by_its_name(rc: Client) -> None:
    rc[0].apply_sync(catch_signal)

    assert rc.send_signal("SIGUSR1", 0) == [0]
    assert rc[0].apply_sync(caught_signal) == signal.SIGUSR1
    with pytest.raises(ValueError, match="there is no signal 'SIGNOT'"):
        rc.send_signal("SIGNOT")


def test_abort_scope_is_ours(rc: Client, cluster: Any) -> None:
    with cluster.connect_client_sync() as other:
        theirs = [other[0].apply_async(slow, i, 0.2) for i in range(2)]
        ours = [rc[0].apply_async(slow, i, 0.2) for i in range(3)]
        rc.abort()

        assert [result.get(timeout=5) for result in theirs] == [0, 1]
        assert ours[-1].wait(5)
        assert ours[-1].status == "aborted"


def test_join_split_and_dict(rc: Client) -> None:
    first, second = rc[:2].apply_async(os.getpid), rc[2:].apply_async(os.getpid)
    joined = AsyncResult.join(first, second)

    assert joined.get(timeout=5) == first.get() + second.get()
    assert [one.get() for one in joined.split()] == joined.get()
    assert joined.get_dict() == dict(zip(range(4), joined.get(), strict=True))
    assert list(joined) == joined.get()
    with pytest.raises(TypeError):
        iter(joined.split()[0])


def test_output_streams_while_the_task_runs(rc: Client) -> None:
    def talk() -> None:
        print("first")
        time.sleep(0.6)
        print("second")

    result = rc[0].apply_async(talk)
    heard = io.StringIO()
    with redirect_stdout(heard), result.stream_output():
        begin = time.monotonic()
        while "first" not in heard.getvalue() and time.monotonic() < begin + 5:
            time.sleep(0.01)
        assert not result.ready()
        result.get()

    assert heard.getvalue() == "[stdout:0] first\n[stdout:0] second\n"
    assert result.stdout == "first\nsecond\n"


@pytest.mark.parametrize("groupby", ["type", "engine", "order"])
def test_display_outputs(rc: Client, groupby: str) -> None:
    result = rc[:2].execute("print('x'); 1 + 1")
    shown = io.StringIO()

    with redirect_stdout(shown):
        result.display_outputs(groupby)

    assert shown.getvalue().count("[stdout:") == 2
    assert "Out[1]: 2" in shown.getvalue()


def test_large_results_release_their_segments(rc: Client) -> None:
    array = rc[0].apply_sync(lambda: __import__("numpy").ones(500_000))
    array += 1
    assert array.sum() == 1e6
    del array
    gc.collect()

    assert rc[0].apply_sync(int) == 0


def test_client_of_another_host_moves_the_bytes(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipcluster.client.door._proves_host", lambda _: False)
    array = np.arange(3_000_000.0)

    with Client(cluster=cluster, transport="tcp") as rc:
        back = rc[0].apply_sync(lambda x: x + 1, array)
        np.testing.assert_array_equal(back, array + 1)
        back[0] = 7.0
        rc[:].push({"a": array}, block=True)
        sums = rc[:].apply_sync(lambda: float(a.sum()))  # type: ignore[name-defined]  # noqa: F821 - over there
        twice = rc[:].apply_sync(lambda x: (x, x[::-1]), array)

    assert sums == [array.sum()] * 4
    assert [len(pair) for pair in twice] == [2] * 4


def test_forgotten_client_is_collected(cluster: Any) -> None:
    client = cluster.connect_client_sync()
    client[0].apply_sync(int)
    gone = weakref.ref(client)
    connection = client.connection

    del client
    gc.collect()

    assert gone() is None
    assert connection.closed


def test_results_that_are_dropped_leave_nothing(rc: Client) -> None:
    view = rc.load_balanced_view()
    for _ in range(500):
        view.apply_async(abs, 1)
    rc.wait(timeout=10)
    gc.collect()

    assert not rc.connection.calls.outstanding
    assert not [one for one in gc.get_objects() if type(one) is AsyncResult]


def test_closed_client_says_so(cluster: Any) -> None:
    client = cluster.connect_client_sync()
    waiting = client[0].apply_async(slow, 1, 0.5)
    client.close()
    client.close()

    with pytest.raises(ConnectionLost, match="closed"):
        client[0].apply_async(int)
    with pytest.raises(ConnectionLost, match="closed"):
        waiting.get(timeout=1)


def test_fork_is_noticed(rc: Client) -> None:
    rc[0].apply_sync(int)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            rc[0].apply_sync(int)
        except ForkError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)

    assert b"make a new Client" in os.read(read, 1000)
    os.close(read)
    assert rc[0].apply_sync(int) == 0


def test_interpreter_exits_with_tasks_outstanding(cluster: Any) -> None:
    code = (
        "import sys, time; from ipcluster import Client; "
        "rc = Client(sys.argv[1]); rc[:].apply_async(time.sleep, 1)"
    )
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, str(cluster.place.client_ticket)],
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert time.monotonic() - begin < 5


def press_after(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_ctrl_c_interrupts_the_tasks_waited_for(
    rc: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    timer = press_after(0.4)
    begin = time.monotonic()

    with pytest.raises(CompositeError, match="KeyboardInterrupt"):
        rc[:].apply_sync(slow, 1, 30.0)

    timer.join()
    assert time.monotonic() - begin < 5
    assert "Ctrl-C again" in capsys.readouterr().err
    assert rc[:].apply_sync(int) == [0] * 4


def test_second_ctrl_c_gives_the_prompt_back(rc: Client) -> None:
    def stubborn() -> str:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(0.05)
        return "done"

    result = rc[0].apply_async(stubborn)
    timers = [press_after(0.3), press_after(0.6)]
    with pytest.raises(KeyboardInterrupt):
        result.get()
    for timer in timers:
        timer.join()

    assert not result.ready()
    assert result.get(timeout=5) == "done"
    assert rc[:].apply_sync(int) == [0] * 4


def test_wrong_ticket(cluster: Any) -> None:
    with pytest.raises(TicketError, match="no cluster"):
        Client("nowhere")
    with pytest.raises(ValueError, match="transport"):
        Client(cluster=cluster, transport="pigeon")


def test_engine_that_dies() -> None:
    with Cluster(n=2) as rc:
        view = rc.load_balanced_view()
        begin = time.monotonic()
        with pytest.raises(EngineError, match=r"signal 9|SIGKILL"):
            view.apply_sync(lambda: os.kill(os.getpid(), 9))
        assert time.monotonic() - begin < 2
        assert len(rc) == 1
        assert view.apply_sync(int) == 0
        left = rc.ids[0]
        with pytest.raises(IndexError, match="has left"):
            rc[1 - left]


def test_controller_that_dies_ends_all_that_waits() -> None:
    with Cluster(n=1) as rc:
        waiting = rc[0].apply_async(slow, 1, 30.0)
        os.kill(rc.connection.ticket.pid, signal.SIGKILL)

        with pytest.raises(ConnectionLost, match="has ended"):
            waiting.get(timeout=5)
        with pytest.raises(ClusterError):
            rc[0].apply_sync(int)
        with pytest.raises(ConnectionLost, match="has ended"):
            rc[:]


class Line:
    """A line to the controller that can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def cut(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._door.close()
        self.cut()


def test_results_arrive_after_the_line_was_cut(rc: Client) -> None:
    ticket = rc.connection.ticket
    line = Line(int(ticket.addresses[0].rpartition(":")[2]))
    try:
        there = replace(ticket, addresses=[f"tcp://127.0.0.1:{line.port}"])
        with Client(there, transport="tcp") as far:
            results = far[:].apply_async(slow, "here", 0.6)
            assert not results.wait(0.1)
            line.cut()

            assert results.get(timeout=10) == ["here"] * 4
            assert far[:].apply_sync(int) == [0] * 4
            assert far.queue_status()["unassigned"] == 0
    finally:
        line.close()


def test_wait_for_engines(rc: Client) -> None:
    rc.wait_for_engines(4, timeout=1)
    with pytest.raises(TimeoutError, match="4 of 9 engines"):
        rc.wait_for_engines(9, timeout=0.2)
    future = rc.wait_for_engines(4, block=False)
    assert future.result(5) is None


def test_error_class_and_traceback(rc: Client) -> None:
    def fail() -> None:
        raise KeyError("missing")

    with pytest.raises(KeyError) as caught:
        rc[0].apply_sync(fail)

    assert isinstance(caught.value, RemoteError)
    assert caught.value.engine_info["engine_id"] == 0
    assert "raise KeyError" in caught.value.traceback


def test_shutdown_and_restart_engines() -> None:
    with Cluster(n=2) as rc:
        rc.shutdown(0, block=True)
        assert rc.ids == [1]
        rc.shutdown(1, restart=True, block=True)
        rc.wait_for_engines(1, timeout=5)
        assert rc[0 - 1].apply_sync(int) == 0


def test_resubmit(rc: Client) -> None:
    first = rc.load_balanced_view().apply_async(os.getpid)
    first.get()

    assert rc.resubmit(first).get(timeout=5)[0] > 0
