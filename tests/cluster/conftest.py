"""Clusters for tests of the whole: real processes, real signals, real sockets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

# Seconds that anything in these tests may take before it counts as hanging.
PATIENCE = 20.0


def until(reached: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Look again and again for something that only the system can tell."""
    deadline = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)
    return found


class Flag:
    """A file that one process makes and another waits for. Travels to engines."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def set(self) -> None:
        with open(self.path, "w"):
            pass

    def is_set(self) -> bool:
        return os.path.exists(self.path)

    def wait(self, seconds: float = PATIENCE) -> bool:
        deadline = time.monotonic() + seconds
        while not os.path.exists(self.path):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody made {self.path}")
            time.sleep(0.002)
        return True


@pytest.fixture
def flag(tmp_path: Path) -> Callable[[str], Flag]:
    """Makes flags by name."""
    return lambda name: Flag(tmp_path / name)


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    """Two engines for a whole module."""
    with ipp.Cluster(n=2) as rc:
        yield rc.cluster


@pytest.fixture
def rc(shared: Any) -> Iterator[Client]:
    """A client of its own for each test; afterwards all engines must still answer."""
    client: Client = shared.connect_client_sync()
    client.wait_for_engines(2, timeout=PATIENCE)
    ids = client.ids
    client[:].clear(block=True)
    yield client
    assert client.ids == ids
    assert client[:].apply_async(int).get(timeout=PATIENCE) == [0] * len(ids)
    assert not client.outstanding
    client.close()


@pytest.fixture
def own() -> Iterator[Callable[..., Client]]:
    """Makes a cluster for one test, which may break it."""
    clusters: list[Any] = []

    def make(n: int = 2, *words: str) -> Client:
        cluster = ipp.Cluster(n=n, controller_args=words)
        clusters.append(cluster)
        client: Client = cluster.start_and_connect_sync()
        clusters.append(client)
        return client

    yield make
    for one in reversed(clusters):
        if isinstance(one, Client):
            one.close()
        else:
            one.stop_cluster_sync()


@pytest.fixture
def keeper_of() -> Callable[[Client], psutil.Process]:
    """The keeper's process of a cluster: the parent of its engines."""

    def find(client: Client) -> psutil.Process:
        pid = client[client.ids[0]].apply_sync(os.getppid)
        return psutil.Process(pid)

    return find
