"""A cluster over several hosts: work, and what a network does to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.service, pytest.mark.cluster]

# Soon enough for a test, and long beside the second that a loaded machine may take.
HURRIED = ("--silence=3", "--grace=2")


# --- what clients do; each runs on a host ---------------------------------------------


def work_everywhere(ticket: str, engines: int) -> dict[str, Any]:
    import platform

    import numpy as np

    from ipcluster.client.client import Client

    with Client(ticket) as rc:
        rc.wait_for_engines(engines, timeout=20)
        view, balanced = rc[:], rc.load_balanced_view()
        array = np.arange(300_000 * engines, dtype=float).reshape(-1, 3)
        view.scatter("part", array, block=True)
        view.execute("part *= 2", block=True)
        gathered = view.gather("part", block=True)
        printed = view.apply_async(print, "hello")
        printed.get(timeout=20)
        return {
            "local": rc.connection.is_local,
            "hosts": view.apply_sync(platform.node),
            "told": [rc.roster.known[one].host for one in rc.ids],
            "map": balanced.map_sync(lambda x: x * x, range(500))
            == [x * x for x in range(500)],
            "broadcast": view.apply_sync(np.sum, array) == [array.sum()] * engines,
            "gathered": bool((gathered == array * 2).all()),
            "stdout": printed.stdout,
        }


def work_through_a_cut(ticket: str, go: str, begun: str, engines: int) -> Any:
    """Tasks queued and running, and arrays on their way, while nothing gets through."""
    import os
    import time

    import numpy as np

    from ipcluster.client.client import Client

    def hold(number: int) -> int:
        open(f"{begun}-{os.getpid()}", "w").close()
        while not os.path.exists(go):
            time.sleep(0.005)
        print("task", number)
        with open(f"{go}.ran", "a") as file:
            file.write(f"{number}\n")
        return number

    with Client(ticket) as rc:
        rc.wait_for_engines(engines, timeout=20)
        far = rc.load_balanced_view(rc.ids[1:])
        tasks = [far.apply_async(hold, i) for i in range(60)]
        array = np.arange(2_000_000, dtype=float)
        arrays = [rc[one].apply_async(lambda x: x * 2, array) for one in rc.ids]
        numbers = [one.get(timeout=35) for one in tasks]
        for one in arrays:
            assert (one.get(timeout=35) == array * 2).all()
        output = [one.stdout for one in tasks]
        return numbers, output, rc.ids


def wait_and_see(ticket: str, begun: str, engines: int) -> tuple[str, list[int]]:
    """What becomes of a task on the last engine, and who is there then."""
    import time

    from ipcluster.client.client import Client

    def sleep() -> None:
        open(begun, "w").close()
        time.sleep(1000)

    with Client(ticket) as rc:
        rc.wait_for_engines(engines, timeout=20)
        last = rc.ids[-1]
        rc[last].push({"kept": 7}, block=True)
        error = rc[last].apply_async(sleep).exception(timeout=35)
        elsewhere = rc.load_balanced_view().apply_sync(len, "abc")
        assert elsewhere == 3
        return f"{type(error).__name__}: {error}", rc.ids


def pull_from_the_last(ticket: str, name: str, engines: int) -> Any:
    from ipcluster.client.client import Client

    with Client(ticket) as rc:
        rc.wait_for_engines(engines, timeout=20)
        return rc.ids[-1], rc[rc.ids[-1]].pull(name, block=True)


# --- tests ----------------------------------------------------------------------------


def wait_for(*paths: Path) -> None:
    deadline = time.monotonic() + 30
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline, paths
        time.sleep(0.005)


def wait_for_one(folder: Path, pattern: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(list(folder.glob(pattern))) < count:
        assert time.monotonic() < deadline, pattern
        time.sleep(0.005)


@pytest.mark.parametrize("where", ["h1", "h4"])
def test_engines_of_several_hosts_do_all_kinds_of_work(
    spread: Callable[..., Any], where: str
) -> None:
    cluster = spread("-n1")
    cluster.agent("h2")
    cluster.agent("h3")

    found = cluster.client(where, work_everywhere, 5).get()

    hosts = ["h1", "h2", "h2", "h3", "h3"]
    assert found == {
        "local": where == "h1",
        "hosts": hosts,
        "told": hosts,
        "map": True,
        "broadcast": True,
        "gathered": True,
        "stdout": ["hello\n"] * 5,
    }


@pytest.mark.parametrize("host", ["h2", "h4"])
def test_a_cut_of_two_seconds_loses_nothing(
    spread: Callable[..., Any], tmp_path: Path, host: str
) -> None:
    """Between the controller and an agent, or a client."""
    cluster = spread("-n1")
    cluster.agent("h2")
    go, begun = tmp_path / "go", tmp_path / "begun"
    arguments = (str(go), str(begun), 3)
    working = cluster.client("h4", work_through_a_cut, *arguments)
    wait_for_one(tmp_path, "begun-*", 2)

    cluster.network[host].cut()
    go.touch()
    time.sleep(2.0)  # this is how long the cut is
    cluster.network[host].heal()

    numbers, output, ids = working.get()
    assert numbers == list(range(60))
    assert output == [f"task {i}\n" for i in range(60)]
    assert sorted(map(int, Path(f"{go}.ran").read_text().split())) == numbers
    assert ids == [0, 1, 2]


@pytest.mark.parametrize(("host", "kind"), [("h2", "agent"), ("h4", "client")])
def test_a_cut_that_the_controller_has_noticed_loses_nothing(
    spread: Callable[..., Any], tmp_path: Path, host: str, kind: str
) -> None:
    """It has closed the connection, and neither given up the host nor the session."""
    cluster = spread("-n1", "--silence=2", "--grace=30")
    cluster.agent("h2")
    go, begun = tmp_path / "go", tmp_path / "begun"
    arguments = (str(go), str(begun), 3)
    working = cluster.client("h4", work_through_a_cut, *arguments)
    wait_for_one(tmp_path, "begun-*", 2)

    cluster.network[host].cut()
    go.touch()
    cluster.await_log(rf"{kind} \d+ disconnected")
    cluster.network[host].heal()

    numbers, output, ids = working.get()
    assert numbers == list(range(60))
    assert output == [f"task {i}\n" for i in range(60)]
    assert sorted(map(int, Path(f"{go}.ran").read_text().split())) == numbers
    assert ids == [0, 1, 2]


def test_a_host_that_stays_away_is_given_up_and_may_come_back(
    spread: Callable[..., Any], tmp_path: Path
) -> None:
    cluster = spread("-n1", *HURRIED)
    cluster.agent("h2", 1)
    begun = tmp_path / "begun"
    waiting = cluster.client("h1", wait_and_see, str(begun), 2)
    wait_for(begun)

    cluster.network["h2"].cut()

    error, ids = waiting.get()
    assert "EngineError" in error
    assert "engine 1 on h2 ended" in error
    assert "the agent of its host h2 has ended or cannot be reached" in error
    assert ids == [0]
    cluster.network["h2"].heal()
    # Its engine is still in that task, and interrupted when the agent takes it up.
    assert cluster.agents["h2"].poll() is None
    cluster.await_log("engine 2 registered from h2")


def test_a_host_that_comes_back_brings_its_variables(
    spread: Callable[..., Any], tmp_path: Path
) -> None:
    cluster = spread("-n1", *HURRIED)
    cluster.agent("h2", 1)
    cluster.client("h1", push_to_the_last, "kept", 7, 2).get()

    cluster.network["h2"].cut()
    cluster.client("h1", wait_until_gone, 1).get()
    cluster.network["h2"].heal()
    cluster.await_log("engine 2 registered from h2")

    assert cluster.client("h1", pull_from_the_last, "kept", 2).get() == (2, 7)


def push_to_the_last(ticket: str, name: str, value: Any, engines: int) -> None:
    from ipcluster.client.client import Client

    with Client(ticket) as rc:
        rc.wait_for_engines(engines, timeout=20)
        rc[rc.ids[-1]].push({name: value}, block=True)


def wait_until_gone(ticket: str, engine: int) -> None:
    import time

    from ipcluster.client.client import Client

    deadline = time.monotonic() + 30
    with Client(ticket) as rc:
        while engine in rc.ids:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def send_array(ticket: str, engine: int) -> str:
    import numpy as np

    from ipcluster.client.client import Client

    with Client(ticket) as rc:
        result = rc[engine].apply_async(np.sum, np.zeros(4_000_000))
        return str(result.exception(timeout=35))


def test_a_host_is_missed_also_while_much_is_on_its_way_to_it(
    spread: Callable[..., Any], tmp_path: Path
) -> None:
    """Heartbeats wait behind what the network does not take."""
    cluster = spread("-n1", "--debug", *HURRIED)
    lost = cluster.agent("h2", 1)
    cluster.head.slow_down("20mbit")
    sending = cluster.client("h1", send_array, 1)
    cluster.await_log(r"to agent \d+: chunk ", 4)  # megabytes, of which few have come

    lost.cut()
    began = time.monotonic()

    assert "the agent of its host h2 has ended or cannot be reached" in sending.get()
    assert time.monotonic() - began < 15


def test_a_power_cut_of_a_host_costs_its_engines_alone(
    spread: Callable[..., Any], tmp_path: Path
) -> None:
    cluster = spread("-n1", *HURRIED)
    cluster.agent("h3")
    lost = cluster.agent("h5", 1)
    begun = tmp_path / "begun"
    waiting = cluster.client("h1", wait_and_see, str(begun), 4)
    wait_for(begun)

    lost.power_off()

    error, ids = waiting.get()
    assert "engine 3 on h5 ended" in error
    assert "the agent of its host h5 has ended or cannot be reached" in error
    assert ids == [0, 1, 2]
