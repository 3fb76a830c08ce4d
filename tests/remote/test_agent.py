"""Engines of another host: all that engines do, through an agent."""

from __future__ import annotations

import os
import queue
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

import ipcluster as ipp

pytestmark = pytest.mark.cluster
PATIENCE = 20.0


@pytest.fixture(scope="module")
def agent(shared_site: Any) -> Any:
    return shared_site.agent(2)


@pytest.fixture
def far(shared_site: Any, agent: Any) -> Any:
    """A view on the two engines of the agent."""
    view = shared_site.rc[shared_site.far_ids(agent)]
    view.clear(block=True)
    return view


def test_engines_of_an_agent_take_tasks_of_all_kinds(
    shared_site: Any, far: Any
) -> None:
    far.push({"a": 5}, block=True)
    balanced = shared_site.rc.load_balanced_view(far.targets)

    assert far.apply_sync(lambda: a + 1) == [6, 6]  # type: ignore[name-defined]  # noqa: F821
    assert far["a"] == [5, 5]
    assert balanced.map_sync(lambda x: x * x, range(50)) == [x * x for x in range(50)]


def test_their_output_comes_while_they_run(
    far: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    flag = tmp_path / "go"

    def talk(path: str) -> str:
        import os
        import time

        print("first", flush=True)
        os.system("echo from a child")
        while not os.path.exists(path):
            time.sleep(0.005)
        print("last")
        return "done"

    one = far.client[far.targets[0]].apply_async(talk, str(flag))
    wait_until(lambda: "from a child" in str(one.stdout), "output of a running task")
    assert not one.ready()
    flag.touch()

    assert one.get(timeout=PATIENCE) == "done"
    assert one.stdout == "first\nfrom a child\nlast\n"


def test_an_interrupt_reaches_the_task_it_names(
    far: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    flag = tmp_path / "runs"

    def linger(path: str) -> None:
        import time

        open(path, "w").close()
        time.sleep(30)

    view = far.client[far.targets[0]]
    running = view.apply_async(linger, str(flag))
    after = view.apply_async(lambda: "next")
    wait_until(flag.exists, "the task runs")
    running.cancel()  # with an interrupt when it runs

    with pytest.raises((ipp.error.RemoteError, ipp.error.TaskAborted)):
        running.get(timeout=PATIENCE)
    assert after.get(timeout=PATIENCE) == "next"


def test_queued_tasks_are_taken_back(far: Any, tmp_path: Path) -> None:
    flag = tmp_path / "go"

    def hold(path: str) -> str:
        import os
        import time

        while not os.path.exists(path):
            time.sleep(0.005)
        return "held"

    view = far.client[far.targets[0]]
    first = view.apply_async(hold, str(flag))
    queued = [view.apply_async(os.getpid) for _ in range(10)]
    for one in queued:
        one.abort()

    for one in queued:
        with pytest.raises(ipp.error.TaskAborted):
            one.get(timeout=PATIENCE)
    flag.touch()
    assert first.get(timeout=PATIENCE) == "held"


def test_an_engine_of_an_agent_ends_with_its_cause(site: Any) -> None:
    agent = site.agent(2)
    first, second = site.far_ids(agent)

    def die() -> None:
        import os
        import sys

        print("these are my last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)

    begun = time.monotonic()
    with pytest.raises(ipp.error.EngineError, match=r"(?s)SIGKILL.*my last words"):
        site.rc[first].apply_async(die).get(timeout=PATIENCE)
    assert time.monotonic() - begun < 2

    assert site.rc[second].apply_sync(int) == 0
    assert first not in site.rc.ids


def test_a_killed_agent_costs_its_engines_after_a_short_grace(
    site: Any, wait_until: Callable[..., Any]
) -> None:
    agent = site.agent(2)
    ids = site.far_ids(agent)
    keeper, local = agent.keeper, site.rc.ids[0]
    running = site.rc[ids[0]].apply_async(time.sleep, 60)
    wait_until(lambda: site.rc.queue_status()[ids[0]]["queue"], "it was assigned")

    agent.process.send_signal(signal.SIGKILL)
    log = site.place.log_folder / "controller.log"
    wait_until(
        lambda: re.search(r"agent \d+ disconnected", log.read_text()),
        "the controller notices",
    )
    # Suspect engines get no new work: the local one does all of it.
    balanced = site.rc.load_balanced_view()
    assert set(balanced.map_sync(lambda _: os.getppid(), range(20))) == {
        site.rc[local].apply_sync(os.getppid)
    }

    with pytest.raises(ipp.error.EngineError, match="agent of its host"):
        running.get(timeout=PATIENCE)
    assert site.rc.ids == [local]
    gone, _ = psutil.wait_procs([keeper], timeout=PATIENCE)
    assert gone
    wait_until(lambda: not agent.folders, "its segments are removed")


def test_a_killed_controller_ends_the_agents_of_its_host(site: Any) -> None:
    agent = site.agent(2)
    state = site.place.read_state()
    began = time.monotonic()

    psutil.Process(state.pid).kill()

    assert agent.wait() == 1
    assert time.monotonic() - began < 10  # not the patience for another host
    assert "is gone" in agent.said
    assert not agent.folders


def test_a_killed_keeper_ends_its_agent(site: Any) -> None:
    agent = site.agent(2)
    ids = site.far_ids(agent)
    running = site.rc[ids[0]].apply_async(time.sleep, 60)

    agent.keeper.kill()

    with pytest.raises(ipp.error.EngineError, match="keeper ended"):
        running.get(timeout=PATIENCE)
    assert agent.wait() == 1
    assert "its keeper ended" in agent.said


def test_a_stopped_cluster_ends_its_agents(
    site: Any, wait_until: Callable[..., Any]
) -> None:
    agent = site.agent(2)
    keeper = agent.keeper

    site.cluster.stop_cluster_sync()

    assert agent.wait() == 0
    assert "the cluster was stopped" in agent.said
    assert not keeper.is_running()
    assert not agent.folders


def test_a_cut_connection_costs_nothing(
    site: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    """Tasks queued, running and ended meanwhile: each runs once and answers once."""
    proxy = site.proxy()
    agent = site.agent(2, ticket=site.ticket_through(proxy, "engine"))
    ids = site.far_ids(agent)
    flag, log = tmp_path / "go", tmp_path / "ran"

    def note(number: int, path: str, log: str) -> int:
        import os
        import time

        print(f"task {number}", flush=True)
        with open(log, "a") as file:
            file.write(f"{number}\n")
        while not os.path.exists(path):
            time.sleep(0.002)
        return number

    tasks = [
        site.rc[ids[i % 2]].apply_async(note, i, str(flag), str(log)) for i in range(40)
    ]
    wait_until(lambda: log.exists() and len(log.read_text()) >= 4, "two tasks run")
    proxy.cut(keep_shut=True)
    flag.touch()
    wait_until(lambda: "is down" in agent.said, "the agent notices")
    proxy.open()

    assert [one.get(timeout=PATIENCE) for one in tasks] == list(range(40))
    assert sorted(map(int, log.read_text().split())) == list(range(40))
    assert [one.stdout for one in tasks] == [f"task {i}\n" for i in range(40)]
    assert site.far_ids(agent) == ids
    assert proxy.accepted == 2


def test_cuts_in_the_midst_of_large_arrays_cost_nothing(site: Any) -> None:
    np = pytest.importorskip("numpy")
    proxy = site.proxy()
    agent = site.agent(1, ticket=site.ticket_through(proxy, "engine"))
    view = site.rc[site.far_ids(agent)[0]]
    array = np.arange(4_000_000, dtype=float)

    for _ in range(3):
        before = proxy.carried_bytes
        doubled = view.apply_async(lambda x: x * 2, array)
        while proxy.carried_bytes < before + 8_000_000:
            time.sleep(0.001)
        proxy.cut()
        while proxy.carried_bytes < before + 40_000_000:
            time.sleep(0.001)
        proxy.cut()
        assert (doubled.get(timeout=PATIENCE) == array * 2).all()


def test_an_agent_given_up_brings_its_engines_anew(
    site: Any, wait_until: Callable[..., Any]
) -> None:
    proxy = site.proxy()
    agent = site.agent(1, ticket=site.ticket_through(proxy, "engine"))
    old = site.far_ids(agent)[0]
    site.rc[old].push({"a": 7}, block=True)

    proxy.cut(keep_shut=True)
    wait_until(lambda: old not in site.rc.ids, "the engine is given up")
    proxy.open()
    wait_until(lambda: len(site.rc.ids) == 2, "the engine is back under a new id")

    new = site.rc.ids[-1]
    assert new != old
    assert site.rc[new]["a"] == 7


def test_arrays_of_an_agent_given_up_stay_as_they_are(
    site: Any, wait_until: Callable[..., Any]
) -> None:
    """Their files are brought again under the same names, with other content."""
    np = pytest.importorskip("numpy")
    proxy = site.proxy()
    agent = site.agent(1, ticket=site.ticket_through(proxy, "engine"))
    old = site.far_ids(agent)[0]
    site.rc[old].push({"kept": np.full(100_000, 7.0)}, block=True)
    made = site.rc[old].apply_async(np.ones, 100_000)
    made.wait(timeout=PATIENCE)

    proxy.cut(keep_shut=True)
    wait_until(lambda: old not in site.rc.ids, "the engine is given up")
    # Nobody is known to map it, so its file is written again.
    wait_until(
        lambda: not site.rc.connection.stores.pool.busy_names, "the file is free"
    )
    proxy.open()
    wait_until(lambda: len(site.rc.ids) == 2, "the engine is back under a new id")
    view = site.rc[site.rc.ids[-1]]
    for number in (1.0, 2.0):
        assert view.apply_sync(np.sum, np.full(100_000, number)) == 100_000 * number

    assert view.apply_sync(lambda: float(kept.sum())) == 700_000  # type: ignore[name-defined]  # noqa: F821
    view.execute("del kept", block=True)
    assert (made.get(timeout=PATIENCE) == 1).all()
    # What was lent to a controller that has given it up is used again.
    lent = [view.apply_sync(np.ones, 100_000).sum() for _ in range(5)]
    assert lent == [100_000] * 5
    site.rc.purge_results("all")
    view.apply_sync(int)
    wait_until(lambda: len(segments(agent)) <= 5, "copies and results are let go")
    for _ in range(10):
        view.apply_sync(np.ones, 100_000)
        site.rc.purge_results("all")
        view.apply_sync(int)
    assert len(segments(agent)) <= 5


def segments(agent: Any) -> list[str]:
    return [path.name for folder in agent.folders for path in folder.iterdir()]


def test_their_comms_and_debugger_are_reached_through_the_agent(
    shared_site: Any, far: Any
) -> None:
    events: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
    view = shared_site.rc[far.targets[0]]
    talk = view.converse(
        lambda _cell, event: events.put(event),
        watch=lambda _who, event: events.put(event),
    )
    talk.run_cell(
        "import comm\n"
        "def opened(one, message): one.on_msg(lambda m: one.send({}, buffers=[b'x']))\n"
        "comm.get_comm_manager().register_target('far', opened)"
    ).get(timeout=PATIENCE)
    opening = {"comm_id": "a", "target_name": "far", "data": {}}
    talk.send_comm("comm_open", opening).get(timeout=PATIENCE)

    talk.send_comm("comm_msg", {"comm_id": "a", "data": {}}).get(timeout=PATIENCE)
    while (said := events.get(timeout=PATIENCE))[0] != "comm":
        pass
    talk.ask_debug().get(timeout=PATIENCE)
    busy = view.apply_async(time.sleep, 0.5)
    talk.say_debug("1", {"command": "debugInfo", "seq": 1})
    while (reply := events.get(timeout=PATIENCE))[0] != "debug_reply":
        pass

    assert said == ["comm", "comm_msg", {"data": {}, "comm_id": "a"}, {}, [b"x"]]
    assert reply[2]["body"]["isStarted"] is False
    busy.get(timeout=PATIENCE)
    talk.close()
