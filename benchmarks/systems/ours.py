"""ipcluster: started by its command, driven by its client.

`ipcluster` is what a user on the controller's host gets: a Unix socket and shared
memory. `ipcluster-tcp` is the same over TCP with CURVE, as from another host.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks import calls
from benchmarks.systems.system import Call, System

if TYPE_CHECKING:
    import numpy

    import ipcluster

COMMAND = [sys.executable, "-m", "ipcluster"]


def command(*words: str) -> None:
    """Run `ipcluster WORDS`.

    Raises:
        RuntimeError: it failed, with what it said.
    """
    # A file: a daemon that it leaves may keep its stderr, and a pipe would not end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [*COMMAND, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            timeout=120,
        )
        said.seek(0)
        if done.returncode:
            text = said.read().decode(errors="replace").strip()
            raise RuntimeError(f"ipcluster {words[0]}: {text or done.returncode}")


class Ours(System):
    """By whichever way the client chooses."""

    name = "ipcluster"
    transport: ClassVar[str | None] = None

    def load(self) -> None:
        """Import the client and its views."""
        import ipcluster as ipp

        self.ipp = ipp
        _ = ipp.Client

    def start(self, engines: int) -> None:
        """Start a cluster of its own and connect."""
        command("start", "-n", str(engines), "--daemonize")
        self.connect(engines)

    def connect(self, engines: int) -> None:
        """Connect to it and wait until it has so many engines."""
        self.client: ipcluster.Client = self.ipp.Client(transport=self.transport)
        if not engines:
            return
        self.client.wait_for_engines(engines, timeout=60)
        self.everywhere = self.client[:]
        self.balanced = self.client.load_balanced_view()
        self.everywhere.apply_sync(calls.nothing)

    @property
    def controller(self) -> int:
        """The pid of the controller."""
        return self.client.connection.ticket.pid

    def stop(self) -> None:
        """Disconnect and stop all processes."""
        if hasattr(self, "client"):
            self.client.close()
        command("stop")

    def call(self, function: Call, *args: Any) -> Any:
        return self.balanced.apply_sync(function, *args)

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        if retries != self.balanced.retries:
            self.balanced.retries = retries
        return self.balanced.apply_async(function, *args)

    def submit_after(self, previous: Any, function: Call) -> Any:
        with self.balanced.temp_flags(after=previous):
            return self.balanced.apply_async(function)

    def collect(self, submitted: Sequence[Any]) -> list[Any]:
        return [one.get() for one in submitted]

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        return self.balanced.map_sync(function, items, chunksize="auto")

    def call_all(self, function: Call) -> Sequence[Any]:
        results: Sequence[Any] = self.everywhere.apply_sync(function)
        return results

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        self.everywhere.push({"array": array}, block=True)

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        engine = self.client[0]
        if not hasattr(self, "_stored"):
            engine.execute(
                f"from benchmarks.calls import stored; array = stored({size_bytes})",
                block=True,
            )
            self._stored = True
        array: numpy.ndarray[Any, Any] = engine["array"]
        return array


class OursOverTcp(Ours):
    """Through the encrypted port."""

    name = "ipcluster-tcp"
    transport = "tcp"
