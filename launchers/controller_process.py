"""The controller as a child process: its command line, what it reports, how it ends.

It gets two pipes. On `--ready-fd` it writes a line of JSON for each step of its start:

    {"event": "listening", "port": 40123}
    {"event": "engines", "ready": 3, "of": 8}
    {"event": "unborn", "reason": "..."}           some engines cannot be started
    {"event": "failed", "reason": "..."}

`--tether-fd` is never written to: it reaches its end when we end, in whatever way, and
the controller then stops in order. A daemon gets none.

It runs in a session of its own: Ctrl-C in our terminal does not hit the engines.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from ipcluster.launchers.claim import claimed
from ipcluster.launchers.ended import log_tail
from ipcluster.launchers.names import describe
from ipcluster.wire.errors import LaunchError
from ipcluster.wire.places import ClusterPlace

# Seconds for the controller itself to listen: it takes 0.2 s, a loaded machine longer.
LISTEN_SECONDS = 30.0

# Bytes of what it wrote on stderr that an error quotes.
_OUTPUT_BYTES = 8_192


class _Process(subprocess.Popen[bytes]):
    """A process that may outlive us, as a daemon does; `Popen` would complain."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.command = command
        super().__init__(command, **options)

    def __del__(self) -> None:
        """Say nothing."""


class StartUp:
    """How far a start has come, from what the controller reports. Pure: no I/O."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.port: int | None = None
        self.ready = 0
        self.reason: str | None = None
        self._rest = b""

    @property
    def is_listening(self) -> bool:
        return self.port is not None

    @property
    def is_complete(self) -> bool:
        return self.is_listening and self.ready >= self.n

    def feed(self, data: bytes) -> None:
        """Take what came through the pipe; lines may be cut anywhere."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            # A controller of a later version may say more: pass over what is new.
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._on_event(json.loads(line))

    def _on_event(self, event: Mapping[str, object]) -> None:
        match event:
            case {"event": "listening", "port": int(port)}:
                self.port = port
            case {"event": "engines", "ready": int(ready)}:
                self.ready = ready
            case {"event": "unborn", "reason": reason} if not self.is_complete:
                self.reason = str(reason)
            case {"event": "failed", "reason": reason}:
                self.reason = str(reason)
            case _:
                pass


class ControllerProcess:
    """A controller that was started here. Blocking; `advance` never waits long."""

    def __init__(
        self,
        place: ClusterPlace,
        process: _Process,
        reports: int,
        tether: int | None,
        errors: BinaryIO,
        start_up: StartUp,
    ) -> None:
        self.place = place
        self.process = process
        self.start_up = start_up
        self._reports: int | None = reports
        self._tether = tether
        self._errors = errors
        os.set_blocking(reports, False)

    @property
    def reports(self) -> int | None:
        """The descriptor to wait on for news; None once the controller has ended."""
        return self._reports

    def advance(self, seconds: float = 0.0) -> bool:
        """Take in what is reported within `seconds`. False: it has ended or failed."""
        if self._reports is None:
            return False
        if seconds and not _is_readable(self._reports, seconds):
            return True
        try:
            data = os.read(self._reports, 65_536)
        except BlockingIOError:
            return True
        if not data:
            os.close(self._reports)
            self._reports = None
            return False
        self.start_up.feed(data)
        return self.start_up.reason is None

    def wait_until(
        self,
        reached: Callable[[StartUp], bool],
        seconds: float,
        on_news: Callable[[StartUp], None] = lambda _: None,
    ) -> None:
        """Wait until the start has come so far.

        Raises:
            LaunchError: it failed, or did not get there within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not reached(self.start_up):
            left = deadline - time.monotonic()
            if left <= 0:
                raise self.too_slow(seconds)
            if not self.advance(left):
                raise self.failure()
            on_news(self.start_up)

    def failure(self) -> LaunchError:
        """Why it ended while starting, as an error."""
        code = self.exit_code(wait=2.0)
        what = f"cannot start {describe(self.place)}"
        if self.start_up.reason:
            return LaunchError(f"{what}: {self.start_up.reason}")
        return LaunchError(
            f"{what}: its controller ended while starting",
            command=self.process.command,
            exit_code=code,
            output=self.output(),
        )

    def too_slow(self, seconds: float) -> LaunchError:
        """That it takes longer than that, as an error."""
        start = self.start_up
        what = f"{start.ready} of {start.n} engines answer"
        if not start.is_listening:
            what = "the controller does not listen"
        return LaunchError(
            f"cannot start {describe(self.place)}: {what} after {seconds:.0f} s",
            output=self.output(),
        )

    def exit_code(self, wait: float = 0.0) -> int | None:
        """How it ended; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(wait) if wait else self.process.poll()
        return None

    def output(self) -> str:
        """What it wrote on stderr, or else the last lines of the cluster's logs."""
        if self._errors.closed:
            return log_tail(self.place)
        size = os.fstat(self._errors.fileno()).st_size
        self._errors.seek(max(0, size - _OUTPUT_BYTES))
        text = self._errors.read().decode("utf-8", "replace").strip()
        return text or log_tail(self.place)

    def close(self) -> None:
        """Let go of the pipes; a tethered controller ends then. Twice is harmless."""
        for pipe in (self._reports, self._tether):
            if pipe is not None:
                os.close(pipe)
        self._reports = self._tether = None
        self._errors.close()
        self.process.poll()


def _is_readable(fd: int, seconds: float) -> bool:
    """Wait until there is something to read, also by a number beyond 1,023."""
    if not hasattr(select, "poll"):
        return bool(select.select([fd], [], [], seconds)[0])
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def controller_command(
    place: ClusterPlace, options: Sequence[str], n: int
) -> list[str]:
    """The command line of a controller with `n` engines on its host."""
    return [
        # -P: a file `queue.py` in the user's folder must not break the controller.
        *(sys.executable, "-P", "-m", "ipcluster.launchers.controller_app"),
        f"--profile={place.profile}",
        f"--cluster-id={place.cluster_id}",
        f"-n={n}",
        *options,
    ]


def controller_environment(
    place: ClusterPlace, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Our environment, and what marks every process of this cluster."""
    return {
        **os.environ,
        **(extra or {}),
        "IPCLUSTER_DIR": str(place.root),
        "IPCLUSTER_PLACE": str(place.folder),
    }


def spawn_controller(
    place: ClusterPlace,
    options: Sequence[str],
    n: int,
    *,
    tethered: bool,
    environment: Mapping[str, str] | None = None,
) -> ControllerProcess:
    """Start a controller; returns at once, with the place claimed until then.

    Raises:
        LaunchError: the cluster runs already, or there is no process to be had.
    """
    command = controller_command(place, options, n)
    reports, reports_in = os.pipe()
    tether_out, tether = os.pipe() if tethered else (None, None)
    given = [reports_in] if tether_out is None else [reports_in, tether_out]
    command.append(f"--ready-fd={reports_in}")
    if tether_out is not None:
        command.append(f"--tether-fd={tether_out}")
    # Ours to read even when a controller that fails has removed the whole folder.
    errors = (place.log_folder / "controller.err").open("ab+")
    try:
        process = _Process(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env=controller_environment(place, environment),
            pass_fds=given,
            start_new_session=True,
        )
    except OSError as error:
        for pipe in (reports, tether):
            if pipe is not None:
                os.close(pipe)
        errors.close()
        raise LaunchError(
            f"cannot start a process: {error.strerror}", command=command
        ) from error
    finally:
        for pipe in given:
            os.close(pipe)
    return ControllerProcess(place, process, reports, tether, errors, StartUp(n))


def start_controller(
    place: ClusterPlace,
    options: Sequence[str],
    n: int,
    *,
    tethered: bool,
    environment: Mapping[str, str] | None = None,
) -> ControllerProcess:
    """Claim the place and start a controller there; returns when it listens.

    Raises:
        LaunchError: the cluster runs already, or the controller failed.
    """
    with claimed(place):
        controller = spawn_controller(
            place, options, n, tethered=tethered, environment=environment
        )
        try:
            controller.wait_until(lambda start: start.is_listening, LISTEN_SECONDS)
        except BaseException:
            end_controller(controller)
            raise
    return controller


def end_controller(controller: ControllerProcess) -> None:
    """End a controller that was started here, and all that belongs to it."""
    from ipcluster.launchers.ended import stop_cluster

    try:
        stop_cluster(controller.place)
        # Before it has noted its pid only we know of it.
        if controller.exit_code() is None:
            controller.process.kill()
            controller.exit_code(wait=5.0)
    finally:
        controller.close()
