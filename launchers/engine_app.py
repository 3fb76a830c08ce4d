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
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import zmq

from ipcluster import __version__
from ipcluster.engines.agent import Agent
from ipcluster.engines.approach import Approach
from ipcluster.engines.holder import Holder
from ipcluster.launchers.cores import usable_cores
from ipcluster.launchers.host_folders import host_folders
from ipcluster.launchers.log_options import add_log_options
from ipcluster.wire import tickets
from ipcluster.wire.curve import secure_client
from ipcluster.wire.descriptors import raise_limit
from ipcluster.wire.errors import ClusterError, TicketError
from ipcluster.wire.messages import PROTOCOL, Hello
from ipcluster.wire.tickets import Ticket

log = logging.getLogger(__name__)

# Milliseconds of silence after which the controller counts as disconnected.
SILENCE_MS = 15_000


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
        "--path", default="", help="further folders where engines look for modules"
    )
    parser.add_argument(
        "--spawn",
        action="store_true",
        help="start engines afresh instead of forking them",
    )
    add_log_options(parser)
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


def start_keeper(
    options: argparse.Namespace, folders: list[Path], locks: list[int]
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
        f"--path={options.path}",
        f"--log-level={options.log_level}",
        # The agent holds the links: without it nobody can reach these engines again.
        "--orphan-seconds=1",
        "--own-folders",
    ]
    if options.spawn:
        command.append("--spawn")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno(), *locks],
        start_new_session=True,
    )
    theirs.close()
    return process, ours


def connect(ticket: Ticket, context: zmq.Context[Any]) -> zmq.Socket[bytes]:
    door: zmq.Socket[bytes] = context.socket(zmq.DEALER)
    door.sndhwm = door.rcvhwm = 0
    door.linger = 500
    door.heartbeat_ivl, door.heartbeat_timeout = 3000, SILENCE_MS
    # A heartbeat waits behind what the network does not take; see controller/doors.py.
    door.setsockopt(zmq.TCP_MAXRT, SILENCE_MS)
    door.tcp_keepalive = 1
    door.reconnect_ivl, door.reconnect_ivl_max = 100, 1000
    secure_client(door, ticket.server_key, ticket.door_public, ticket.door_secret)
    return door


def run(options: argparse.Namespace) -> str:
    """Serve; why it ended, if nobody here asked for that."""
    ticket = read_ticket(options.ticket, options.timeout)
    stale = tickets.is_stale(ticket)
    if stale is not None:
        raise TicketError(stale)
    addresses = reachable(ticket)
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
    with host_folders() as (folders, locks):
        keeper, control = start_keeper(options, folders, locks)
        raise_limit()
        door = connect(ticket, context)
        agent = Agent(door, Approach(door, addresses), hello, keeper.pid, folders)
        try:
            agent.hold(Holder(control, agent.poller))
            agent.on_joined = lambda: print(
                f"ipengine: joined cluster {ticket.cluster_id or 'default'}", flush=True
            )
            agent.has_ended = lambda: tickets.is_stale(ticket)
            with _stopped_by_signals(agent):
                agent.run(options.timeout, options.patience)
        finally:
            _end(keeper, agent)
            context.destroy(linger=500)
    if agent.failure:
        raise ClusterError(agent.failure)
    return agent.ended


def reachable(ticket: Ticket) -> list[str]:
    """The addresses that may lead to the controller from this host.

    Raises:
        TicketError: there are none.
    """
    if ticket.host == socket.gethostname():
        return ticket.addresses
    # A loopback address means another machine on every other host.
    addresses = [one for one in ticket.addresses if "//127." not in one]
    if not addresses:
        raise TicketError(
            f"the cluster listens on {', '.join(ticket.addresses) or 'no port'} of "
            f"{ticket.host} only; start it with --ip to reach it from other hosts"
        )
    return addresses


@contextlib.contextmanager
def _stopped_by_signals(agent: Agent) -> Iterator[None]:
    def stop(*_: object) -> None:
        agent.stopping = True

    signums = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(signum, stop) for signum in signums]
    try:
        yield
    finally:
        for signum, handler in zip(signums, before, strict=True):
            signal.signal(signum, handler)


def _end(keeper: subprocess.Popen[bytes], agent: Agent) -> None:
    with contextlib.suppress(ProcessLookupError):
        keeper.terminate()
        keeper.send_signal(signal.SIGCONT)  # or one that is stopped would never hear it
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
        ended = run(options)
    except (ClusterError, OSError) as error:
        print(f"ipengine: {error}", file=sys.stderr)
        return 1
    if ended:
        print(f"ipengine: {ended}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
