"""Waiting for engines."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ipcluster.wire.errors import TimeoutError  # noqa: A004 - the name users know

if TYPE_CHECKING:
    from ipcluster.client.client import Client

# Seconds between two looks at a cluster that was started here: has it failed?
LOOK = 0.25


def wait_for_engines(
    client: Client,
    n: int | None,
    timeout: float | None,
    block: bool,
    interactive: bool | None,
) -> Any:
    """Wait until `n` engines are there, or give a future for it."""
    wanted = _expected(client) if n is None else n
    if block:
        _wait(client, wanted, timeout, bool(interactive))
        return None
    future: Future[None] = Future()

    def run() -> None:
        try:
            _wait(client, wanted, timeout, False)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=run, name="ipcluster engines", daemon=True).start()
    return future


def _expected(client: Client) -> int:
    n = getattr(client.cluster, "n", None)
    return n if isinstance(n, int) and n > 0 else max(1, len(client))


def _wait(
    client: Client, wanted: int, timeout: float | None, interactive: bool
) -> None:
    connection, roster = client.connection, client.roster
    connection.check()
    deadline = None
    if timeout is not None and timeout >= 0:
        deadline = time.monotonic() + timeout

    def ready() -> bool:
        return len(roster) >= wanted or connection.failure is not None

    seen = -1
    while True:
        left = LOOK
        if deadline is not None:
            left = max(0.0, min(LOOK, deadline - time.monotonic()))
        done = connection.wait(ready, left)
        if interactive and len(roster) != seen:
            seen = len(roster)
            print(f"{seen} of {wanted} engines", file=sys.stderr)
        if connection.failure is not None:
            raise connection.failure
        if done:
            return
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError(_too_late(client, wanted, timeout))


def _too_late(client: Client, wanted: int, timeout: float | None) -> str:
    roster = client.roster
    text = f"{len(roster)} of {wanted} engines are there after {timeout:g} s"
    if roster.causes:
        engine, cause = next(reversed(roster.causes.items()))
        text += f"; engine {engine} has left: {cause}"
    return text
