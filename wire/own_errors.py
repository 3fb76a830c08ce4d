"""The errors about the cluster itself: all of the tree but what user code raised.

`wire/errors.py` draws the tree and is where everybody else imports these from.
"""

from __future__ import annotations

import builtins
import signal
from collections.abc import Sequence


class ClusterError(Exception):
    """Everything we raise on purpose; `engine`, `task`, `host` if they are known."""

    def __init__(
        self,
        message: str = "",
        *,
        engine: int | None = None,
        task: int | None = None,
        host: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.engine = engine
        self.task = task
        self.host = host

    def __str__(self) -> str:
        return self.message


KernelError = IPythonError = ClusterError


class ProtocolError(ClusterError):
    """A peer broke the protocol."""


class SecurityError(ClusterError):
    """A bad key or signature, a file open to others, or a right not granted."""


class TicketError(SecurityError):
    """A ticket that cannot be used; the sentence says what to do."""


class SerializationError(ClusterError):
    """An object cannot be pickled or unpickled."""


class ForkError(ClusterError):
    """A client was used in a forked child: its sockets belong to the parent."""


class ConnectionLost(ClusterError):
    """The controller is gone, or does not answer."""


class TimeoutError(ClusterError, builtins.TimeoutError):  # noqa: A001 - the name users know
    """Waited longer than the caller allowed."""


class NoEnginesRegistered(ClusterError):
    """Nothing to run on."""


NoEngines = NoEnginesRegistered


class EngineError(ClusterError):
    """The engine went away with the task."""


class TaskAborted(ClusterError):
    """Taken back before it started."""


class TaskTimeout(ClusterError):
    """Waited longer than its `timeout` for an engine."""


class TaskRejectError(ClusterError):
    """The engine would not take the task."""


class UnmetDependency(ClusterError):
    """A dependency of the function is not met on this engine."""


class ImpossibleDependency(UnmetDependency):
    """A dependency can never be met."""


class DependencyTimeout(ImpossibleDependency):
    """A dependency was not met in time."""


class InvalidDependency(ImpossibleDependency):
    """A dependency names a task that nobody knows, or one that depends on this one."""


class LaunchError(ClusterError):
    """A process did not start, or ended at once."""

    def __init__(
        self,
        message: str = "",
        *,
        command: Sequence[str] = (),
        exit_code: int | None = None,
        output: str = "",
    ) -> None:
        super().__init__(message)
        self.command = list(command)
        self.exit_code = exit_code
        self.output = output

    def __str__(self) -> str:
        sentence = self.message or "could not start"
        if self.command:
            sentence += f": {' '.join(self.command)}"
        if self.exit_code is not None:
            sentence += f" ({describe_exit(self.exit_code)})"
        tail = self.output.strip()
        return f"{sentence}\n{tail}" if tail else sentence


def describe_exit(status: int) -> str:
    """How a process ended, from its return code: negative is a signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {-status}, {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"
