"""Signals to an engine's main thread, where its user's code runs.

`kill` gives a signal to any thread of a process. When one of numpy's own threads gets
it, the main thread sleeps on. Linux can name the thread: the main one has the number of
the process. Elsewhere `kill` has to do.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

log = logging.getLogger(__name__)


def _sender() -> Callable[[int, int], None]:
    if sys.platform == "linux":
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        if hasattr(library, "tgkill"):

            def send(pid: int, signum: int) -> None:
                if library.tgkill(pid, pid, int(signum)) != 0:
                    raise OSError(ctypes.get_errno(), "tgkill")

            return send
    return os.kill


_send = _sender()


def signal_main_thread(pid: int, signum: int) -> None:
    """Send a signal; a process that has gone gets none."""
    try:
        _send(pid, signum)
    except ProcessLookupError:
        pass
    except OSError as error:  # on another host there may be other signals
        log.warning("signal %d to process %d: %s", signum, pid, error)
