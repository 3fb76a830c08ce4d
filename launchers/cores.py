"""How many cores this process may use: the default number of engines.

The least of what the machine has, what the affinity mask leaves (taskset, a batch
system's cpuset) and what the control groups grant (a container's `--cpus`).
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Cores this process may use, at least 1. Part of a core counts as one."""
    quota = control_group_quota(_own_groups(), _CONTROL_GROUPS)
    return max(1, math.ceil(min(_scheduled_cores(), quota)))


def control_group_quota(own_groups: str, root: Path) -> float:
    """Cores that the control groups grant; infinity without a limit.

    A group is bound by its parents as well, so each folder up to the root is read.

    Args:
        own_groups: the text of /proc/self/cgroup, lines of `id:controllers:path`.
        root: where the groups are mounted.
    """
    quota = math.inf
    for line in own_groups.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0":
            mount = root
        elif "cpu" in controllers.split(","):
            mount = root / controllers
            if not mount.is_dir():
                mount = root / "cpu"
        else:
            continue
        group = mount / path.strip("/")
        # In a container the path may be the host's; its root is then our own group.
        while True:
            quota = min(quota, _quota_of(group))
            if group == mount:
                break
            group = group.parent
    return quota


def _quota_of(group: Path) -> float:
    """Cores granted by the files of one group, of version 2 or 1."""
    try:
        if (limit := group / "cpu.max").is_file():
            granted, period = limit.read_text().split()
        else:
            granted = (group / "cpu.cfs_quota_us").read_text().strip()
            period = (group / "cpu.cfs_period_us").read_text().strip()
        if granted in ("max", "-1"):
            return math.inf
        return int(granted) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def _scheduled_cores() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _own_groups() -> str:
    try:
        return _OWN_GROUPS.read_text()
    except OSError:
        return ""
