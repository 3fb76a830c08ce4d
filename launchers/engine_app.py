"""`ipengine`: engines on a host other than the controller's.

`ipengine -n 4 --ticket FILE`.

The process is the host's agent; its keeper and its engines are its children. It ends
with the cluster, or when no controller answers for a while.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import zmq

from ipcluster import __version__
from ipcluster.engines.agent import Agent
from ipcluster.engines.holder import Holder
from ipcluster.launchers.cores import usable_cores
from ipcluster.wire import tickets
from ipcluster.wire.curve import secure_client
from ipcluster.wire.errors import ClusterError, TicketError
from ipcluster.wire.messages import PROTOCOL, Hello
from ipcluster.wire.tickets import Ticket

log = logging.getLogger(__name__)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ipengine",
        description="Engines of this host for a controller elsewhere.",
        epilog="example: ipengine -n 4 --ticket engine.ticket",
    )
    parser.add_argument(
        "-n",
        type=int,
        default=None,
        help="engines; default: the cores this process may use",
    )
    parser.add_argument(
        "--ticket", required=True, type=Path, help="the cluster's engine.ticket"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        help="seconds to wait for the ticket and the controller",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=60.0,
        help="seconds to go on without the controller",
    )
    parser.add_argument(
        "--preload", default="", help="modules to import before engines are forked"
    )
    parser.add_argument(
        "--spawn",
        action="store_true",
        help="start engines afresh instead of forking them",
    )
    parser.add_argument("--log-level", default="INFO")
    return parser


def read_ticket(path: Path, timeout: float) -> Ticket:
    """The ticket, when it is there: on a network file system it may show up late.

    Raises:
        TicketError: it is not, or cannot be used.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            return tickets.read(path)
        except TicketError:
            if path.exists() or time.monotonic() > deadline:
                raise
            # The listing of the folder makes a network file system look again.
            with contextlib.suppress(OSError):
                os.listdir(path.parent)
            time.sleep(0.2)


@contextlib.contextmanager
def host_folders() -> Iterator[list[Path]]:
    """Folders for this host's copies of segments, removed at the end."""
    made: list[Path] = []
    try:
        for place in (Path("/dev/shm"), Path(tempfile.gettempdir())):
            if place.is_dir() and os.access(place, os.W_OK):
                made.append(
                    Path(
                        tempfile.mkdtemp(
                            prefix=f"ipcluster-{os.getuid()}-agent-", dir=place
                        )
                    )
                )
        yield made
    finally:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


def start_keeper(
    options: argparse.Namespace, folders: list[Path]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    n = usable_cores() if options.n is None else options.n
    command = [
        sys.executable,
        "-P",  # a user's queue.py in this folder is not ours to import
        "-m",
        "ipcluster.engines.keeper",
        f"--control-fd={theirs.fileno()}",
        f"--segments={folders[0]}",
        f"--fallback={folders[-1]}",
        f"-n={n}",
        f"--preload={options.preload}",
        # The agent holds the links: without it nobody can reach these engines again.
        "--orphan-seconds=1",
    ]
    if options.spawn:
        command.append("--spawn")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
    )
    theirs.close()
    return process, ours


def connect(ticket: Ticket, context: zmq.Context[Any]) -> zmq.Socket[bytes]:
    door: zmq.Socket[bytes] = context.socket(zmq.DEALER)
    door.sndhwm = door.rcvhwm = 0
    door.linger = 500
    door.heartbeat_ivl, door.heartbeat_timeout = 3000, 15000
    door.tcp_keepalive = 1
    door.reconnect_ivl, door.reconnect_ivl_max = 100, 5000
    secure_client(door, ticket.server_key, ticket.door_public, ticket.door_secret)
    return door


def run(options: argparse.Namespace) -> None:
    ticket = read_ticket(options.ticket, options.timeout)
    stale = tickets.is_stale(ticket)
    if stale is not None:
        raise TicketError(stale)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    version = sys.version_info
    hello = Hello(
        PROTOCOL,
        (version.major, version.minor),
        ticket.grant,
        secrets.token_hex(6),
        "agent",
        __version__,
    )
    with host_folders() as folders:
        keeper, control = start_keeper(options, folders)
        door = connect(ticket, context)
        agent = Agent(door, hello, keeper.pid, folders)
        try:
            agent.hold(Holder(control, agent.poller))
            agent.on_joined = lambda: print(
                f"ipengine: joined cluster {ticket.cluster_id or 'default'}", flush=True
            )
            _watch_ends(agent)
            for address in ticket.addresses:
                door.connect(address)
            agent.run(options.timeout, options.patience)
        finally:
            _end(keeper, agent)
            context.destroy(linger=500)


def _watch_ends(agent: Agent) -> None:
    def stop(*_: object) -> None:
        agent.stopping = True

    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, stop)


def _end(keeper: subprocess.Popen[bytes], agent: Agent) -> None:
    with contextlib.suppress(ProcessLookupError):
        keeper.terminate()
    try:
        keeper.wait(6.0)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    agent.close()


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    logging.basicConfig(
        level=options.log_level,
        format="%(asctime)s ipengine %(levelname)s: %(message)s",
    )
    try:
        run(options)
    except (ClusterError, OSError) as error:
        print(f"ipengine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
