"""The keeper: the warm, single-threaded parent of one host's engines.

It starts them, waits for them (`waitpid`: an engine's end is known in milliseconds,
with its cause), interrupts and signals them, and carries what their C code and child
processes print while their main threads are busy.

    holder (controller or agent) ==control==> keeper ==tether==> engine
              |                                  new links, as file descriptors |
              `================================= link =========================='

It outlives the holder for a while: a later holder connects to the listening socket and
gets a new link to each engine. Nothing here opens a network socket.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import importlib
import logging
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from ipcluster.engines.birth import run_engine
from ipcluster.engines.children import Child, Newborn, Nursery
from ipcluster.engines.interrupts import Interrupts
from ipcluster.engines.lastwords import last_words
from ipcluster.wire.codec import FrameReader, pack_stream, unpack_to_keeper
from ipcluster.wire.descriptors import limit, raise_limit
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.lines import Line
from ipcluster.wire.messages import (
    Born,
    Died,
    Interrupt,
    Relink,
    Ring,
    Signal,
    Spawn,
    Stop,
    Unborn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

log = logging.getLogger(__name__)

# Seconds until the keeper looks again at a pipe whose engine was just writing itself.
CARRY_PAUSE = 0.001
# Seconds between asking engines to end and ending them.
STOP_GRACE = 2.0


class Keeper:
    """Poll loop over control and listening socket, signals, and engines' pipes."""

    def __init__(
        self,
        control: socket.socket | None,
        listener: socket.socket | None,
        nursery: Nursery,
        orphan_seconds: float,
    ) -> None:
        self._control = control
        self._listener = listener
        self._nursery = nursery
        self._orphan_seconds = orphan_seconds
        self._orphan_since: float | None = None if control else time.monotonic()
        self._reader = FrameReader()
        self._children: dict[int, Child] = {}
        self._pipes: dict[int, Child] = {}
        self._paused: deque[tuple[float, int]] = deque()
        self._interrupts = Interrupts()
        self._next_slot = 0
        self._kill_at: float | None = None
        self._poll = select.poll()
        self._wake, wake = socket.socketpair()
        self._wake.setblocking(False)
        wake.setblocking(False)
        self._wake_writer = wake
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for sock in (self._wake, control, listener):
            if sock is not None:
                self._poll.register(sock, select.POLLIN)

    # --- the loop ---------------------------------------------------------------------

    def serve(self) -> None:
        """Keep engines until told to stop and the last has ended."""
        while self._kill_at is None or self._children:
            for fd, events in self._poll.poll(self._timeout()):
                self._on_event(fd, events)
            self._on_time(time.monotonic())
            self._reap()

    def _timeout(self) -> float | None:
        """Milliseconds until something is due."""
        now = time.monotonic()
        due = [when for when, _ in list(self._paused)[:1]]
        if (interrupt := self._interrupts.next_deadline()) is not None:
            due.append(interrupt)
        if self._kill_at is not None:
            due.append(self._kill_at)
        if self._orphan_since is not None:
            due.append(self._orphan_since + self._orphan_seconds)
        return max(0.0, (min(due) - now) * 1000) if due else None

    def _on_event(self, fd: int, events: int) -> None:
        if fd in self._pipes:
            self._carry(fd)
        elif fd == self._wake.fileno():
            with contextlib.suppress(BlockingIOError):
                while self._wake.recv(4096):
                    pass
        elif self._listener is not None and fd == self._listener.fileno():
            self._accept()
        elif self._control is not None and fd == self._control.fileno():
            self._read_control()
        elif events & (select.POLLHUP | select.POLLNVAL):
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)

    def _on_time(self, now: float) -> None:
        while self._paused and self._paused[0][0] <= now:
            _, fd = self._paused.popleft()
            if fd in self._pipes:
                self._poll.register(fd, select.POLLIN)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = now + STOP_GRACE
            for child in self._children.values():
                child.signal(signal.SIGKILL)
        for slot, task in self._interrupts.due(now):
            self._interrupt(slot, task, now)
        orphan = self._orphan_since
        if orphan is not None and now - orphan > self._orphan_seconds:
            self._orphan_since = None
            log.warning("no controller or agent for %.0f s: ending", now - orphan)
            self.stop()

    # --- the holder -------------------------------------------------------------------

    def _accept(self) -> None:
        """A later holder: it gets a new link to each engine."""
        assert self._listener is not None
        control, _ = self._listener.accept()
        self._lose_control()
        self._control = control
        self._orphan_since = None
        self._reader = FrameReader()
        self._poll.register(control, select.POLLIN)
        for slot in list(self._children):
            self._relink(slot)

    def _lose_control(self) -> None:
        if self._control is not None:
            self._poll.unregister(self._control)
            self._control.close()
            self._control = None
            self._orphan_since = time.monotonic()

    def _read_control(self) -> None:
        assert self._control is not None
        try:
            data = self._control.recv(1 << 16)
            frames = self._reader.feed(data)
            messages = [m for frame in frames for m in unpack_to_keeper(frame)]
        except (OSError, ProtocolError) as error:
            log.warning("control socket: %s", error)
            data, messages = b"", []
        if not data:
            self._lose_control()
        for message in messages:
            self._on_message(message)

    def _on_message(self, message: Any) -> None:
        log.debug("told: %s", Line(message))
        match message:
            case Spawn(count=count):
                self.start(count)
            case Interrupt():
                self._interrupts.add(message, time.monotonic())
            case Signal(slot=slot, signum=signum):
                child = self._children.get(slot)
                if child is not None:
                    child.stopped = child.stopped or signum == signal.SIGTERM
                    child.signal(signum)
            case Ring(slot=slot):
                child = self._children.get(slot)
                if child is not None:
                    child.signal(signal.SIGURG)
            case Relink(slot=slot):
                self._relink(slot)
            case Stop():
                self.stop()

    def _interrupt(self, slot: int, task: int, now: float) -> None:
        """Have the engine interrupt this task, if it is the one that runs."""
        child = self._children.get(slot)
        if child is None:
            self._interrupts.forget(slot)
            return
        last, running = child.page.state()
        if running != task:
            self._interrupts.put_off(slot, last, now)
            return
        number = self._interrupts.pass_on(slot, *child.page.heard(), now)
        if number is not None:
            child.page.interrupt(task, number)
            child.signal(signal.SIGURG)

    def _tell(self, message: msgspec.Struct, fds: Sequence[int] = ()) -> None:
        if self._control is None:
            return
        log.debug("telling: %s", Line(message))
        data = pack_stream([message])
        try:
            if fds:
                sent = socket.send_fds(self._control, [data], list(fds))
                self._control.sendall(data[sent:])
            else:
                self._control.sendall(data)
        except OSError:
            self._lose_control()

    # --- engines ----------------------------------------------------------------------

    def start(self, count: int) -> None:
        """Start `count` engines, or as many as the system lets us.

        Raises:
            Newborn: in each forked engine.
        """
        for missing in range(count, 0, -1):
            try:
                self._start_one()
            except OSError as error:
                reason = _why_not(error)
                log.error("%d engines cannot be started: %s", missing, reason)
                self._tell(Unborn(missing, reason))
                return

    def _start_one(self) -> None:
        slot = self._next_slot
        self._next_slot += 1
        closing = [self._wake, self._wake_writer]
        closing += [s for s in (self._control, self._listener) if s is not None]
        for child in self._children.values():
            closing += [child.link, child.tether]
        child, far = self._nursery.start(slot, closing)
        self._children[slot] = child
        for fd in child.pipes.streams:
            self._pipes[fd] = child
            self._poll.register(fd, select.POLLIN)
        self._tell(Born(slot, child.pid), [far.fileno()])
        far.close()

    def _relink(self, slot: int) -> None:
        child = self._children.get(slot)
        if child is None:
            return
        try:
            far, near = socket.socketpair()
        except OSError as error:
            log.error("no new link for the engine in slot %d: %s", slot, error)
            return
        try:
            socket.send_fds(child.tether, [b"L"], [near.fileno()])
        except OSError:
            near.close()
            far.close()
            return
        child.link.close()
        child.link = near
        child.signal(signal.SIGURG)
        self._tell(Born(slot, child.pid), [far.fileno()])
        far.close()

    def stop(self) -> None:
        """End all engines: asked first, made to after `STOP_GRACE`."""
        if self._kill_at is not None:
            return
        self._kill_at = time.monotonic() + STOP_GRACE
        for child in self._children.values():
            child.stopped = True
            child.signal(signal.SIGTERM)
            child.signal(signal.SIGCONT)  # or one that is stopped would never hear it

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self._children.values():
                if child.pid == pid:
                    self._on_death(child, os.waitstatus_to_exitcode(status))
                    break

    def _on_death(self, child: Child, status: int) -> None:
        last, running = child.page.state()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # processes that its tasks started
        del self._children[child.slot]
        self._interrupts.forget(child.slot)
        for fd in child.pipes.streams:
            if self._pipes.pop(fd, None) is not None:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(fd)
        self._carry_last(child, last)
        tail = last_words(child.page.stderr_tail())
        child.close()
        log.info("engine in slot %d ended: status %d", child.slot, status)
        self._tell(Died(child.slot, status, last, bool(running), tail, child.stopped))

    # --- what C code prints -----------------------------------------------------------

    def _carry(self, fd: int) -> None:
        """Move what lies in a pipe to the link, unless the engine is writing there."""
        child = self._pipes[fd]
        room = select.poll()
        room.register(child.link, select.POLLOUT)
        if not room.poll(0):
            self._pause(fd)
            return
        try:
            fcntl.lockf(child.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._pause(fd)
            return
        try:
            output = child.pipes.read(fd, child.page.state()[1])
            if output is None:
                self._poll.unregister(fd)
                del self._pipes[fd]
            elif output.text and not child.page.writing:
                child.link.send(pack_stream([output]), socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass  # the engine has taken it
        except OSError:
            self._pause(fd)
        finally:
            fcntl.lockf(child.lock, fcntl.LOCK_UN)

    def _carry_last(self, child: Child, task: int) -> None:
        """What a dead engine's pipes still hold, unless it died within a frame."""
        outputs = child.pipes.drain(task)
        if not child.page.writing:
            with contextlib.suppress(OSError):
                child.link.send(pack_stream(outputs), socket.MSG_DONTWAIT)

    def _pause(self, fd: int) -> None:
        with contextlib.suppress(KeyError):
            self._poll.unregister(fd)
        self._paused.append((time.monotonic() + CARRY_PAUSE, fd))


def _why_not(error: OSError) -> str:
    """What the system says to another engine, and which of its limits that is."""
    reason = error.strerror or str(error)
    if error.errno == errno.EMFILE:
        return f"{reason}: this host's keeper may open {limit():,} (ulimit -H -n)"
    if error.errno == errno.EAGAIN:
        return f"{reason}: no more processes (ulimit -u)"
    return reason


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ipcluster keeper", description=__doc__)
    parser.add_argument("--control-fd", type=int, default=-1)
    parser.add_argument("--listen", help="path of the socket for later holders")
    parser.add_argument("--segments", required=True)
    parser.add_argument("--fallback", required=True)
    parser.add_argument(
        "--own-folders", action="store_true", help="remove these two at the end"
    )
    parser.add_argument("--segment-limit", type=int, default=1 << 30)
    parser.add_argument("-n", type=int, default=0)
    parser.add_argument("--preload", default="")
    parser.add_argument("--path", default="", help="further folders for modules")
    parser.add_argument("--spawn", action="store_true")
    parser.add_argument("--orphan-seconds", type=float, default=30.0)
    parser.add_argument("--log-level", default="INFO")
    return parser


def preload(names: str) -> None:
    """Import modules before the fork: engines share their pages and start with them."""
    for name in filter(None, names.split(",")):
        try:
            importlib.import_module(name)
        except Exception:
            log.exception("--preload %s: cannot import it; going on without", name)


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments().parse_args(argv)
    logging.basicConfig(
        level=options.log_level, format="%(asctime)s keeper %(levelname)s %(message)s"
    )
    control = None
    if options.control_fd >= 0:
        control = socket.socket(fileno=options.control_fd)
    listener = None
    if options.listen:
        listener = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(options.listen)
        listener.bind(options.listen)
        listener.listen()
    path = tuple(filter(None, options.path.split(os.pathsep)))
    sys.path += path  # at the end: a user's queue.py there is still not ours to import
    preload(options.preload)
    spawn = options.spawn or not hasattr(os, "fork")
    nursery = Nursery(
        options.segments,
        options.fallback,
        options.segment_limit,
        spawn,
        path=path,
        descriptors=raise_limit(),
    )
    try:
        keeper = Keeper(control, listener, nursery, options.orphan_seconds)
        keeper.start(options.n)
        keeper.serve()
    except Newborn as newborn:
        birth, page = newborn.birth, newborn.page
    else:
        if options.listen:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(options.listen)
        if options.own_folders:  # the agent may have been killed
            for folder in (options.segments, options.fallback):
                shutil.rmtree(folder, ignore_errors=True)
        return
    del keeper
    # The log is the keeper's: in an engine it is the user's to set up.
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)
    run_engine(birth, page)


if __name__ == "__main__":
    main()
    sys.exit(0)
