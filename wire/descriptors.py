"""How many files and sockets a process may have open.

A keeper needs five descriptors for each engine, and a controller one, so the 1,024 that
most systems give a process at first are not enough for some hundred engines. What a
process may give itself more of, up to the hard limit, our own processes do. Engines get
the limit back that the user has set: their code is not ours, and `select.select` fails
beyond 1,024.
"""

from __future__ import annotations

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]  # the module or nothing


def raise_limit() -> int:
    """Let this process open as many as it may; how many it was before (0: no limit)."""
    if resource is None:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 0
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # macOS names more than it gives
        return soft
    return soft


def set_limit(count: int) -> None:
    """Let this process open so many; 0 changes nothing."""
    if resource is None or not count:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def limit() -> int | None:
    """How many this process may open; None: nobody knows."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
