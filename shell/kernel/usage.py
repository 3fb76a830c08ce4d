"""What the kernel's process uses: the answer to `usage_request`."""

from __future__ import annotations

import os
import platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def usage() -> dict[str, Any]:
    """Memory in bytes, CPU in percent since the last call; with the children's."""
    import psutil

    own = psutil.Process(os.getpid())
    family = [own, *own.children(recursive=True)]
    memory, cpu = 0, 0.0
    for process in family:
        try:
            full = process.memory_full_info()
            memory += getattr(full, "pss", full.rss)
            cpu += process.cpu_percent()
        except psutil.Error:
            continue
    virtual = psutil.virtual_memory()
    return {
        "hostname": platform.node(),
        "pid": os.getpid(),
        "kernel_cpu": cpu,
        "kernel_memory": memory,
        "cpu_count": psutil.cpu_count(),
        "host_cpu_percent": psutil.cpu_percent(),
        "host_virtual_memory": dict(virtual._asdict()),
    }
