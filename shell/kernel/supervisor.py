"""The process above a kernel: it sees the kernel end, and says why.

The kernel is forked from it before there is a thread or a socket. It does nothing but
wait; what memory it has it shares with the kernel. When the kernel ends in a way that
nobody asked for (a signal, an exit in the middle of a cell), it opens iopub at the
kernel's port once more, so that clients, who connect again by themselves, read the
reason under the cell that ran: the signal, "likely out of memory", the last of stderr.
Then it ends as the kernel did.

First it removes what kernels left behind that could not do so (leftovers.py).

It passes signals on, SIGINT as another one (interrupts.py says why). On Linux the
kernel dies with it; elsewhere the kernel notices.

Where there is no `fork` the kernel runs without this.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import signal
import sys
import time

from ipcluster.shell.kernel.connection import runtime_folder
from ipcluster.shell.kernel.interrupts import FORWARDED
from ipcluster.shell.kernel.leftovers import sweep
from ipcluster.shell.kernel.notes import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.shell.kernel.connection import Connection

# The exit status of a kernel that could not begin (sysexits.h: EX_CONFIG).
UNUSABLE = 78
# Bytes of the shared page: the header of the request that runs, then the last of
# stderr, each behind its length; and the port of iopub.
PAGE_BYTES = 16384
HEADER_BYTES = 4096
STDERR_BYTES = 8192
PORT_AT = PAGE_BYTES - 4
# Seconds that clients get to connect again before the reason is sent, and after it.
RECONNECT = 1.0
LEAVE = 0.3
# Signals that are passed on.
PASSED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class LastWords:
    """A page that kernel and supervisor share: it outlives the kernel."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, PAGE_BYTES)
        # Python's stack at a crash: written by a signal handler, into a pipe.
        self._stack_reader, self._stack_writer = os.pipe()
        os.set_blocking(self._stack_reader, False)

    def note_crashes(self) -> None:
        """In the kernel: have crashes write down where Python was."""
        import faulthandler

        os.set_blocking(self._stack_writer, False)
        faulthandler.enable(self._stack_writer, all_threads=False)

    def stack(self) -> str:
        """In the supervisor: where Python was when it crashed; empty: it did not."""
        try:
            return os.read(self._stack_reader, 1 << 16).decode("utf-8", "replace")
        except BlockingIOError:
            return ""

    def set_port(self, port: int) -> None:
        """Where the kernel publishes: it may have chosen that itself."""
        self._page[PORT_AT:PAGE_BYTES] = port.to_bytes(4, "little")

    def port(self) -> int:
        """0: it has not got so far."""
        return int.from_bytes(self._page[PORT_AT:PAGE_BYTES], "little")

    def set_request(self, header: dict[str, Any] | None) -> None:
        """The request that is handled; None: none is."""
        data = b"" if header is None else json.dumps(header, default=str).encode()
        self._put(0, data[:HEADER_BYTES] if len(data) <= HEADER_BYTES else b"")

    def request(self) -> dict[str, Any] | None:
        data = self._get(0)
        try:
            return json.loads(data) if data else None
        except ValueError:
            return None

    def add_stderr(self, text: str) -> None:
        data = self._get(HEADER_BYTES + 4) + text.encode("utf-8", "replace")
        self._put(HEADER_BYTES + 4, data[-STDERR_BYTES:])

    def stderr(self) -> str:
        return self._get(HEADER_BYTES + 4).decode("utf-8", "replace")

    def _put(self, at: int, data: bytes) -> None:
        self._page[at : at + 4] = (0).to_bytes(4, "little")
        self._page[at + 4 : at + 4 + len(data)] = data
        self._page[at : at + 4] = len(data).to_bytes(4, "little")

    def _get(self, at: int) -> bytes:
        size = int.from_bytes(self._page[at : at + 4], "little")
        return bytes(self._page[at + 4 : at + 4 + min(size, STDERR_BYTES)])


def supervise(connection: Connection, words: LastWords, file: str) -> bool:
    """Fork: True in the kernel to be; the supervisor does not return but exits.

    `file` is removed when the kernel has ended, if it has not done so itself.
    """
    out_of_memory = oom_kills()
    parent = os.getpid()
    # Nothing is lost between the fork and the handlers.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED)
    pid = os.fork()
    if pid == 0:
        # Until the kernel serves there is nothing to interrupt.
        for number in (signal.SIGINT, FORWARDED):
            if number:
                signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED)
        _die_with(parent)
        return True
    sweep(runtime_folder())
    status = _watch(pid)
    if is_strange(status, words):
        reason = describe(status, words, oom_kills() > out_of_memory)
        note(reason)
        connection.ports["iopub"] = words.port() or connection.ports["iopub"]
        try:
            tell(connection, words.request(), reason)
        except Exception as error:  # the port is taken, say: the log has it
            note(f"clients could not be told: {error}")
    if file:
        with contextlib.suppress(OSError):
            os.unlink(file)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _watch(pid: int) -> int:
    """Pass signals on until the kernel ends; its wait status."""

    def pass_on(number: int, _frame: Any) -> None:
        if number == signal.SIGINT and FORWARDED:
            number = FORWARDED
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    for number in PASSED:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED)
    while True:
        try:
            return os.waitpid(pid, 0)[1]
        except InterruptedError:
            continue
        except ChildProcessError:  # somebody else has waited for it
            return 0


def is_strange(status: int, words: LastWords) -> bool:
    """Whether the kernel ended in a way that nobody asked for."""
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) not in (signal.SIGTERM, signal.SIGHUP)
    if os.WEXITSTATUS(status) == UNUSABLE and words.request() is None:
        return False  # it never began, and has said why
    return os.WEXITSTATUS(status) != 0 or words.request() is not None


def oom_kills() -> int:
    """How many processes of this control group the system has killed for memory."""
    for name in ("memory.events", "memory/memory.oom_control"):
        try:
            with open(f"/sys/fs/cgroup/{name}", encoding="ascii") as file:
                for line in file:
                    key, _, count = line.partition(" ")
                    if key == "oom_kill":
                        return int(count)
        except (OSError, ValueError):
            continue
    return 0


def describe(status: int, words: LastWords, out_of_memory: bool) -> str:
    """Why the kernel ended, in words for a person."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        text = f"The kernel was killed by {name}"
        if out_of_memory:
            text += ": this machine, or its control group, was out of memory"
        elif number == signal.SIGKILL:
            text += ", likely because the machine was out of memory"
        elif number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
            text += ", a crash in code that is not Python"
        elif number == signal.SIGABRT:
            text += ": something called abort()"
    else:
        text = f"The kernel exited with status {os.WEXITSTATUS(status)}"
        if words.request() is not None:
            text += " in the middle of a cell"
    stack = words.stack().strip()
    if stack:
        text += f".\n{stack}"
    last = words.stderr().strip()
    if last:
        tail = "\n".join(last.splitlines()[-12:])
        text += f".\nIts last words on stderr:\n{tail}"
    return text


def tell(connection: Connection, request: dict[str, Any] | None, reason: str) -> None:
    """Send the reason to all clients that connect to iopub again."""
    import zmq

    from ipcluster.shell.kernel.messages import Session

    session = Session(connection.key.encode(), connection.signature_scheme)
    context: zmq.Context[Any] = zmq.Context()
    iopub = context.socket(zmq.XPUB)
    iopub.linger = int(LEAVE * 1000)
    iopub.setsockopt(zmq.XPUB_VERBOSE, 1)
    connection.secure(iopub)
    iopub.bind(connection.address("iopub"))
    deadline = time.monotonic() + RECONNECT
    while (left := deadline - time.monotonic()) > 0:
        if iopub.poll(int(left * 1000) + 1):
            iopub.recv()
            # One is here; others take about as long.
            deadline = min(deadline, time.monotonic() + LEAVE)
    content = {"ename": "KernelDied", "evalue": reason, "traceback": [reason]}
    iopub.send_multipart(session.pack("error", content, request, idents=[b"error"]))
    for state in ("idle", "dead"):
        status = session.pack(
            "status", {"execution_state": state}, request, idents=[b"status"]
        )
        iopub.send_multipart(status)
    time.sleep(LEAVE)
    iopub.close()
    context.term()
