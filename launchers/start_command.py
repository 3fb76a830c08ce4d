"""`ipcluster start`: brings a cluster up, in the foreground or as a daemon.

In the foreground it shows what comes up and stays; Ctrl-C, SIGTERM and SIGHUP (its
terminal closes) stop everything in order, and should it be killed the controller
notices by its tether. As a daemon it returns when all engines answer.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from types import FrameType

from ipcluster import __version__
from ipcluster.launchers.controller_process import (
    ControllerProcess,
    StartUp,
    end_controller,
    start_controller,
)
from ipcluster.launchers.cores import usable_cores
from ipcluster.launchers.names import (
    client_arguments,
    describe,
    options_for,
    own_names,
    place_of,
)
from ipcluster.wire.own_errors import LaunchError, describe_exit


class _Told(BaseException):
    """A signal told us to stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def start(options: argparse.Namespace) -> int:
    """Run `ipcluster start`; the exit status."""
    began = time.monotonic()
    place = place_of(options.profile, options.profile_dir, options.cluster_id)
    if options.engines != "local":
        raise LaunchError(f"no launcher {options.engines!r}; there is: local")
    n = usable_cores() if options.n is None else options.n
    with _stopped_by_signals():
        try:
            controller = start_controller(
                place,
                _controller_options(options),
                n,
                tethered=not options.daemonize,
                environment=own_names(place),
            )
        except _Told:
            print("\nstopped before it had started", file=sys.stderr)
            return 1
        return _attend(controller, options, began)


def _attend(
    controller: ControllerProcess, options: argparse.Namespace, began: float
) -> int:
    """See it through its start, and unless it is a daemon through its life."""
    screen = _Screen(controller, options.n is None)
    try:
        screen.show_listening()
        controller.wait_until(
            lambda start: start.is_complete, options.engine_timeout, screen.show_engines
        )
        screen.show_ready(time.monotonic() - began, daemon=options.daemonize)
        if options.daemonize:
            controller.close()
            return 0
        return _stay(controller, screen)
    except _Told as told:
        screen.say(f"\n{_name(told.signum)}: stopping")
        _stop(controller)
        screen.say("stopped")
        return 0
    except LaunchError:
        _stop(controller)
        raise


def _stay(controller: ControllerProcess, screen: _Screen) -> int:
    """Show what happens until the controller ends; why, if that was by itself."""
    while controller.advance(3600.0):
        screen.show_change(controller.start_up)
    code = controller.exit_code(wait=10.0)
    output = controller.output()
    _stop(controller)
    if code == 0:
        screen.say("the cluster was stopped")
        return 0
    ending = "does not answer" if code is None else describe_exit(code)
    raise LaunchError(
        f"the controller has died ({ending}); what it left behind is cleaned up",
        output=output,
    )


def _stop(controller: ControllerProcess) -> None:
    """Stop everything; a second Ctrl-C does not leave things half done."""
    for signum in _signals():
        signal.signal(signum, signal.SIG_IGN)
    end_controller(controller)


def _controller_options(options: argparse.Namespace) -> list[str]:
    how = "daemon" if options.daemonize else f"foreground, pid {os.getpid()}"
    words = [f"--log-level={options.log_level}", f"--how={how}"]
    for name in ("ip", "port", "location", "preload", "path"):
        if value := getattr(options, name):
            words.append(f"--{name}={value}")
    return words


class _Screen:
    """What a person sees of a start."""

    def __init__(self, controller: ControllerProcess, n_by_cores: bool) -> None:
        self._controller = controller
        self._place = controller.place
        self._reason = " (one for each core usable here)" if n_by_cores else ""
        self._ready = 0
        self._is_terminal = sys.stdout.isatty()

    def say(self, text: str) -> None:
        # Whoever reads may have gone; the cluster need not go with them.
        with contextlib.suppress(OSError):
            print(text, flush=True)

    def show_listening(self) -> None:
        start, process = self._controller.start_up, self._controller.process
        self.say(
            f"ipcluster {__version__}: {describe(self._place)} on "
            f"{socket.gethostname()}, controller pid {process.pid}, port {start.port}\n"
            f"  files in {self._place.folder}"
        )

    def show_engines(self, start: StartUp) -> None:
        if self._is_terminal and start.ready != self._ready:
            with contextlib.suppress(OSError):
                print(f"\r  {start.ready} of {start.n} engines ", end="", flush=True)
        self._ready = start.ready

    def show_ready(self, seconds: float, *, daemon: bool) -> None:
        start = self._controller.start_up
        again = "\r" if self._is_terminal and start.n else ""
        stop = f"ipcluster stop{options_for(self._place)}"
        self.say(
            f"{again}  {start.ready} of {start.n} engines answer after "
            f"{seconds:.2f} s{self._reason}\n"
            f"connect from Python:\n"
            f"    import ipcluster as ipp\n"
            f"    rc = ipp.Client({client_arguments(self._place)})\n"
            + (f"stop it with: {stop}" if daemon else "Ctrl-C stops everything")
        )
        self._ready = start.ready

    def show_change(self, start: StartUp) -> None:
        if start.ready != self._ready:
            engines = "engine answers" if start.ready == 1 else "engines answer"
            self.say(f"{time.strftime('%H:%M:%S')}  {start.ready} {engines}")
        self._ready = start.ready


def _signals() -> list[int]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Have `_Told` raised by each signal that means: stop."""

    def on_signal(signum: int, frame: FrameType | None) -> None:
        # Once is enough: a second must not break into the stopping.
        for one in _signals():
            signal.signal(one, signal.SIG_IGN)
        raise _Told(signum)

    before = [(one, signal.getsignal(one)) for one in _signals()]
    for signum, handler in before:
        # `nohup ipcluster start` wants to outlive its terminal.
        if handler is not signal.SIG_IGN:
            signal.signal(signum, on_signal)
    try:
        yield
    finally:
        for signum, handler in before:
            signal.signal(signum, handler)


def _name(signum: int) -> str:
    return "Ctrl-C" if signum == signal.SIGINT else signal.Signals(signum).name
