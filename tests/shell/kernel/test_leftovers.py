"""What kernels that were killed leave behind, and who removes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ipcluster.shell.kernel.leftovers import has_gone, sweep, whose

PATIENCE = 20.0


def ended() -> dict[str, Any]:
    """What a process said that is no more."""
    code = "from ipcluster.shell.kernel.leftovers import whose; import json"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(json.dumps(whose(None)))"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def parent_of(said: dict[str, Any]) -> dict[str, Any]:
    """The same process as who started a kernel."""
    return {
        name.replace("kernel", "parent"): said[name]
        for name in ("kernel_pid", "kernel_started")
    }


def test_who_has_gone_is_known() -> None:
    here, gone = whose(None), ended()

    assert not has_gone(here)
    assert has_gone(gone)
    assert has_gone(here | {"kernel_started": 1.0})  # the pid is another's now
    assert not has_gone(gone | parent_of(here))  # who may start it again
    assert has_gone(gone | parent_of(gone))


def test_what_cannot_be_known_counts_as_there() -> None:
    gone = ended()

    assert not has_gone({})
    assert not has_gone(gone | {"kernel_host": "elsewhere"})
    container = str(gone["kernel_boot"]).partition(" ")[0] + " pid:[1]"
    assert not has_gone(gone | {"kernel_boot": container})
    assert has_gone(whose(None) | {"kernel_boot": "an-earlier-one pid:[1]"})


def test_files_of_kernels_that_have_gone_are_swept(tmp_path: Path) -> None:
    prefix = tmp_path / "kernel-1-ipc"
    ports = {"transport": "ipc", "ip": str(prefix), "shell_port": 1, "hb_port": 5}
    (tmp_path / "kernel-1-ipc-1").touch()
    for name, text in {
        "kernel-1.json": json.dumps(ended() | ports),
        "kernel-2.json": json.dumps(whose(None)),
        "kernel-3.json": json.dumps({"key": "of another kind"}),
        "kernel-4.json": "{ half a file",
        "kernel-5.json": "[]",
        "other.json": json.dumps(ended()),
    }.items():
        (tmp_path / name).write_text(text)

    sweep(str(tmp_path))
    sweep(str(tmp_path / "not there"))

    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*(f"kernel-{number}.json" for number in (2, 3, 4, 5)), "other.json"}


class ByHand:
    """`ipshell kernel`, without a word of where its file shall be."""

    def __init__(self, runtime: Path, home: Path) -> None:
        kept = {k: v for k, v in os.environ.items() if k != "JPY_PARENT_PID"}
        before = set(runtime.glob("kernel-*.json"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ipcluster.shell.kernel.app", "--quiet"],
            env=kept | {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(runtime)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(lambda: set(runtime.glob("kernel-*.json")) - before)
        [self.file] = set(runtime.glob("kernel-*.json")) - before
        self.pid = json.loads(self.file.read_text())["kernel_pid"]


def wait_until(test: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def by_hand(tmp_path: Path) -> Any:
    started: list[ByHand] = []
    runtime = tmp_path / "runtime"

    def start() -> ByHand:
        started.append(ByHand(runtime, tmp_path))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="a kernel dies with its supervisor")
def test_the_next_kernel_sweeps_what_a_killed_one_left(by_hand: Any) -> None:
    first = by_hand()
    kernel = psutil.Process(first.pid)
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait(PATIENCE)
    psutil.wait_procs([kernel], PATIENCE)
    assert first.file.exists()

    second = by_hand()

    wait_until(lambda: not first.file.exists())
    assert second.file.exists()


def test_the_supervisor_removes_the_file_of_a_kernel_that_crashed(by_hand: Any) -> None:
    kernel = by_hand()

    os.kill(kernel.pid, signal.SIGSEGV)

    kernel.process.wait(PATIENCE)
    assert not kernel.file.exists()
