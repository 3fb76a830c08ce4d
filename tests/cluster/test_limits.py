"""Limits of the system that are reached while a cluster runs, and frozen processes."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client
from ipcluster.launchers.ended import stop_cluster
from ipcluster.wire.places import ClusterPlace

pytestmark = pytest.mark.cluster

Own = Callable[..., Client]


def limit_descriptors(process: psutil.Process, more: int) -> None:
    """It may open so many more than it has."""
    _, hard = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + more, hard))


def controller_of(client: Client) -> psutil.Process:
    state = client.cluster.place.read_state()
    assert state is not None
    return psutil.Process(state.pid)


@pytest.mark.parametrize("words", [(), ("--spawn",)])
def test_engines_that_cannot_be_started_cost_no_other(
    own: Own, keeper_of: Any, words: tuple[str, ...]
) -> None:
    rc = own(2, *words)
    before = rc[:].apply_sync(os.getpid)
    keeper = keeper_of(rc)
    limit_descriptors(keeper, 30)
    descriptors = keeper.num_fds()

    with pytest.raises(ipp.error.LaunchError, match=r"of 20 .*started: Too many"):
        rc.cluster.start_engines_sync(20)

    assert rc[:2].apply_sync(os.getpid) == before
    new = len(rc.ids) - 2
    assert 1 <= new < 20
    # What the one that failed had opened is closed.
    assert keeper.num_fds() == descriptors + 5 * new + (new if words else 0)


def test_a_controller_without_descriptors_goes_on(own: Own, wait_until: Any) -> None:
    rc = own(1)
    log = rc.cluster.place.log_folder / "controller.log"
    # Of the start itself: what it closes would be free again.
    wait_until(lambda: "client 1 disconnected" in log.read_text(), "the launcher left")
    limit_descriptors(controller_of(rc), 0)
    before = rc[0].apply_sync(os.getpid)

    rc.connection.ask("start_engines", {"n": 6})

    def count(text: str) -> int:
        return int(log.read_text().count(text))

    # One or two that it was just closing may have been counted, and found free again.
    refused = "no descriptor for the link"
    wait_until(lambda: len(rc.ids) - 1 + count(refused) == 6, "connected or not")
    assert count(refused) >= 4
    wait_until(lambda: count("ended before it answered") == count(refused), "ended")
    assert rc[0].apply_sync(os.getpid) == before
    known = len(rc.ids)
    limit_descriptors(controller_of(rc), 10)
    rc.cluster.start_engines_sync(1)
    rc.wait_for_engines(known + 1, timeout=20)
    assert len(rc.ids) == known + 1


def limited(most: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that may open so many files; hard, and half of it soft."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most // 2, most))

    return subprocess.run(
        [sys.executable, "-m", "ipcluster", *words],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limit,
        check=False,
    )


def test_a_start_that_needs_too_many_descriptors_says_so_at_once() -> None:
    ended = limited(120, "start", "-n", "60", "--daemonize", "--cluster-id", "c")

    assert ended.returncode == 1
    assert "engines could not be started: Too many open files" in ended.stderr
    assert not ClusterPlace("default", "c").folder.exists()


def test_we_use_what_the_system_gives_and_engines_what_the_user_has_set() -> None:
    place = ClusterPlace("default", "c")
    # 20 engines need 100 descriptors in the keeper, and the soft limit is 80.
    ended = limited(160, "start", "-n", "20", "--daemonize", "--cluster-id", "c")
    assert ended.returncode == 0, ended.stderr
    try:
        with Client(str(place.client_ticket)) as rc:
            limits = rc[:].apply_sync(resource.getrlimit, resource.RLIMIT_NOFILE)
    finally:
        stop_cluster(place)

    assert limits == [(80, 160)] * 20


@pytest.mark.parametrize("frozen", ["keeper", "controller", "engine", "all"])
def test_frozen_processes_are_stopped_in_order(
    own: Own, keeper_of: Any, frozen: str
) -> None:
    rc = own(1)
    engine = psutil.Process(rc[0].apply_sync(os.getpid))
    keeper, controller = keeper_of(rc), controller_of(rc)
    rc.close()
    for name, process in (
        ("engine", engine),
        ("keeper", keeper),
        ("controller", controller),
    ):
        if frozen in (name, "all"):
            process.send_signal(signal.SIGSTOP)

    ended = stop_cluster(rc.cluster.place)

    assert ended.was_running
    assert not ended.was_killed


def test_a_session_without_descriptors_cannot_connect_and_says_so(own: Own) -> None:
    rc = own(1)
    ticket = str(rc.cluster.place.client_ticket)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(2):
            os.close(taken.pop())

        with pytest.raises(ipp.error.ClusterError, match="Too many open files"):
            Client(ticket)
        assert rc[0].apply_sync(len, "abc") == 3
    finally:
        for fd in taken:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    Client(ticket).close()


NAMES = (
    *("client", "controller", "engines", "launchers", "shell", "wire", "error"),
    *("queue", "msgspec", "zmq", "psutil", "dill", "cryptography", "socket", "select"),
    *("random", "secrets", "json", "tempfile", "argparse", "logging", "subprocess"),
)


def test_files_of_the_user_are_the_users(tmp_path: Path) -> None:
    """Named as ours, the standard library's, or those we depend on."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"name = 'the user`s {name}'\n")
    place = ClusterPlace("default", "c")

    def ipcluster(*words: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "ipcluster", *words, "--cluster-id=c"],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    ipcluster("start", "-n=1", "--daemonize")
    try:
        ipcluster("engines", "-n=1")
        with Client(str(place.client_ticket)) as rc:

            def name_of(module: str) -> str:
                import importlib

                name: str = importlib.import_module(module).name
                return name

            async def wait() -> int:
                return 7

            assert rc[0].apply_sync(name_of, "client") == "the user`s client"
            assert rc[0].apply_sync(name_of, "queue") == "the user`s queue"
            assert rc[:].apply_sync(wait) == [7, 7]
            assert rc[:].apply_sync(bytes, 300_000) == [bytes(300_000)] * 2
            with pytest.raises(ZeroDivisionError):
                rc[0].apply_sync(lambda: 1 / 0)
        ipcluster("restart-engines")
        assert "2" in ipcluster("status")
    finally:
        ipcluster("stop")
    assert not place.folder.exists()
