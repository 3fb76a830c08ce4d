"""Many engines that are none: one process speaks for an agent and for all its engines.

    python -m benchmarks.far_engines TICKET COUNT

Every task is answered at once with None, so that what a task costs is what it costs the
controller. It comes in by the ticket's socket file: encryption, which costs the same
for any number of engines, would only hide the difference.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import select
import sys
import time
from pathlib import Path

import msgspec

from ipcluster import __version__
from ipcluster.wire import messages as m
from ipcluster.wire import tickets
from ipcluster.wire.codec import pack, unpack_to_client, unpack_to_link
from ipcluster.wire.serialize import dump
from ipcluster.wire.streams import FramedStream, StreamClosed, new_buffer, unix_socket

NONE = dump(None, None).payload
OK = int(m.Status.OK)
# Seconds a task is said to have taken: a few microseconds, as a no-op does.
DURATION = 3e-6


def answer(frame: bytes) -> list[msgspec.Struct]:
    """What an engine says to what it is told."""
    said: list[msgspec.Struct] = []
    for message in unpack_to_link(frame):
        if isinstance(message, m.Run):
            now = time.time()
            said.append(
                m.Done(
                    [m.Outcome(i.task, OK, NONE, now, DURATION) for i in message.items]
                )
            )
        elif isinstance(message, m.Recall):
            said.append(m.Dropped([]))
    return said


def join(count: int) -> list[msgspec.Struct]:
    """The host, and each of its engines saying that it is ready."""
    python = (sys.version_info.major, sys.version_info.minor)
    born = [m.Born(slot, os.getpid()) for slot in range(count)]
    messages: list[msgspec.Struct] = [m.HostJoin(platform.node(), os.getpid(), born)]
    for slot in range(count):
        ready = m.Ready(
            secrets.token_hex(8), os.getpid(), platform.node(), python, time.time()
        )
        messages.append(m.FromEngine(slot, pack([ready])))
    return messages


def serve(door: FramedStream, count: int) -> None:
    """Answer until the controller goes or says stop."""
    buffer = new_buffer()
    events = select.poll()
    while True:
        wanted = select.POLLIN | (select.POLLOUT if door.has_backlog else 0)
        events.register(door, wanted)
        events.poll()
        door.flush()
        replies: list[msgspec.Struct] = []
        for received in door.receive(buffer):
            for message in unpack_to_client(received.frame):
                if isinstance(message, m.ToEngine):
                    if said := answer(message.frame):
                        replies.append(m.FromEngine(message.slot, pack(said)))
                elif isinstance(message, m.Welcome):
                    replies += join(count)
                elif isinstance(message, m.Stop | m.Refused):
                    return
        if replies:
            door.send([pack(replies)])


def main() -> None:
    ticket = tickets.read(Path(sys.argv[1]))
    assert ticket.socket_file is not None
    sock = unix_socket()
    sock.connect(ticket.socket_file)
    door = FramedStream(sock)
    python = (sys.version_info.major, sys.version_info.minor)
    session = secrets.token_hex(6)
    hello = m.Hello(m.PROTOCOL, python, ticket.grant, session, "agent", __version__)
    door.send([pack([hello])])
    with contextlib.suppress(StreamClosed):
        serve(door, int(sys.argv[2]))


if __name__ == "__main__":
    main()
