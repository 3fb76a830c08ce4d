"""An agent's way to the controller: which of its addresses, and why not.

A controller may be known by several addresses. They are tried one after the other: a
socket that is connected to two at once would send every other message to each.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import zmq

from ipcluster.wire.curve import Event, Handshake, Happened, Watch
from ipcluster.wire.errors import ClusterError

# Seconds that an address has until the next is tried: a round trip round the world,
# and some lost packets.
EACH = 2.0


class Approach:
    """Connects a socket, and says what became of it."""

    def __init__(self, door: zmq.Socket[Any], addresses: Sequence[str]) -> None:
        self._door = door
        self._addresses = list(addresses)
        self._at = 0
        self._since = time.monotonic()
        self._handshake = Handshake()
        self._heard: dict[str, str] = {}
        self._connected = False
        self.watch = Watch(door)
        door.connect(self._address)

    @property
    def _address(self) -> str:
        return self._addresses[self._at]

    @property
    def refusal(self) -> ClusterError | None:
        """Why no address will ever let us in, once that is known of all."""
        if self._handshake.refusal is None:
            return None
        self._heard[self._address] = str(self._handshake.refusal)
        if len(self._heard) < len(self._addresses):
            self._next()
            return None
        return self._handshake.refusal

    def read(self) -> list[Happened]:
        """What has happened since the last time."""
        events = self.watch.read()
        for event in events:
            self._handshake.on_event(event)
            self._note(event)
        return [event.what for event in events]

    def _note(self, event: Event) -> None:
        match event.what:
            case Happened.WELCOMED:
                self._connected = True
            case Happened.DISCONNECTED:
                self._connected = False
            case Happened.RETRYING | Happened.CLOSED:
                self._heard.setdefault(self._address, "nobody listens there")
            case _:
                pass

    def look(self) -> None:
        """Try the next address if this one has had its time."""
        if self._connected or len(self._addresses) == 1:
            return
        if time.monotonic() - self._since > EACH:
            self._next()

    def _next(self) -> None:
        self._heard.setdefault(self._address, "no answer")
        self._door.disconnect(self._address)
        self._at = (self._at + 1) % len(self._addresses)
        self._since = time.monotonic()
        self._handshake = Handshake()
        self._door.connect(self._address)

    def failure(self, seconds: float) -> ClusterError:
        """What to say when nobody let us in, of each address."""
        self._heard.setdefault(self._address, "no answer")
        tried = "; ".join(f"{where}: {what}" for where, what in self._heard.items())
        return ClusterError(
            f"no controller let this agent in within {seconds:.0f} s ({tried}); is the "
            "cluster running, and does this host reach that address?"
        )

    def close(self) -> None:
        """Stop watching. The socket is its owner's."""
        self.watch.close()
