"""Interrupts: a Ctrl-C, or a front end's, hits the user's code once, and nothing else.

    a process group --SIGINT--> kernel ------------------------> KeyboardInterrupt
                    `--SIGINT-> supervisor --FORWARDED--> kernel, which has it already
    one process     ---SIGINT-> supervisor --FORWARDED--> kernel -> KeyboardInterrupt

Front ends send it to the group of the process that they have started, or to that
process alone, which is the supervisor. What it passes on comes later than what was sent
to the group, however busy the machine is; so of the two the second is dropped, whenever
it comes, and never hits the next cell.

Between requests there is nothing to interrupt. Once clients have been told that a cell
is at work, an interrupt is for that cell, and waits until its code has begun. While
what was printed is on its way out an interrupt waits for the end of that, or text would
be lost.

Python's handlers run between bytecodes. A signal that comes after the last of them and
before a system call that blocks would be heard of when the call is over, a `sleep(60)`
say; one that another thread gets as well. So the I/O thread, which Python's C handler
tells of every signal, wakes the main thread a moment later.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

# What the supervisor sends for a SIGINT: of higher number, so that a SIGINT which came
# with it is seen first. Elsewhere than on Linux one that nothing minds.
FORWARDED: int = (
    signal.SIGRTMIN + 7 if hasattr(signal, "SIGRTMIN") else getattr(signal, "SIGURG", 0)
)
# Sent to the main thread to have it look for signals; its handler does nothing.
WAKE: int = (
    signal.SIGRTMIN + 8 if hasattr(signal, "SIGRTMIN") else getattr(signal, "SIGIO", 0)
)
# Seconds after a signal at which the main thread is woken.
WAKES = (0.003, 0.05)
# Seconds after a SIGINT in which one that is passed on is the same: as long as a busy
# machine keeps the supervisor waiting. It matters otherwise only to a program that
# sends SIGINT to itself.
SAME = 5.0


class Interrupts:
    """Who is interrupted, and when. Handlers run in the main thread."""

    def __init__(self) -> None:
        self.running = False
        self._is_expecting = False
        self._is_kept = False
        self._shields = 0
        self._is_put_off = False
        # When SIGINTs have come that are not known to have been passed on.
        self._came: deque[float] = deque()
        self._has_come = False
        self._is_own = False
        self._is_alone = False  # ours is on its way, which the supervisor does not get
        # The I/O thread and a handler listen both; a handler may come into another.
        self._listening = threading.RLock()
        self._wakes: deque[float] = deque()
        self._before: dict[int, Any] = {}
        self._wakeup = -1
        self._told, self._tell = -1, -1
        self._main = threading.main_thread()

    # --- handlers ---------------------------------------------------------------------

    def install(self) -> int:
        """In the main thread: from now on signals are for the user's code.

        Returns:
            A file descriptor: `on_told` is to be called when it is readable.
        """
        # Every signal leaves a byte here, also when its handler is the user's own.
        if self._told < 0:
            self._told, self._tell = os.pipe()
            for end in (self._told, self._tell):
                os.set_blocking(end, False)
        self._wakeup = signal.set_wakeup_fd(self._tell, warn_on_full_buffer=False)
        for number, handler in (
            (signal.SIGINT, self._on_interrupt),
            (FORWARDED, self._on_forwarded),
            (WAKE, _do_nothing),
        ):
            if number:
                self._before[number] = signal.signal(number, handler)
        return self._told

    def follow(self, thread: threading.Thread) -> None:
        """The user's code runs in this thread from now on; the main one, mostly."""
        self._main = thread

    def restore(self) -> None:
        """Give signals back to whoever had them before `install`."""
        for number, handler in self._before.items():
            if handler is None or number in (FORWARDED, WAKE):
                handler = signal.SIG_IGN  # one may be on its way; by default it kills
            signal.signal(number, handler)
        if self._before:
            signal.set_wakeup_fd(self._wakeup)
            self.on_told()  # the last may be for others
        self._before.clear()

    def close(self) -> None:
        """Let go of what the I/O thread has listened to; that has ended."""
        if self._told >= 0:
            os.close(self._told)
            os.close(self._tell)
            self._told = self._tell = -1

    def on_told(self) -> None:
        """In the I/O thread: the process has had signals."""
        with self._listening:
            self._listen()

    def _listen(self) -> None:
        try:
            numbers = os.read(self._told, 1 << 16)
        except BlockingIOError:
            return
        others = bytes(n for n in numbers if n not in (signal.SIGINT, FORWARDED, WAKE))
        if others and self._wakeup >= 0:  # a loop whose guest we are waits for them
            try:
                os.write(self._wakeup, others)
            except OSError:
                pass
        if signal.SIGINT in numbers:
            is_alone, self._is_alone = self._is_alone, False
            self._has_come = not is_alone or numbers.count(signal.SIGINT) > 1
        if signal.SIGINT in numbers or FORWARDED in numbers:
            now = time.monotonic()
            self._wakes = deque(now + later for later in WAKES)

    def tick(self) -> float:
        """In the I/O thread: do what is due; seconds until the next time."""
        if not self._wakes:
            return 1.0
        left = self._wakes[0] - time.monotonic()
        if left > 0:
            return left
        if self._wakes:  # the main thread may have begun them anew
            self._wakes.popleft()
        if WAKE in self._before and self._main.ident is not None:
            signal.pthread_kill(self._main.ident, WAKE)
        return 0.0

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_own:
            self._is_own = False  # the supervisor does not know of it
        else:
            self._came.append(time.monotonic())
        self._strike()

    def _on_forwarded(self, _number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        with self._listening:  # else the other might say too late that one has come
            self._listen()
            has_come, self._has_come = self._has_come, False
        if handler == self._on_interrupt:
            while self._came and time.monotonic() - self._came[0] > SAME:
                self._came.popleft()
            if self._came:
                self._came.popleft()
            else:
                self._strike()
        elif callable(handler) and not has_come:
            handler(signal.SIGINT, frame)

    def _strike(self) -> None:
        if self._shields:
            self._is_put_off = True
        elif self.running:
            raise KeyboardInterrupt
        elif self._is_expecting:
            self._is_kept = True

    # --- where they strike ------------------------------------------------------------

    def user_code(self) -> _UserCode:
        """A context in which an interrupt is raised in the main thread."""
        return _UserCode(self)

    def expect(self) -> None:
        """A cell is about to run in this thread: an interrupt is for it."""
        if threading.current_thread() is self._main:
            self._is_kept, self._is_expecting = False, True

    def begin(self) -> None:
        """The cell's own code begins.

        Raises:
            KeyboardInterrupt: one has come since it was expected.
        """
        if threading.current_thread() is self._main:
            self._is_expecting = False
            is_kept, self._is_kept = self._is_kept, False
            if is_kept:
                raise KeyboardInterrupt

    def end(self) -> None:
        """No more of the user's code runs in this thread, whatever has happened."""
        if threading.current_thread() is self._main:
            self.running = self._is_expecting = self._is_kept = False

    def shield(self) -> _Shield:
        """A context at the end of which an interrupt is raised, not before."""
        return _Shield(self)

    def send(self) -> None:
        """As Ctrl-C would: to this process, and to the children that it waits for."""
        if self._main is not threading.main_thread():
            if self.running:
                raise_in_thread(self._main, KeyboardInterrupt)
            else:
                self._is_kept = self._is_expecting
            return
        self._is_own = signal.getsignal(signal.SIGINT) == self._on_interrupt
        self._is_alone = True
        os.kill(os.getpid(), signal.SIGINT)
        for child in _children():
            try:
                os.kill(child, signal.SIGINT)
            except OSError:
                pass


def raise_in_thread(thread: threading.Thread, error: type[BaseException]) -> None:
    """Raise it in another thread, at its next bytecode."""
    import ctypes

    if thread.ident is not None:
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        raise_in(ctypes.c_ulong(thread.ident), ctypes.py_object(error))


def _children() -> list[int]:
    """Processes that a Ctrl-C would reach with this one: those of its group, below it.

    Not the whole group: the supervisor would pass it on, and who started the kernel may
    be in it as well.
    """
    import psutil

    if not hasattr(os, "getpgid"):
        return []
    group, found = os.getpgid(0), []
    for child in psutil.Process().children(recursive=True):
        try:
            if os.getpgid(child.pid) == group:
                found.append(child.pid)
        except OSError:
            continue
    return found


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """That Python has looked for signals is all that was wanted."""


class _UserCode:
    """While the main thread runs code of the user's, an interrupt is for that."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._is_main = threading.current_thread() is interrupts._main
        self._before = False

    def __enter__(self) -> None:
        if self._is_main:
            self._before = self._interrupts.running
            self._interrupts.running = True

    def __exit__(self, *_error: object) -> None:
        if self._is_main:
            self._interrupts.running = self._before


class _Shield:
    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._is_main = threading.current_thread() is interrupts._main

    def __enter__(self) -> None:
        if self._is_main:
            self._interrupts._shields += 1

    def __exit__(self, *_error: object) -> None:
        if not self._is_main:
            return
        interrupts = self._interrupts
        interrupts._shields -= 1
        if interrupts._is_put_off and not interrupts._shields:
            interrupts._is_put_off = False
            interrupts._strike()
