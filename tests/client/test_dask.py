"""Engines as Dask workers, with the real Dask.

In the extra `dask`, which `.ci/run` installs; without it these tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytest.importorskip(
    "distributed", reason="Dask is not installed: pip install 'ipcluster[dask]'"
)

pytestmark = pytest.mark.cluster

PATIENCE = 60.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two engines; Dask's files go to a folder of the tests."""
    folder = str(tmp_path_factory.mktemp("dask"))
    environment = {"DASK_TEMPORARY_DIRECTORY": folder}
    with ipp.Cluster(n=2, environment=environment) as rc:
        yield rc.cluster


@pytest.fixture
def rc(cluster: Any) -> Iterator[Client]:
    """A client; afterwards nothing of Dask may be left on the engines."""
    client: Client = cluster.connect_client_sync()
    client.wait_for_engines(2, timeout=PATIENCE)
    yield client
    client.stop_dask()
    for pid in pids(client):
        children = psutil.Process(pid).children(recursive=True)
        left = [one for one in children if "resource_tracker" not in str(one.cmdline())]
        assert left == []
    threads = client[:].apply_sync(lambda: [t.name for t in threading.enumerate()])
    assert "Dask" not in str(threads)
    client.close()


def pids(rc: Client) -> list[int]:
    found: list[int] = rc[:].apply_sync(os.getpid)
    return found


def test_engines_are_workers_and_go_on_as_engines(rc: Client) -> None:
    dask = rc.become_dask()

    workers = dask.scheduler_info()["workers"].values()
    assert sorted(worker["name"] for worker in workers) == ["engine-0", "engine-1"]
    assert [worker["nthreads"] for worker in workers] == [1, 1]
    assert set(dask.run(os.getpid).values()) == set(pids(rc))
    squares = dask.map(lambda x: x * x, range(20))
    assert dask.submit(sum, squares).result(timeout=PATIENCE) == 2470
    assert dask.submit(print, "from a Dask task").result(timeout=PATIENCE) is None
    assert rc[:].apply_sync(lambda: 1) == [1, 1]

    rc.stop_dask()

    assert dask.status == "closed"
    assert rc[:].apply_sync(lambda: 2) == [2, 2]


def test_what_dask_sends_is_encrypted_and_stays_here(rc: Client) -> None:
    dask = rc.become_dask(port=0)

    workers = list(dask.scheduler_info()["workers"])
    for address in (dask.scheduler.address, *workers):
        assert address.startswith("tls://127.0.0.1:")
    listening = {
        connection.laddr.ip
        for pid in pids(rc)
        for process in (psutil.Process(pid), *psutil.Process(pid).children())
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_second_client_joins_and_may_end_it(rc: Client, cluster: Any) -> None:
    dask = rc.become_dask(targets=[0], nthreads=2)
    assert list(dask.nthreads().values()) == [2]

    with cluster.connect_client_sync() as other:
        more = other.become_distributed(targets=[1])
        assert more.scheduler.address == dask.scheduler.address
        assert sorted(more.nthreads().values()) == [1, 2]

        other.stop_distributed(targets=[0])
        assert list(more.nthreads().values()) == [1]
        assert more.submit(os.getpid).result(timeout=PATIENCE) == pids(rc)[1]

        other.stop_dask()
        assert more.status == "closed"
    dask.close()


def test_workers_may_be_processes_of_their_own(rc: Client) -> None:
    dask = rc.become_dask(targets=[0], nanny=True)

    (worker,) = dask.run(os.getpid).values()

    assert psutil.Process(pids(rc)[0]) in psutil.Process(worker).parents()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"no_such_option": 1}, "no Dask worker: .*no_such_option"),
        (
            {"scheduler_args": {"no_such_option": 1}},
            "no Dask scheduler: (.|\n)*no_such",
        ),
    ],
)
def test_what_does_not_start_leaves_nothing(
    rc: Client, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RuntimeError, match=reason) as caught:
        rc.become_dask(**arguments)

    assert isinstance(caught.value, ipp.RemoteError)
    # The fixture looks for what is left; and it can be tried again.
    assert rc.become_dask().submit(abs, -1).result(timeout=PATIENCE) == 1


def test_stopping_what_does_not_run_is_harmless(rc: Client) -> None:
    rc.stop_dask()
    rc.stop_dask(targets=[0])


def test_an_engine_without_dask_says_what_to_install(rc: Client) -> None:
    rc[0].execute(
        "import sys; dask = sys.modules.pop('distributed', None)\n"
        "sys.modules['distributed'] = None",
        block=True,
    )

    try:
        with pytest.raises(ipp.CompositeError) as caught:
            rc.become_dask()
        assert "pip install 'ipcluster[dask]'" in str(caught.value)
        assert "engine 0" in str(caught.value)
    finally:
        rc[0].execute(
            "sys.modules.pop('distributed')\n"
            "if dask is not None: sys.modules['distributed'] = dask",
            block=True,
        )


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DASK_TEMPORARY_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_a_cluster_that_ends_takes_dask_along(tmp_path: Path) -> None:
    done = run(
        "import ipcluster as ipp\n"
        "with ipp.Cluster(n=2) as rc:\n"
        "    dask = rc.become_dask()\n"
        "    print(dask.submit(abs, -1).result())\n"
        "print(dask.status)\n",
        tmp_path,
    )

    assert (done.stdout, done.stderr) == ("1\nclosed\n", "")


def test_a_client_without_dask_says_what_to_install(tmp_path: Path) -> None:
    done = run(
        "import sys; sys.modules['distributed'] = None\n"
        "from ipcluster.client.dask_bridge import DaskBridge\n"
        "DaskBridge().become_dask()",
        tmp_path,
    )

    assert done.stderr.endswith(
        "ModuleNotFoundError: distributed is not installed: "
        "pip install 'ipcluster[dask]'\n"
    )
