"""What every test gets: folders of its own, and a check that it left nothing behind.

`IPCLUSTER_DIR` and `XDG_RUNTIME_DIR` point to new folders for each test, so no test
sees the clusters of whoever runs it, or of another test. Processes of a cluster are
known by the `IPCLUSTER_DIR` in their environment even when they were daemonized.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ipcluster.wire.places import all_clusters

# Seconds that processes get to end after a test: they were told to, a loaded machine
# may need a moment until they have.
ENDING = 5.0

SHARED_MEMORY = Path("/dev/shm")


def pytest_configure() -> None:
    """As in a foreground: behind `&` a shell has SIGINT ignored, for children too."""
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what takes services of the machine, unless somebody asks for it."""
    if "service" in str(config.getoption("markexpr")):
        return
    reason = "only with `python -m pytest -m service`, as root (see CONTRIBUTING.md)"
    for item in items:
        if item.get_closest_marker("service") is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


_segments_at_start: pytest.StashKey[set[Path]] = pytest.StashKey()


def pytest_sessionstart(session: pytest.Session) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        session.config.stash[_segments_at_start] = segment_folders()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of all workers together no segment may be left, where nobody else makes any."""
    if "CI" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
        return
    before = session.config.stash[_segments_at_start]
    left = segment_folders() - before
    if left:
        print(f"\nleft behind: {sorted(map(str, left))}", file=sys.stderr)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class Folders:
    """One place for a cluster's folders, with a path short enough for sockets.

    A Unix socket's path has at most 107 bytes, pytest's `tmp_path` is often longer.
    """

    def __init__(self) -> None:
        short = Path("/tmp")
        self.root = Path(
            tempfile.mkdtemp(prefix="ipt-", dir=short if short.is_dir() else None)
        )
        self.clusters = self.root / "c"
        self.run = self.root / "r"
        self.clusters.mkdir(mode=0o700)
        self.run.mkdir(mode=0o700)

    def use(self, patch: pytest.MonkeyPatch) -> None:
        patch.setenv("IPCLUSTER_DIR", str(self.clusters))
        patch.setenv("XDG_RUNTIME_DIR", str(self.run))
        patch.delenv("IPCLUSTER_PROFILE", raising=False)
        patch.delenv("IPCLUSTER_ID", raising=False)
        patch.delenv("VIRTUAL_ENV", raising=False)  # of who runs the tests

    def processes(self) -> list[psutil.Process]:
        """Those started under these folders, daemons included."""
        return [p for p in psutil.process_iter() if self._owns(p)]

    def _owns(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        try:
            owner = process.environ().get("IPCLUSTER_DIR")
        except psutil.Error:  # another user's, or it has just ended
            return False
        return bool(owner == str(self.clusters))

    def sockets(self) -> list[Path]:
        return [path for path in self.run.rglob("*") if path.is_socket()]

    def remove(self) -> None:
        # Their segments lie outside of the root.
        for place in all_clusters(self.clusters):
            place.remove()
        shutil.rmtree(self.root, ignore_errors=True)


def segment_folders() -> set[Path]:
    return set(SHARED_MEMORY.glob(f"ipcluster-{os.getuid()}-*"))


def end(processes: list[psutil.Process]) -> list[str]:
    """Wait for `processes` to end, kill the rest, and say which those were."""
    _, alive = psutil.wait_procs(processes, timeout=ENDING)
    left = [describe(process) for process in alive]
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=ENDING)
    return left


def describe(process: psutil.Process) -> str:
    try:
        return f"process {process.pid}: {' '.join(process.cmdline())}"
    except psutil.Error:
        return f"process {process.pid}"


def children() -> set[psutil.Process]:
    # multiprocessing keeps one process for itself as long as its parent lives.
    return {
        child
        for child in psutil.Process().children(recursive=True)
        if "multiprocessing.resource_tracker" not in describe(child)
    }


@pytest.fixture(scope="session", autouse=True)
def session_folders() -> Iterator[Folders]:
    """Folders for what outlives one test, as clusters of a whole module do."""
    folders = Folders()
    with pytest.MonkeyPatch.context() as patch:
        folders.use(patch)
        yield folders
        left = end([*children(), *folders.processes()])
    left += [f"socket {path}" for path in folders.sockets()]
    folders.remove()
    assert not left, f"left behind by the session: {left}"


@pytest.fixture(autouse=True)
def ipcluster_dir(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    session_folders: Folders,
) -> Iterator[Path]:
    """The folder of this test's clusters, set in the environment.

    For tests marked `cluster` it fails when one is gone and a process, a socket or a
    folder of shared memory is left.
    """
    folders = Folders()
    folders.use(monkeypatch)
    if request.node.get_closest_marker("cluster") is None:
        yield folders.clusters
        folders.remove()
        return

    children_before, segments_before = children(), segment_folders()
    yield folders.clusters
    # A cluster of the whole module may have restarted an engine meanwhile.
    outlive = children_before | set(session_folders.processes())
    left = end(list({*children(), *folders.processes()} - outlive))
    left += [f"socket {path}" for path in folders.sockets()]
    folders.remove()
    # Other runs on this machine make such folders too; CI has it for itself. A cluster
    # of the whole module may be busy with its own, or another worker of this run.
    is_alone = "CI" in os.environ and "PYTEST_XDIST_WORKER" not in os.environ
    if is_alone and not session_folders.processes():
        left += [f"folder {path}" for path in segment_folders() - segments_before]
    assert not left, f"left behind: {left}"
