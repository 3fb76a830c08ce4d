"""Consoles at real terminals, on engines and on kernels."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

PATIENCE = 20.0


class Kernel:
    """A kernel that somebody else has started."""

    def __init__(self, shells: Any) -> None:
        self.file = Path(shells.home, ".local/share/jupyter/runtime/kernel-abc.json")
        self.environment = shells.environment | {"HOME": str(shells.home)}
        self.folder = shells.work
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "ipcluster.shell.kernel.app",
                "-f",
                str(self.file),
                "--quiet",
            ],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not self.file.exists():
            assert self.process.poll() is None
            assert time.monotonic() < deadline, "no connection file"
            time.sleep(0.01)

    def kill(self) -> None:
        """As the system does that has no memory left."""
        for child in psutil.Process(self.process.pid).children():
            child.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)


@pytest.fixture
def kernel(shells: Any) -> Iterator[Kernel]:
    found = Kernel(shells)
    yield found
    found.end()


@pytest.fixture
def start(shells: Any) -> Callable[..., Any]:
    """Starts `ipshell console` with these options at a terminal of its own."""

    def run(*options: str, **environment: str) -> Any:
        command = [sys.executable, "-m", "ipcluster.shell.terminal.app", "console"]
        return shells.run([*command, *options], **environment)

    return run


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    """Two engines for a whole module."""
    with ipp.Cluster(n=2) as rc:
        yield rc.cluster


@pytest.fixture
def rc(shared: Any) -> Iterator[Client]:
    with shared.connect_client_sync() as client:
        client.wait_for_engines(2, timeout=20)
        client[:].clear(block=True)
        yield client


@pytest.fixture
def engine(shared: Any, start: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a console on an engine; returns when it shows a prompt."""

    def run(number: int, **environment: str) -> Any:
        ticket = str(shared.place.client_ticket)
        options = ("--cluster", ticket, "--engine", str(number))
        terminal = start(*options, **environment)
        terminal.wait_for(f"engine {number} of cluster")
        terminal.wait_until(
            lambda: terminal.line.startswith("In [") and terminal.line.endswith("]:"),
            "a prompt",
        )
        return terminal

    return run
