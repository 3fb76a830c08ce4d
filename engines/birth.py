"""The first moments of an engine process.

From a handful of file descriptors to `Engine.serve`.

A forked engine has them from the keeper it came out of; a spawned one (where fork is
not to be had, or with `--spawn`) gets their numbers on its command line: `python -m
ipcluster.engines.birth JSON`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import platform
import select
import signal
import socket
import sys
import types
from pathlib import Path
from typing import Any

import msgspec

from ipcluster.engines.calls import Calls, Place, reseed
from ipcluster.engines.engine import Engine
from ipcluster.engines.link import Link
from ipcluster.engines.operations import Namespace
from ipcluster.engines.output import LinkStream, Pipes
from ipcluster.engines.page import StatePage
from ipcluster.wire.descriptors import set_limit
from ipcluster.wire.segments import Mapper, SegmentPool


class Birth(msgspec.Struct, frozen=True):
    """What an engine is given: descriptors, and where segments lie. `page_fd` -1.

    The page is inherited memory.
    """

    slot: int
    link: int
    tether: int
    stdout: int
    stderr: int
    lock: int
    page_fd: int
    segment_folder: str
    fallback_folder: str
    segment_limit: int
    descriptors: int
    path: tuple[str, ...] = ()  # further folders for the user's modules


class Tether:
    """The socket to the keeper.

    New links come over it, and its end is the keeper's end.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def __call__(self, wait: bool) -> socket.socket | None:
        """The newest link sent; None: none yet, or with `wait`, the keeper has gone."""
        newest: socket.socket | None = None
        while True:
            timeout = None if wait and newest is None else 0
            if not self._poll.poll(timeout):
                return newest
            try:
                data, fds, _, _ = socket.recv_fds(self._socket, 1, 1)
            except OSError:
                return newest
            if not data:
                return newest
            for fd in fds:
                if newest is not None:
                    newest.close()
                newest = socket.socket(fileno=fd)


def die_with_parent() -> None:
    """Ask the system to end us with the keeper.

    Elsewhere than on Linux the closing tether does it, between tasks.
    """
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        parent = os.getppid()
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def run_engine(birth: Birth, page: StatePage) -> None:
    """Be an engine until told to stop."""
    set_limit(birth.descriptors)
    link = Link(socket.socket(fileno=birth.link), birth.lock, page)
    pipes = Pipes(birth.stdout, birth.stderr, page)
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    namespace = Namespace(main)
    calls = _calls(birth, namespace)
    engine = Engine(link, page, calls, pipes, Tether(birth.tether))
    namespace.engine = engine
    calls.place = Place(platform.node(), engine.uuid)
    _open_streams(engine)
    os.register_at_fork(after_in_child=lambda: _leave_link(birth, engine))
    signal.signal(signal.SIGINT, engine.on_interrupt)
    signal.signal(signal.SIGTERM, engine.on_terminate)
    if hasattr(signal, "SIGURG"):
        signal.signal(signal.SIGURG, engine.on_ring)
    faulthandler.enable(file=2, all_threads=False)
    reseed()
    if "" not in sys.path:
        # The user's own modules, as in every interactive Python.
        sys.path.insert(0, "")
    sys.path += [folder for folder in birth.path if folder not in sys.path]
    with contextlib.suppress(SystemExit):
        engine.serve()
    if namespace.shell is not None:
        namespace.shell.close()
    for stream in engine.streams:
        stream.flush_all()


def _calls(birth: Birth, namespace: Namespace) -> Calls:
    folders = [Path(birth.segment_folder), Path(birth.fallback_folder)]
    pool = SegmentPool(
        folders[0], folders[1], f"e{birth.slot}-{os.getpid()}", birth.segment_limit
    )
    return Calls(namespace, pool, Mapper(folders))


def _open_streams(engine: Engine) -> None:
    streams = [
        LinkStream(
            number, engine.link, engine.pipes, engine.page, lambda: engine.running
        )
        for number in (1, 2)
    ]
    streams[0].other, streams[1].other = streams[1], streams[0]
    engine.streams = streams
    # Not quite the type that typeshed wants; it is what replacing them means.
    sys.stdout, sys.stderr = streams
    sys.__stdout__, sys.__stderr__ = streams  # type: ignore[assignment,misc]


def _leave_link(birth: Birth, engine: Engine) -> None:
    """In a child that user code forked: it is no engine.

    It prints to the pipes, and signals mean what they always do.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (engine.link.fileno(), birth.tether, birth.stdout, birth.stderr):
        with contextlib.suppress(OSError):
            os.dup2(null, fd)
    os.close(null)
    for stream in engine.streams:  # loggers have them too
        stream.write_directly()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGURG"):
        signal.signal(signal.SIGURG, signal.SIG_DFL)


def main(argv: list[str] | None = None) -> None:
    arguments: Any = sys.argv[1:] if argv is None else argv
    birth = msgspec.json.decode(arguments[0], type=Birth)
    die_with_parent()
    for fd in (birth.link, birth.tether, birth.stdout, birth.stderr, birth.lock):
        os.set_inheritable(fd, False)
    page = StatePage(birth.page_fd)
    os.close(birth.page_fd)
    run_engine(birth, page)


if __name__ == "__main__":
    main()
