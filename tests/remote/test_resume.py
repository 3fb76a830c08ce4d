"""Clients that come and go: connections cut, processes killed, results by msg_id."""

from __future__ import annotations

import queue
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cluster
PATIENCE = 20.0


def note(number: int, go: str, log: str) -> int:
    """Say that this ran, and wait for leave to end."""
    import os
    import time

    with open(log, "a") as file:
        file.write(f"{number}\n")
    print(f"task {number}")
    while not os.path.exists(go):
        time.sleep(0.002)
    return number


@pytest.mark.parametrize("transport", ["tcp", "remote"])
def test_a_cut_connection_loses_no_task_and_runs_none_twice(
    shared_site: Any, tmp_path: Path, wait_until: Any, transport: str
) -> None:
    proxy = shared_site.proxy()
    client = shared_site.client(transport, ticket=shared_site.ticket_through(proxy))
    go, log = tmp_path / "go", tmp_path / "ran"
    view = client.load_balanced_view()

    before = [view.apply_async(note, i, str(go), str(log)) for i in range(100)]
    wait_until(lambda: log.exists() and log.read_text(), "the first task runs")
    proxy.cut(keep_shut=True)
    during = [view.apply_async(note, i, str(go), str(log)) for i in range(100, 110)]
    go.touch()
    wait_until(lambda: client.connection.lifeline.is_lost, "the client notices")
    proxy.open()

    tasks = before + during
    assert [one.get(timeout=PATIENCE) for one in tasks] == list(range(110))
    assert sorted(map(int, log.read_text().split())) == list(range(110))
    assert proxy.accepted == 2
    client.close()


def test_many_cuts_under_load_end_every_task_once(
    shared_site: Any, tmp_path: Path
) -> None:
    proxy = shared_site.proxy()
    client = shared_site.client("remote", ticket=shared_site.ticket_through(proxy))
    view = client.load_balanced_view()
    log = tmp_path / "ran"
    log.touch()

    def run(number: int, log: str) -> int:
        with open(log, "a") as file:
            file.write(f"{number}\n")
        print("ran", number)
        return number

    tasks: list[Any] = []
    for cut in range(5):
        tasks += [view.apply_async(run, cut * 300 + i, str(log)) for i in range(300)]
        seen = proxy.accepted
        proxy.cut()
        while proxy.accepted == seen:
            time.sleep(0.002)

    assert [one.get(timeout=PATIENCE) for one in tasks] == list(range(1500))
    assert sorted(map(int, log.read_text().split())) == list(range(1500))
    assert [one.stdout for one in tasks] == [f"ran {i}\n" for i in range(1500)]
    assert not client.outstanding
    client.close()


def test_large_arrays_survive_cuts(shared_site: Any) -> None:
    np = pytest.importorskip("numpy")
    proxy = shared_site.proxy()
    client = shared_site.client("remote", ticket=shared_site.ticket_through(proxy))
    array = np.arange(5_000_000, dtype=float)

    def cut_after(size_bytes: int) -> None:
        start = proxy.carried_bytes
        while proxy.carried_bytes < start + size_bytes:
            time.sleep(0.001)
        proxy.cut()

    import threading

    for _ in range(2):
        cutter = threading.Thread(target=cut_after, args=(10_000_000,))
        cutter.start()
        doubled = client[0].apply_async(lambda x: x * 2, array)
        cutter.join()
        cutter = threading.Thread(target=cut_after, args=(10_000_000,))
        cutter.start()
        try:
            assert (doubled.get(timeout=PATIENCE) == array * 2).all()
        finally:
            cutter.join()
    client.close()


def test_functions_are_known_after_a_cut(shared_site: Any) -> None:
    proxy = shared_site.proxy()
    client = shared_site.client("remote", ticket=shared_site.ticket_through(proxy))
    functions = [eval(f"lambda x: x + {i}") for i in range(100)]
    for f in functions:
        assert client[0].apply_async(f, 1).get(timeout=PATIENCE)

    for _ in range(3):
        proxy.cut()
        for i, f in enumerate(functions):
            assert client[0].apply_async(f, 1).get(timeout=PATIENCE) == 1 + i
    client.close()


def test_questions_are_answered_over_a_cut(shared_site: Any) -> None:
    proxy = shared_site.proxy()
    client = shared_site.client("remote", ticket=shared_site.ticket_through(proxy))

    for _ in range(5):
        proxy.cut()
        assert client.queue_status()["unassigned"] == 0
    client.close()


def test_a_cell_that_waits_for_a_line_gets_it_after_cuts(shared_site: Any) -> None:
    proxy = shared_site.proxy()
    client = shared_site.client("remote", ticket=shared_site.ticket_through(proxy))
    events: Any = queue.Queue()
    talk = client[0].converse(lambda _cell, event: events.put(event))
    code = "import time; x = input('1 '); time.sleep(0.2); input('2 ') + x"

    done = talk.run_cell(code, allow_stdin=True)
    while events.get(timeout=PATIENCE)[0] != "input_wanted":
        pass
    proxy.cut()
    assert client.queue_status()["unassigned"] == 0  # it is back
    talk.answer(done, "a")
    proxy.cut(keep_shut=True)  # the second wish finds nobody
    time.sleep(0.5)
    proxy.open()
    while (event := events.get(timeout=PATIENCE))[0] != "input_wanted":
        pass
    if event[1] == "1 ":  # the answer was lost with the connection
        talk.answer(done, "a")
        event = events.get(timeout=PATIENCE)
    assert event == ["input_wanted", "2 ", False]
    talk.answer(done, "b")

    assert done.get(timeout=PATIENCE)["status"] == "ok"
    shown = [event for event in done.events if event[0] == "result"]
    assert shown[0][2]["text/plain"] == "'ba'"
    client.close()


def test_a_second_client_takes_the_results_of_one_that_was_killed(
    shared_site: Any, tmp_path: Path, wait_until: Any
) -> None:
    go, log = tmp_path / "go", tmp_path / "ran"
    script = f"""
import ipcluster as ipp, time
from ipcluster.wire import tickets
client = ipp.Client({str(shared_site.place.client_ticket)!r}, transport="remote")

def work(number, go, log):
    import os, time, numpy
    with open(log, "a") as file:
        file.write(f"{{number}}\\n")
    while not os.path.exists(go):
        time.sleep(0.002)
    return numpy.full(100_000, float(number))

view = client.load_balanced_view()
tasks = [view.apply_async(work, i, {str(go)!r}, {str(log)!r}) for i in range(5)]
client.queue_status()  # answered after all of these have arrived
print(*[one.msg_ids[0] for one in tasks], flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        msg_ids = process.stdout.readline().split()
        wait_until(lambda: log.exists() and log.read_text(), "the first task runs")
        process.kill()
    go.touch()

    client = shared_site.client("remote")
    result = client.get_result(msg_ids, owner=False)
    values = result.get(timeout=PATIENCE)

    assert [float(value[0]) for value in values] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert sorted(log.read_text().split()) == ["0", "1", "2", "3", "4"]
    client.close()


def test_what_is_let_go_while_the_connection_is_cut_is_let_go(
    shared_site: Any, wait_until: Any
) -> None:
    np = pytest.importorskip("numpy")
    proxy = shared_site.proxy()
    client = shared_site.client("tcp", ticket=shared_site.ticket_through(proxy))
    view, folder = client[0], shared_site.place.segment_folder

    def turn(*, cut: bool) -> int:
        """A result that is let go; how many files its engine has made so far."""
        result = view.apply_async(np.zeros, 100_000)
        assert result.get(timeout=PATIENCE).sum() == 0
        seen = proxy.accepted
        if cut:
            proxy.cut(keep_shut=True)
            wait_until(lambda: client.connection.lifeline.is_lost, "it is noticed")
        del result
        proxy.open()
        if cut:
            wait_until(lambda: proxy.accepted > seen, "it is back")
        client.purge_results("all")
        view.apply_sync(int)
        return len(list(folder.glob("e*")))

    before = turn(cut=False)
    assert [turn(cut=True) for _ in range(3)] == [before] * 3
    client.close()
