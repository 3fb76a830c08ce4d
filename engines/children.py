"""Starting engines, by fork or by spawn, and what the keeper knows of each."""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

import msgspec

from ipcluster.engines.birth import Birth, die_with_parent
from ipcluster.engines.link import new_lock_file
from ipcluster.engines.output import Pipes
from ipcluster.engines.page import StatePage
from ipcluster.engines.signals import signal_main_thread


@dataclass
class Child:
    """One engine as its keeper knows it. The link is the engine's end.

    The keeper adds what C code prints.
    """

    slot: int
    pid: int
    link: socket.socket
    tether: socket.socket
    pipes: Pipes
    lock: int
    page: StatePage
    stopped: bool = False

    def signal(self, signum: int) -> None:
        signal_main_thread(self.pid, signum)

    def close(self) -> None:
        self.link.close()
        self.tether.close()
        self.page.close()
        for fd in (*self.pipes.streams, self.lock):
            os.close(fd)


class Newborn(Exception):
    """Raised in a forked engine to leave the keeper's frames behind."""

    def __init__(self, birth: Birth, page: StatePage) -> None:
        self.birth = birth
        self.page = page


@dataclass(frozen=True)
class Nursery:
    """How engines are started here."""

    segment_folder: str
    fallback_folder: str
    segment_limit: int
    spawn: bool
    path: tuple[str, ...] = ()
    descriptors: int = 0
    """How many an engine may open, if its keeper may open more."""

    def start(
        self, slot: int, closing: list[socket.socket]
    ) -> tuple[Child, socket.socket]:
        """A new engine, and the far end of its link.

        `closing` are the keeper's sockets, which the engine must not keep.

        Raises:
            OSError: the system gives no more processes or descriptors; nothing is left.
            Newborn: in the forked engine itself.
        """
        with contextlib.ExitStack() as made:
            far, link = _pair(made)
            ours, tether = _pair(made)
            out_read, out_write = _pipe(made)
            error_read, error_write = _pipe(made)
            lock = new_lock_file()
            made.callback(os.close, lock)
            page_fd = _new_page_file() if self.spawn else -1
            if self.spawn:
                made.callback(os.close, page_fd)
            page = StatePage(page_fd)
            files = link.fileno(), tether.fileno(), out_read, error_read, lock, page_fd
            folders = self.segment_folder, self.fallback_folder
            birth = Birth(
                slot, *files, *folders, self.segment_limit, self.descriptors, self.path
            )
            pid = _spawn(birth, out_write, error_write) if self.spawn else _fork()
            made.pop_all()
        if pid == 0:
            closing = [far, ours, link, tether, *closing]
            _become(birth, out_write, error_write, closing)
            raise Newborn(birth, page)
        if self.spawn:
            os.close(page_fd)
        tether.close()
        os.close(out_write)
        os.close(error_write)
        pipes = Pipes(out_read, error_read, page)
        return Child(slot, pid, link, ours, pipes, lock, page), far


def _pair(made: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair()
    made.callback(one.close)
    made.callback(other.close)
    return one, other


def _pipe(made: contextlib.ExitStack) -> tuple[int, int]:
    out, into = os.pipe()
    made.callback(os.close, out)
    made.callback(os.close, into)
    return out, into


def _new_page_file() -> int:
    fd = new_lock_file()
    os.ftruncate(fd, mmap.PAGESIZE)
    return fd


def _fork() -> int:
    gc.collect()
    gc.freeze()
    return os.fork()


def _spawn(birth: Birth, stdout: int, stderr: int) -> int:
    process = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "ipcluster.engines.birth",
            msgspec.json.encode(birth).decode(),
        ],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        pass_fds=(
            birth.link,
            birth.tether,
            birth.stdout,
            birth.stderr,
            birth.lock,
            birth.page_fd,
        ),
        process_group=0,
    )
    # The keeper waits for its engines itself; Popen must not do it again.
    process.returncode = 0
    return process.pid


def _become(
    birth: Birth, stdout: int, stderr: int, closing: list[socket.socket]
) -> None:
    """In the forked engine.

    Only its own descriptors stay, and it leads a process group.
    """
    # The keeper's handlers would stop the other engines.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    die_with_parent()
    kept = {birth.link, birth.tether, birth.stdout, birth.stderr, birth.lock}
    for sock in closing:
        # Now, and not with the others below: there may be none left to open.
        if (fd := sock.detach()) not in kept:
            os.close(fd)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for name in os.listdir("/dev/fd"):
        fd = int(name)
        if fd > 2 and fd not in kept:
            with contextlib.suppress(OSError):
                os.close(fd)
