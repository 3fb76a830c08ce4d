"""Connection files of kernels that have gone.

A kernel removes its file when it ends. One that was killed together with its
supervisor, or went with the machine, cannot; so the file says which process the kernel
is, and which one started it. When both are gone nobody will use it again: the next
kernel that starts on this machine removes it, and the socket files that belong to it.
While whoever started it lives, the file is theirs: a Jupyter server starts a kernel
again with the file of the last one.

Files that say nothing of it, as other kernels write them, are left alone.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os

from ipcluster.wire.processes import is_alive, process_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BOOT = "/proc/sys/kernel/random/boot_id"
_PIDS = "/proc/self/ns/pid"


def whose(parent_pid: int | None) -> dict[str, Any]:
    """What a connection file says of this process, a kernel, and who started it."""
    said: dict[str, Any] = {"kernel_host": _host(), "kernel_boot": _boot()}
    said["kernel_pid"] = pid = os.getpid()
    said["kernel_started"] = process_started(pid)
    if parent_pid is not None:
        said["parent_pid"] = parent_pid
        said["parent_started"] = process_started(parent_pid)
    return said


def has_gone(said: dict[str, Any]) -> bool:
    """Whether a kernel, by its connection file, and who started it are both gone.

    False where that cannot be known: another machine's, or another container's, whose
    processes are not seen from here.
    """
    if said.get("kernel_host") != _host() or not said.get("kernel_pid"):
        return False
    if said.get("kernel_boot") != _boot():
        # Another boot of this machine, if it is not another container in this one.
        return _machine(said.get("kernel_boot")) != _machine(_boot())
    return not any(
        is_alive(int(said[f"{who}_pid"]), said.get(f"{who}_started"))
        for who in ("kernel", "parent")
        if said.get(f"{who}_pid")
    )


def sweep(folder: str) -> None:
    """Remove what kernels that have gone left in this folder."""
    for path in glob.glob(os.path.join(glob.escape(folder), "kernel-*.json")):
        try:
            with open(path, encoding="utf-8") as file:
                said = json.load(file)
            if isinstance(said, dict) and has_gone(said):
                _remove(path, said)
        except (OSError, ValueError, TypeError):  # another was faster, or wrote it
            continue


def _remove(path: str, said: dict[str, Any]) -> None:
    os.unlink(path)
    prefix = str(said.get("ip") or "")
    folder = os.path.dirname(path)
    if said.get("transport") != "ipc" or os.path.dirname(prefix) != folder:
        return
    for name, port in said.items():
        if name.endswith("_port"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{prefix}-{port}")


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else ""


def _boot() -> str:
    """Which boot of the machine, and in it which space of process ids, this is."""
    try:
        with open(_BOOT, encoding="ascii") as file:
            return f"{file.read().strip()} {os.readlink(_PIDS)}"
    except OSError:  # not on Linux
        return ""


def _machine(boot: Any) -> str:
    return str(boot or "").partition(" ")[0]
