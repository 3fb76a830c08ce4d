"""A start that is broken off, at every step of it: nothing stays behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.launchers.cluster import Cluster
from ipcluster.launchers.processes import marked
from ipcluster.wire.errors import LaunchError
from ipcluster.wire.places import ClusterPlace

pytestmark = pytest.mark.cluster

PATIENCE = 15.0

# How far the start has come when it is broken off.
STEPS: dict[str, Callable[[ClusterPlace], object]] = {
    "claimed": lambda place: (place.folder / "lock").exists(),
    "process": lambda place: (place.log_folder / "keeper.log").exists(),
    "ticket": lambda place: place.client_ticket.exists(),
    "state": lambda place: place.state_file.exists(),
}

# No start is ever complete: engines begin with a module that does not end.
ENDLESS = "import time\ntime.sleep(60)\n"

# Breaks off its own start by Ctrl-C, `again` times more while it cleans up.
SCRIPT = """
import os, signal, sys, threading, time
import ipcluster as ipp

cluster = ipp.Cluster(n=2, cluster_id="c", controller_args=["--preload=endless"])
seen, again = cluster.place.folder / sys.argv[1], int(sys.argv[2])

def press():
    while not seen.exists():
        time.sleep(0.0005)
    for _ in range(again + 1):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

threading.Thread(target=press).start()
try:
    START
except KeyboardInterrupt:
    print("interrupted", flush=True)
sys.stdin.read()
"""
STARTS = {
    "cluster": "cluster.start_cluster_sync()",
    "and_connect": "rc = cluster.start_and_connect_sync()",
    "with": "with cluster as rc: time.sleep(60)",
}
FILES = {"claimed": "lock", "ticket": "client.ticket", "state": "cluster.json"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterPlace:
    (tmp_path / "endless.py").write_text(ENDLESS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return ClusterPlace("default", "c")


def is_gone(place: ClusterPlace) -> bool:
    return not place.folder.exists() and not marked(place.folder)


def assert_gone(place: ClusterPlace) -> None:
    assert marked(place.folder) == []
    for folder in (place.folder, place.run_folder, place.segment_folder):
        assert not folder.exists(), folder


async def reached(step: Callable[[ClusterPlace], object], place: ClusterPlace) -> None:
    deadline = time.monotonic() + PATIENCE
    while not step(place):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.0005)


@pytest.mark.parametrize("step", STEPS)
def test_a_cancelled_start_leaves_nothing(step: str, place: ClusterPlace) -> None:
    async def cancelled() -> None:
        preload = ["--preload=endless"]
        cluster = Cluster(n=2, cluster_id="c", controller_args=preload)
        starting = asyncio.create_task(cluster.start_cluster())
        await reached(STEPS[step], place)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert cluster.controller is None
        assert_gone(place)

    asyncio.run(asyncio.wait_for(cancelled(), PATIENCE))


@pytest.mark.parametrize("again", [0, 2])
@pytest.mark.parametrize("how", STARTS)
@pytest.mark.parametrize("step", FILES)
def test_ctrl_c_in_the_midst_of_a_start_leaves_nothing(
    step: str, how: str, again: int, place: ClusterPlace, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("START", STARTS[how]))

    process = subprocess.Popen(
        [sys.executable, str(script), FILES[step], str(again)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    # It still runs: what it has started must have ended all the same.
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "interrupted\n"
        # Who presses again does not want to wait for the end of it.
        deadline = time.monotonic() + PATIENCE
        while again and time.monotonic() < deadline and not is_gone(place):
            time.sleep(0.01)
        assert_gone(place)
    finally:
        process.communicate("", timeout=PATIENCE)


def test_a_refused_start_leaves_the_running_cluster_alone(place: ClusterPlace) -> None:
    async def refused() -> None:
        running = Cluster(n=1, cluster_id="c")
        await running.start_cluster()
        for pause in (0.0, 0.001, 0.01, 0.05):
            starting = asyncio.create_task(Cluster(cluster_id="c").start_cluster())
            await asyncio.sleep(pause)
            starting.cancel()
            with pytest.raises((asyncio.CancelledError, LaunchError)):
                await starting
        assert running.controller is not None
        assert await running.controller.poll() is None
        await running.stop_cluster()

    asyncio.run(asyncio.wait_for(refused(), PATIENCE))
    assert_gone(place)


@pytest.mark.parametrize("step", ["process", "ticket", "state"])
def test_a_controller_that_is_told_to_end_while_it_starts_cleans_up(
    step: str, place: ClusterPlace
) -> None:
    module = "ipcluster.launchers.controller_app"
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--cluster-id=c", "-n2", "--preload=endless"]
    )
    deadline = time.monotonic() + PATIENCE
    while not STEPS[step](place):
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    process.terminate()

    assert process.wait(PATIENCE) in (0, 128 + signal.SIGTERM)
    assert_gone(place)


def test_a_controller_started_by_hand_has_a_log_and_its_place(
    place: ClusterPlace,
) -> None:
    command = [sys.executable, "-m", "ipcluster.launchers.controller_app"]
    log = place.log_folder / "controller.log"
    with subprocess.Popen([*command, "--cluster-id=c"]) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not (log.exists() and "listening on" in log.read_text()):
                assert time.monotonic() < deadline
                time.sleep(0.005)

            second = subprocess.run(
                [*command, "--cluster-id=c"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )

            assert second.returncode == 1
            assert f"already running (controller pid {process.pid}" in second.stderr
            assert log.exists()
        finally:
            process.terminate()
    assert_gone(place)
