"""What can be set about a controller.

Merged and checked once, in the program that starts it.
"""

from __future__ import annotations

from msgspec import Struct


class ControllerConfig(Struct, frozen=True, kw_only=True):
    """Below `main`, parts get these values and never read a file or the environment."""

    # Addresses to listen on. Engines and clients of other hosts need one that they can
    # reach.
    ip: str = "127.0.0.1"
    # 0: any free port.
    port: int = 0
    # Name of the policy that chooses engines (controller/policies.py).
    policy: str = "leastload"
    # Unfinished tasks one client may have here; more wait in the client. 20,000 keep
    # hundreds of engines busy while a task's record costs about 1 kB.
    window_tasks: int = 20_000
    # Pickled arguments of one client's unfinished tasks, in bytes.
    window_bytes: int = 64 << 20
    # Results kept for clients that come later: how many, and how many payload bytes.
    record_count: int = 10_000
    record_bytes: int = 64 << 20
    # Seconds that a client may be away before its connection counts as gone for good.
    reconnect_seconds: float = 60.0
    # The same for an agent. Until then its engines keep their work and get no new.
    agent_seconds: float = 5.0
    # Seconds between ZMTP heartbeats, and of silence after which a frozen or unplugged
    # host is disconnected.
    heartbeat: float = 3.0
    silence: float = 15.0
