"""`ipcontroller`.

The controller of a cluster, and the far end of the links of its own host's engines.

This is the one place where `controller/` and `engines/` meet: the controller's loop is
given a `Holder` of links. The keeper is started first, so that it imports what engines
need while the controller makes its keys and tickets.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import logging.handlers
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

import msgspec
import zmq

from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import LINGER_MS, Doors
from ipcluster.controller.holds import Holds
from ipcluster.controller.reception import Identity, Reception
from ipcluster.controller.server import Server
from ipcluster.controller.stations import StationGone
from ipcluster.controller.tasks import TaskTable
from ipcluster.controller.transfers import Transfers
from ipcluster.engines.holder import Holder, HolderEvent, KeeperGone
from ipcluster.launchers.claim import claimed
from ipcluster.launchers.log_options import add_log_options
from ipcluster.wire import private_files, tickets
from ipcluster.wire.curve import CurveKeys, new_curve_keys
from ipcluster.wire.descriptors import raise_limit, set_limit
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.grants import (
    CLIENT_RIGHTS,
    ENGINE_RIGHTS,
    Grant,
    new_signing_keys,
    sign,
)
from ipcluster.wire.messages import Segment, Spawn
from ipcluster.wire.places import ClusterPlace, State, process_started
from ipcluster.wire.tickets import Ticket

log = logging.getLogger(__name__)

# Seconds a stopping controller waits for its keeper: two graces of the keeper's.
STOP_SECONDS = 6.0
LOG_BYTES = 10 << 20
# Heartbeats that may be lost until a host counts as silent.
HEARTBEATS = 5
_DEFAULTS = ControllerConfig()
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class OwnStation:
    """This host's engines, as the controller's loop sees them."""

    number = 0

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def owns(self, fd: int) -> bool:
        return self._holder.owns(fd)

    def on_ready(self, fd: int, events: int) -> Iterator[HolderEvent]:
        try:
            yield from self._holder.on_ready(fd, events)
        except KeeperGone as error:
            raise StationGone from error

    def send(self, slot: int, frame: bytes, _segments: Iterable[Segment]) -> None:
        self._holder.send(slot, frame)  # engines of this host map the files themselves

    def tell_keeper(self, message: msgspec.Struct) -> None:
        self._holder.tell_keeper(message)

    def free(self, names: list[str]) -> None:
        """Nothing to do: there are no copies here."""

    def close(self) -> None:
        self._holder.close()


class Report:
    """Lines of JSON to whoever started us, on a file descriptor it gave us."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __call__(self, event: str, **values: Any) -> None:
        if self._fd < 0:
            return
        line = json.dumps({"event": event, **values}) + "\n"
        try:
            os.write(self._fd, line.encode())
        except OSError:
            self._fd = -1  # nobody listens any more


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ipcontroller",
        description="The controller of a cluster, with engines on its own host.",
    )
    parser.add_argument("--profile", default="default")
    parser.add_argument("--cluster-id", default="")
    parser.add_argument("-n", type=int, default=0, help="engines on this host")
    parser.add_argument(
        "--ip", default="127.0.0.1", help="address to listen on; 0.0.0.0: all"
    )
    parser.add_argument(
        "--location", default="", help="address that others reach us by"
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--policy", default="leastload")
    parser.add_argument(
        "--silence",
        type=_seconds,
        default=_DEFAULTS.silence,
        help="seconds until a host that says nothing counts as disconnected; "
        "default: %(default)g",
    )
    parser.add_argument(
        "--grace",
        type=_seconds,
        default=_DEFAULTS.agent_seconds,
        help="seconds that another host's agent may be disconnected until its engines "
        "are given up; default: %(default)g",
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
    parser.add_argument("--ready-fd", type=int, default=-1)
    parser.add_argument(
        "--tether-fd",
        type=int,
        default=-1,
        help="stop when this descriptor reaches its end",
    )
    parser.add_argument(
        "--how", default="", help="how it was started, for `ipcluster list`"
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is no number from 0.1 to 86400")
    return seconds


def start_keeper(
    place: ClusterPlace, options: argparse.Namespace, n: int
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process of a keeper with `n` engines, and our end of its control socket."""
    ours, theirs = socket.socketpair()
    command = [
        sys.executable,
        "-P",  # a user's queue.py in this folder is not ours to import
        "-m",
        "ipcluster.engines.keeper",
        f"--control-fd={theirs.fileno()}",
        f"--listen={place.run_folder / 'keeper-0'}",
        f"--segments={place.segment_folder}",
        f"--fallback={place.segment_fallback}",
        f"-n={n}",
        f"--preload={options.preload}",
        f"--path={options.path}",
        f"--log-level={options.log_level}",
    ]
    if options.spawn:
        command.append("--spawn")
    with open(place.log_folder / "keeper.log", "ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    theirs.close()
    return process, ours


class OwnHost:
    """The keeper of this host; when it has ended, the next one."""

    def __init__(self, place: ClusterPlace, options: argparse.Namespace) -> None:
        self._place = place
        self._options = options
        self.descriptors = 0  # that a process of the user may open
        self.keeper, self._control = start_keeper(place, options, options.n)

    def join(self, server: Server) -> None:
        """Have the server's loop serve the engines."""
        self._server = server
        self._holder = Holder(self._control, server.poller)
        server.add_local(OwnStation(self._holder))

    def start(self, count: int) -> None:
        """Start so many engines more."""
        if self._server.local is not None:
            self._holder.tell_keeper(Spawn(count))
            return
        log.info("this host's keeper has ended: starting another")
        _end_keeper(self.keeper)
        set_limit(self.descriptors)  # engines have what the user has set
        try:
            self.keeper, self._control = start_keeper(self._place, self._options, count)
        finally:
            raise_limit()
        self.join(self._server)
        if (state := self._place.read_state()) is not None:
            self._place.write_state(_with_keeper(state, self.keeper.pid))


def make_tickets(
    place: ClusterPlace,
    doors: Doors,
    keys: CurveKeys,
    door: CurveKeys,
    options: argparse.Namespace,
) -> tuple[str, bytes]:
    """Write both tickets.

    The cluster's name, and the key that its grants are checked with.
    """
    cluster = secrets.token_hex(8)
    private, public = new_signing_keys()
    now = time.time()
    common: dict[str, Any] = {
        "cluster": cluster,
        "cluster_id": place.cluster_id,
        "profile": place.profile,
        "addresses": addresses(options.ip, options.location, doors.port),
        "socket_file": str(place.door_path) if doors.local.is_open else None,
        "server_key": keys.public,
        "door_public": door.public,
        "door_secret": door.secret,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "pid_started": process_started(os.getpid()) or 0.0,
        "created": now,
    }
    client = Grant(cluster=cluster, holder="owner", rights=CLIENT_RIGHTS)
    agent = Grant(cluster=cluster, holder="agent", rights=ENGINE_RIGHTS)
    tickets.write(place.engine_ticket, Ticket(grant=sign(private, agent), **common))
    tickets.write(place.client_ticket, Ticket(grant=sign(private, client), **common))
    return cluster, public


def addresses(ip: str, location: str, port: int) -> list[str]:
    """Every address that a peer may reach us by, the likeliest first."""
    hosts = [location] if location else []
    if ip in ("0.0.0.0", "*"):
        with contextlib.suppress(OSError):
            hosts += [
                str(info[4][0])
                for info in socket.getaddrinfo(
                    socket.gethostname(), None, socket.AF_INET
                )
            ]
        hosts.append("127.0.0.1")
    else:
        hosts.append(ip)
    return [f"tcp://{host}:{port}" for host in dict.fromkeys(hosts)]


def build(
    place: ClusterPlace,
    options: argparse.Namespace,
    context: zmq.Context[zmq.Socket[bytes]],
) -> Server:
    """A listening controller, its tickets written."""
    config = ControllerConfig(
        ip=options.ip,
        port=options.port,
        policy=options.policy,
        agent_seconds=options.grace,
        heartbeat=options.silence / HEARTBEATS,
        silence=options.silence,
    )
    keys, door = new_curve_keys(), new_curve_keys()
    doors = Doors(context, config, place.door_path, keys, door)
    cluster, grant_key = make_tickets(place, doors, keys, door, options)
    proof = place.run_folder / "proof"
    secret = secrets.token_hex(16)
    private_files.write_file(proof, secret.encode())
    identity = Identity(
        cluster,
        secrets.token_hex(4),
        grant_key,
        (str(proof), secret),
        str(place.segment_folder),
        str(place.segment_fallback),
    )
    table = TaskTable(policy=config.policy, random=Random())
    reception = Reception(config, identity, doors)
    doors.on_disconnect = lambda door, number: reception.on_disconnect(
        door, number, time.monotonic()
    )
    transfers = Transfers([place.segment_folder, place.segment_fallback])
    return Server(config, table, doors, reception, transfers, Holds())


def run(
    place: ClusterPlace, options: argparse.Namespace, report: Report, told: _Told
) -> None:
    """Everything between an empty folder and an empty folder."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    told.defer()
    host = OwnHost(place, options)
    try:
        told.resume()
        host.descriptors = raise_limit()
        server = build(place, options, context)
        host.join(server)
        server.on_engines = lambda count: report("engines", ready=count, of=options.n)
        server.on_unborn = lambda reason: report("unborn", reason=reason)
        server.on_start = host.start
        place.write_state(_state(options, server, host.keeper.pid))
        _watch_ends(server, options.tether_fd)
        report("listening", port=server.doors.port, pid=os.getpid())
        log.info("listening on %s:%d", options.ip, server.doors.port)
        server.run()
    finally:
        _end_keeper(host.keeper)
    server.close()
    context.destroy(linger=LINGER_MS)


def _state(options: argparse.Namespace, server: Server, keeper: int) -> State:
    state = msgspec.structs.replace(_own_state(options), port=server.doors.port)
    return _with_keeper(state, keeper)


def _with_keeper(state: State, keeper: int) -> State:
    started = process_started(keeper) or 0.0
    return msgspec.structs.replace(state, keeper_pid=keeper, keeper_started=started)


def _own_state(options: argparse.Namespace) -> State:
    """What says that the place is taken, before there is more to say."""
    return State(
        pid=os.getpid(),
        pid_started=process_started(os.getpid()) or 0.0,
        host=socket.gethostname(),
        n=options.n,
        started=time.time(),
        how=options.how,
    )


class _Told:
    """SIGTERM and its kin while the controller starts: they end it by SystemExit.

    So a start that is broken off cleans up as well.
    """

    def __init__(self) -> None:
        self._signum = 0
        self._deferring = False
        for signum in _STOPPING:
            signal.signal(signum, self._end)

    def _end(self, signum: int, _frame: object) -> None:
        self._signum = signum
        if not self._deferring:
            raise SystemExit(128 + signum)

    def defer(self) -> None:
        """What follows is not to be broken off, until `resume`."""
        self._deferring = True

    def resume(self) -> None:
        self._deferring = False
        if self._signum:
            raise SystemExit(128 + self._signum)


def _watch_ends(server: Server, tether: int) -> None:
    """Stop in order on SIGTERM, SIGINT and SIGHUP, and when our starter has gone."""
    wake, waker = socket.socketpair()
    wake.setblocking(False)
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    server.keep = (wake, waker)

    def stop(*_: object) -> None:
        server.stopping = True

    for signum in _STOPPING:
        signal.signal(signum, stop)
    server.watch(wake.fileno(), lambda: _drain(wake))
    if tether >= 0:
        server.watch(tether, stop)


def _drain(wake: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while wake.recv(4096):
            pass


def _end_keeper(keeper: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        keeper.terminate()
        keeper.send_signal(signal.SIGCONT)  # or one that is stopped would never hear it
    try:
        keeper.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.warning("the keeper did not end within %.0f s: killing it", STOP_SECONDS)
        keeper.kill()
        keeper.wait()


def configure_logging(place: ClusterPlace, level: str) -> None:
    handler = logging.handlers.RotatingFileHandler(
        place.log_folder / "controller.log", maxBytes=LOG_BYTES, backupCount=1
    )
    logging.basicConfig(
        level=level,
        handlers=[handler],
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    report = Report(options.ready_fd)
    told = _Told()
    is_ours = False
    try:
        place = ClusterPlace(options.profile, options.cluster_id)
        if options.ready_fd >= 0:
            is_ours = True  # a launcher has made sure that the place is free
            place.make()
        else:
            with claimed(place):
                is_ours = True
                place.write_state(_own_state(options))
        # Not before: what lies there already is cleaned away, logs and all.
        configure_logging(place, options.log_level)
        os.environ["IPCLUSTER_PLACE"] = str(place.folder)
        run(place, options, report, told)
    except (ClusterError, OSError, ValueError, zmq.ZMQError) as error:
        if is_ours:
            log.exception("the controller failed")
        report("failed", reason=str(error))
        print(f"ipcontroller: {error}", file=sys.stderr)
        return 1
    finally:
        if is_ours:
            place.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
