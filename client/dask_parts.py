"""What of Dask runs on engines: a worker in a thread, a scheduler in a child process.

Engines import this module when a client turns them into Dask workers (`dask_bridge`),
and Dask only then, so it imports nothing that is heavy.

The worker is beside the engine's main thread, so the engine goes on taking tasks. The
scheduler is a process of its own, for tasks that hold the interpreter must not stop it;
it ends when its standard input does, which is with its engine at the latest.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import json
import logging
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from ipcluster.client.bridges import optional

# Seconds for a worker or a scheduler to start: imports take one, a loaded machine more.
START = 60.0
# Seconds for a worker to end with what it runs; after that it is left behind.
STOP = 10.0
# The same at the end of the engine, which must not keep its keeper waiting.
STOP_AT_EXIT = 1.0
# Characters of what a scheduler that did not start has said.
SHOWN = 2000

MakeServer = Callable[[], Any]
"""Makes a Worker or a Nanny of Dask's, in the loop that it runs in."""


class Server:
    """One of Dask's servers, in a thread with a loop of its own."""

    def __init__(self, make: MakeServer) -> None:
        self._make = make
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(
            target=self._run, name="ipcluster Dask worker", daemon=True
        )

    def start(self) -> None:
        """Returns when it is there.

        Raises:
            RuntimeError: it did not start.
        """
        self._thread.start()
        started = self._started.wait(START)
        if self._error is not None:
            raise RuntimeError(f"no Dask worker: {self._error}") from self._error
        if not started:
            self.stop(0)
            raise RuntimeError(f"no Dask worker within {START:.0f} s")

    def stop(self, seconds: float) -> None:
        """End it in order, if that is done in so many seconds."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(seconds)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._make() as server:
            self._started.set()
            ended = asyncio.ensure_future(server.finished())
            asked = asyncio.ensure_future(self._stop.wait())
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            asked.cancel()


# --- the worker of this engine --------------------------------------------------------


class _Here:
    """What this process has of Dask."""

    worker: Server | None = None
    scheduler: Scheduler | None = None


def prepare() -> None:
    """Import Dask, which takes a while, and whose options cannot come without it.

    Raises:
        ModuleNotFoundError: it is not installed here.
    """
    with optional("distributed", "dask"):
        importlib.import_module("distributed")
    _quieten()


def start_worker(options: dict[str, Any], nanny: bool) -> bool:
    """Make this engine a worker; False: it is one.

    Raises:
        RuntimeError: the worker did not start.
    """
    if has_worker():
        return False
    from distributed import Nanny, Worker

    kind = Nanny if nanny else Worker
    worker = Server(lambda: kind(**options))
    worker.start()
    _Here.worker = worker
    atexit.register(stop_worker, STOP_AT_EXIT)
    return True


def stop_worker(seconds: float = STOP) -> None:
    """The other way; nothing if it is none."""
    worker, _Here.worker = _Here.worker, None
    if worker is not None:
        atexit.unregister(stop_worker)
        worker.stop(seconds)


def has_worker() -> bool:
    return _Here.worker is not None and _Here.worker.is_alive


def _quieten() -> None:
    """Have Dask tell of what goes wrong, and not of all that it does."""
    log = logging.getLogger("distributed")
    if log.level == logging.INFO:  # its own default
        log.setLevel(logging.WARNING)


# --- the scheduler, if it is with this engine -----------------------------------------


class Contact(NamedTuple):
    """How to reach a scheduler."""

    address: str
    security: Any


class Scheduler:
    """A scheduler in a child process."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes it
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it says below what is wrong
            pickle.dump(options, self._process.stdin)
            self._process.stdin.flush()
        said = self._process.stdout.readline()
        if not said:
            self._process.wait(STOP)
            self._errors.seek(0)
            text = self._errors.read().decode(errors="replace").strip()
            self.stop()
            raise RuntimeError(f"no Dask scheduler: {text[-SHOWN:]}")
        self.contact = Contact(json.loads(said)["address"], options.get("security"))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


def start_scheduler(options: dict[str, Any]) -> Contact:
    """Start a scheduler beside this engine.

    Raises:
        RuntimeError: it did not start.
    """
    _Here.scheduler = Scheduler(options)
    return _Here.scheduler.contact


def stop_scheduler() -> None:
    """End it; nothing if there is none here."""
    scheduler, _Here.scheduler = _Here.scheduler, None
    if scheduler is not None:
        scheduler.stop()


def contact() -> Contact | None:
    """How to reach the scheduler beside this engine, if there is one."""
    here = _Here.scheduler
    return here.contact if here is not None and here.is_alive else None


async def serve_scheduler(options: dict[str, Any]) -> None:
    """Be a scheduler until our standard input ends."""
    from distributed import Scheduler as DaskScheduler

    _quieten()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(ended.set)

    async with DaskScheduler(**options) as scheduler:
        print(json.dumps({"address": scheduler.address}), flush=True)
        threading.Thread(target=wait_for_the_end, daemon=True).start()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve_scheduler(pickle.load(sys.stdin.buffer)))
