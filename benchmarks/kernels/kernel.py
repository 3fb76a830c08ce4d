"""A kernel in a process of its own, and the two that there are."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.kernels.client import Client
from benchmarks.shells.shell import environment
from benchmarks.systems.system import System


class Kernel(System):
    """A kernel, as Jupyter's programs start it."""

    module: ClassVar[str]
    """What its kernel spec runs."""

    @contextmanager
    def running(self) -> Iterator[Session]:
        """A kernel that has answered."""
        session = Session(self.module)
        try:
            yield session
        finally:
            session.end()


class Session:
    """A started kernel, its client, and how long it took to answer."""

    def __init__(self, module: str) -> None:
        folder = Path(tempfile.mkdtemp(prefix="k-", dir=environment()["HOME"]))
        file = folder / "kernel.json"
        connection = _connection()
        file.write_text(json.dumps(connection))
        self.client = Client(connection)
        began = time.perf_counter()
        self.client.send("kernel_info_request", {})
        self.process = subprocess.Popen(
            _command(module, file),
            cwd=folder,
            env={**environment(), "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.client.reply()
        self.seconds = time.perf_counter() - began

    def end(self) -> None:
        self.client.send("shutdown_request", {"restart": False})
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.client.close()


def _command(module: str, file: Path) -> Sequence[str]:
    # Both kernels' specs say so: the debugger needs it.
    return [sys.executable, "-Xfrozen_modules=off", "-m", module, "-f", str(file)]


def _connection() -> dict[str, Any]:
    names = ("shell", "iopub", "stdin", "control", "hb")
    held = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {
        f"{name}_port": one.getsockname()[1]
        for name, one in zip(names, held, strict=True)
    }
    for one in held:
        one.close()
    return {
        **ports,
        "ip": "127.0.0.1",
        "key": os.urandom(32).hex(),
        "transport": "tcp",
        "signature_scheme": "hmac-sha256",
        "kernel_name": "",
    }


class Ours(Kernel):
    """`ipshell kernel`, with the process that watches over it."""

    name = "ipshell-kernel"
    module = "ipcluster.shell.kernel.app"


class IPyKernel(Kernel):
    """`ipykernel`."""

    name = "ipykernel"
    package = "ipykernel"
    module = "ipykernel_launcher"
