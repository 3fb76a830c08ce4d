"""Is that process still the one we knew? A pid alone does not say: it is used again.

A process is named by its pid and the time it started, as its own system counts it. The
unit differs by system (on Linux, seconds since boot), so the number is only ever
compared with another from the same host.
"""

from __future__ import annotations

import os
import sys

# Seconds. Start times are exact on Linux; elsewhere they go through a float or two.
_SAME = 0.02


def process_started(pid: int) -> float | None:
    """When the process with this pid started; None if there is none, or a dead one."""
    if pid <= 0:
        return None
    if sys.platform == "linux":
        return _started_linux(pid)
    return _started_elsewhere(pid)


def is_alive(pid: int, started: float | None) -> bool:
    """Whether the process that had this pid and start time still runs."""
    now = process_started(pid)
    return now is not None and (not started or abs(now - started) < _SAME)


def _started_linux(pid: int) -> float | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The name stands in parentheses and may itself hold spaces and parentheses.
    fields = text[text.rfind(b")") + 2 :].split()
    state, start_ticks, memory_bytes = fields[0], int(fields[19]), int(fields[20])
    # No memory: on its way out, even before it is a zombie that waits to be reaped.
    if state in b"ZXx" or memory_bytes == 0:
        return None
    return start_ticks / os.sysconf("SC_CLK_TCK")


def _started_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.Error:
        return None
