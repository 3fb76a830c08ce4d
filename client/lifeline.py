"""Whether the controller is there: disconnects, reconnects, and the end.

    connected --broken--> lost --let in again, same epoch--> connected
                            |
                            `--controller dead, silent too long, or a new one--> over

Over means that every task and question that waits ends with an error, at once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ipcluster.client.door import hello
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack
from ipcluster.wire.errors import ConnectionLost
from ipcluster.wire.places import is_alive

if TYPE_CHECKING:
    from ipcluster.client.connection import Connection

# Seconds between looks whether the controller lives, once the connection is broken,
# and for how long a controller on another host may stay away.
LOOK = 0.05
LOST_AFTER = 30.0


class Lifeline:
    """What a connection does when it breaks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lost_since = 0.0

    @property
    def is_lost(self) -> bool:
        """Nothing should be sent: the controller would not know whose it is."""
        return self._lost_since > 0

    def on_connected(self) -> None:
        """The socket is connected (again): introduce ourselves, if it was broken."""
        if self.is_lost:
            self._greet()

    def _greet(self) -> None:
        connection = self._connection
        greeting = hello(connection.ticket, connection.session)
        connection.send_plain(pack([greeting, connection.numbered.said()]))

    def on_disconnected(self) -> None:
        """The connection broke."""
        if not self.is_lost and not self._connection.closed:
            self._lost_since = time.monotonic()
            self.look(self._lost_since)

    def look(self, now: float) -> float | None:
        """Give up if the controller has gone; seconds until the next look."""
        if not self.is_lost:
            return None
        connection = self._connection
        ticket = connection.ticket
        where = f"the controller (pid {ticket.pid} on {ticket.host})"
        if connection.is_local:
            if not is_alive(ticket.pid, ticket.pid_started):
                self._over(f"{where} has ended")
        elif now - self._lost_since > LOST_AFTER:
            self._over(f"no connection to {where} for {LOST_AFTER:.0f} s")
        return LOOK

    def on_welcome(self, message: m.Welcome) -> None:
        """Let in again."""
        connection = self._connection
        if (message.epoch, message.client) != (connection.epoch, connection.client):
            self._over(
                "the controller was started again and does not know this Client's "
                "tasks: make a new Client"
            )
            return
        connection.roster.on_welcome(message.engines)
        # Before anything new is sent: the numbers are to come in order.
        connection.send_again()
        self._lost_since = 0.0
        connection.notify()
        connection.send()

    def on_refused(self, message: m.Refused) -> None:
        """Not let in again, or something was sent on a connection without a hello."""
        if message.reason != m.SAY_HELLO:
            self._over(f"the controller refused: {message.reason}")
        elif not self.is_lost:
            # The welcome that we believed came over a connection that had broken since.
            self._lost_since = time.monotonic()
            self._greet()

    def on_stop(self, _message: m.Stop) -> None:
        """The cluster stops."""
        ticket = self._connection.ticket
        self._over(f"the controller (pid {ticket.pid} on {ticket.host}) was stopped")

    def _over(self, reason: str) -> None:
        self._lost_since = 0.0
        self._connection.fail(ConnectionLost(reason))
