"""Cluster and ClusterManager, with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.launchers.cluster import Cluster
from ipcluster.launchers.launcher import EngineSetLauncher, choose
from ipcluster.launchers.local import LocalEngineSetLauncher
from ipcluster.launchers.manager import ClusterManager
from ipcluster.launchers.processes import marked
from ipcluster.wire.errors import ClusterError, LaunchError
from ipcluster.wire.places import ClusterPlace

cluster = pytest.mark.cluster


def until(reached: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def assert_gone(place: ClusterPlace) -> None:
    assert marked(place.folder) == []
    assert not place.folder.exists()
    assert not place.segment_folder.exists()


def test_a_cluster_gets_a_name_of_its_own() -> None:
    one, two = Cluster(), Cluster()

    assert one.cluster_id
    assert one.cluster_id != two.cluster_id
    assert Cluster(cluster_id="").cluster_id == ""


def test_the_profile_folder_can_be_named(tmp_path: Path) -> None:
    made = Cluster(profile_dir=str(tmp_path / "profile_x"), cluster_id="c")

    assert (made.profile, made.cluster_id) == ("x", "c")
    assert made.cluster_file == str(tmp_path / "profile_x" / "cluster_c/cluster.json")


def test_launchers_are_chosen_by_name_or_class() -> None:
    kinds, default = EngineSetLauncher.kinds, LocalEngineSetLauncher

    assert choose("local", kinds, default) is LocalEngineSetLauncher
    assert choose(None, kinds, default) is LocalEngineSetLauncher
    assert Cluster(engines=LocalEngineSetLauncher).engine_launcher_class is default
    with pytest.raises(ValueError, match="no launcher 'warp'; there are: local"):
        Cluster(engines="warp")


def test_a_description_makes_an_equal_cluster() -> None:
    made = Cluster(n=3, profile="p", cluster_id="c")

    again = Cluster.from_dict(made.to_dict())

    assert again.to_dict() == made.to_dict()
    assert (again.place, again.n, again.controller) == (made.place, 3, None)


def test_there_is_no_file_of_a_cluster_that_never_was() -> None:
    with pytest.raises(FileNotFoundError, match="no cluster at"):
        Cluster.from_file(cluster_id="none")


def test_stopping_what_was_not_started_stops_nothing() -> None:
    Cluster(cluster_id="").stop_cluster_sync()


def test_a_negative_number_of_engines_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Cluster(n=-1).start_cluster_sync()


def test_the_manager_keeps_clusters_by_key() -> None:
    manager = ClusterManager()
    key, one = manager.new_cluster(cluster_id="a")
    other_key, _ = manager.new_cluster(cluster_id="a", profile="p")

    assert (key, other_key) == ("a", "p:a")
    assert manager.get_cluster("a") is one
    manager.remove_cluster("a")
    with pytest.raises(KeyError):
        manager.get_cluster("a")
    with pytest.raises(KeyError):
        manager.remove_cluster("a")


def test_the_manager_can_make_default_clusters(ipcluster_dir: Path) -> None:
    manager = ClusterManager()

    assert manager.load_clusters(profile="p") == {}
    loaded = manager.load_clusters(profiles=["p"], init_default_clusters=True)

    assert [(one.profile, one.cluster_id) for one in loaded.values()] == [("p", "")]


@cluster
def test_a_forked_child_that_leaves_the_block_stops_nothing() -> None:
    parent = os.getpid()
    try:
        with Cluster(n=1) as client:
            child = os.fork()
            if child == 0:
                sys.exit(0)
            os.waitpid(child, 0)
            assert client[0].apply_sync(len, "abc") == 3
    finally:
        if os.getpid() != parent:
            os._exit(0)


@cluster
def test_with_gives_a_connected_client_and_stops_everything() -> None:
    made = Cluster(n=2)

    with made as client:
        assert len(client.ids) == 2
        assert client.cluster is made
        assert len(set(client[:].apply_sync(os.getpid))) == 2

    assert_gone(made.place)


@cluster
def test_async_with_does_the_same() -> None:
    async def main() -> ClusterPlace:
        async with Cluster(n=1) as client:
            assert client.ids == [0]
            # As in a notebook: a blocking call while this loop runs.
            client.cluster.start_engines_sync(1)
            assert client.wait_for_engines(2, timeout=10) is not False
            place: ClusterPlace = client.cluster.place
        return place

    assert_gone(asyncio.run(main()))


@cluster
def test_engine_sets_come_go_and_are_replaced() -> None:
    made = Cluster()
    made.start_cluster_sync(n=1)
    try:
        name = made.start_engines_sync(2, "more")
        assert name == "more"
        assert made.engines["more"].engines == {1, 2}

        made.stop_engine_sync(1)
        made.restart_engine_sync(2)
        assert made.engines["more"].engines == {3}
        made.restart_engines_sync()
        assert made.engines.ids == {4, 5}
        with pytest.raises(ClusterError, match=r"no engine 9; there are: \[4, 5\]"):
            made.stop_engine_sync(9)
        with pytest.raises(ClusterError, match="no engine set 'less'; there are: "):
            made.stop_engines_sync("less")

        made.stop_engines_sync("more")
        assert made.engines.ids == {4}
    finally:
        made.stop_cluster_sync()
    assert_gone(made.place)


@cluster
def test_an_engine_can_be_signalled() -> None:
    with Cluster(n=2) as client:
        client.cluster.signal_engine_sync(signal.SIGKILL, 0)

        until(lambda: list(client.ids) == [1], "engine 0 has left")


@cluster
def test_another_process_takes_over_from_the_file() -> None:
    made = Cluster(n=2, shutdown_atexit=False, cluster_id="")
    made.start_cluster_sync()
    made.start_engines_sync(1, "more")

    again = Cluster.from_file()
    assert again.cluster_id == ""
    assert again.engines.ids == {0, 1, 2}
    assert again.engines["more"].engines == {2}
    (loaded,) = ClusterManager().load_clusters().values()
    assert loaded.place == made.place
    again.stop_cluster_sync()

    assert_gone(made.place)
    made.stop_cluster_sync()


@cluster
def test_a_controller_that_cannot_start_is_an_error_with_its_output() -> None:
    made = Cluster(n=1, controller_args=["--bogus"])

    with pytest.raises(LaunchError, match="--bogus") as failed:
        made.start_cluster_sync()

    assert failed.value.exit_code == 2
    assert "unrecognized arguments" in failed.value.output
    assert made.controller is None
    assert_gone(made.place)


@cluster
def test_engines_that_do_not_come_in_time_are_an_error() -> None:
    made = Cluster(n=2, engine_timeout=0.01)

    with pytest.raises(LaunchError, match="of 2 engines answer after"):
        made.start_cluster_sync()

    assert_gone(made.place)


@cluster
def test_tasks_can_connect_to_their_own_cluster() -> None:
    def own_id() -> Any:
        return os.environ["IPCLUSTER_ID"], os.environ.get("COLOUR")

    with Cluster(n=1, environment={"COLOUR": "blue"}) as client:
        found = client[:].apply_sync(own_id)

        assert found == [(client.cluster.cluster_id, "blue")]


@cluster
@pytest.mark.parametrize("ending", ["pass", "os.kill(os.getpid(), 9)", "1/0"])
def test_it_ends_with_the_python_that_started_it(ending: str) -> None:
    code = (
        "import os, ipcluster\n"
        "c = ipcluster.Cluster(n=1, cluster_id='x')\n"
        "rc = c.start_and_connect_sync()\n"
        f"{ending}\n"
    )

    subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)

    place = ClusterPlace("default", "x")
    until(lambda: not marked(place.folder), "all processes end")
    until(lambda: not place.folder.exists(), "all files go")
    assert_gone(place)


@cluster
def test_it_outlives_the_python_that_started_it_if_asked_to() -> None:
    code = (
        "import ipcluster\n"
        "c = ipcluster.Cluster(n=1, cluster_id='x', shutdown_atexit=False)\n"
        "c.start_cluster_sync()\n"
    )

    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    again = Cluster.from_file(cluster_id="x")
    assert again.engines.ids == {0}
    again.stop_cluster_sync()
    assert_gone(again.place)
