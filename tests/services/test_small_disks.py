"""File systems that are full when a cluster starts, or become so while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client
from ipcluster.launchers.ended import stop_cluster
from ipcluster.wire.places import ClusterPlace

pytestmark = [pytest.mark.service, pytest.mark.cluster]


class Disk:
    """A file system of one megabyte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        words = ("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs")
        subprocess.run([*words, str(folder)], check=True)

    def fill(self) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def files(self) -> list[str]:
        return [
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.name != "filler"
        ]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount; run as root: python -m pytest -m service")
    disk = Disk(tmp_path)
    yield disk
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.fixture(params=["IPCLUSTER_DIR", "XDG_RUNTIME_DIR"])
def used(
    request: pytest.FixtureRequest, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Which of a cluster's folders is on that disk."""
    monkeypatch.setenv(request.param, str(disk.folder))
    name: str = request.param
    return name


def start(n: int) -> subprocess.CompletedProcess[str]:
    words = ("start", f"-n={n}", "--daemonize", "--cluster-id=c")
    return subprocess.run(
        [sys.executable, "-m", "ipcluster", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_start_on_a_full_disk_says_so_and_leaves_nothing(
    used: str, disk: Disk
) -> None:
    disk.fill()

    ended = start(1)

    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert str(disk.folder) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert disk.files() == []
    assert not ClusterPlace("default", "c").folder.exists()


def test_a_cluster_goes_on_when_its_disk_is_full(used: str, disk: Disk) -> None:
    np = pytest.importorskip("numpy")
    assert start(2).returncode == 0
    place = ClusterPlace("default", "c")
    try:
        disk.fill()
        with Client(str(place.client_ticket)) as rc:
            assert rc[:].apply_sync(np.sum, np.ones(100_000)) == [100_000] * 2
            with pytest.raises(ipp.error.EngineError):
                rc[0].apply_async(os._exit, 1).get(timeout=20)
            rc.connection.ask("start_engines", {"n": 1})
            rc.wait_for_engines(2, timeout=20)
            for _ in range(30):
                Client(str(place.client_ticket)).close()
            assert rc[:].apply_sync(len, "abc") == [3, 3]
    finally:
        ended = stop_cluster(place)

    assert ended.was_running
    assert not ended.was_killed
    assert disk.files() == []
