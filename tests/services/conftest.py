"""Hosts with networks of their own, for tests of a cluster that is spread over them.

Each host is a network namespace with a name of its own (UTS namespace), joined to the
others by a switch in one more namespace: nothing of this machine's own network is
touched. What is run there has a /dev/shm and a run folder of its own as well. File
system and process table are shared. It takes root, `ip` and `iptables`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dill
import pytest

from ipcluster.wire.places import ClusterPlace

# Seconds that anything in these tests may take before it counts as hanging.
PATIENCE = 40.0
TOOLS = ("ip", "iptables", "nsenter", "tc", "unshare")
NETWORK = "10.99.77"

# Runs a function and its arguments, pickled in a file, and pickles what comes of it.
CALL = """
import pickle, sys, dill
f, arguments = dill.load(open(sys.argv[1], "rb"))
try:
    answer = True, f(*arguments)
except BaseException as error:
    answer = False, f"{type(error).__name__}: {error}"
pickle.dump(answer, open(sys.argv[2], "wb"))
"""


def until(reached: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Look again and again for something that only the system can tell."""
    deadline = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return found


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout


def missing() -> str | None:
    """Why there can be no hosts here; None: there can."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    absent = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    if absent:
        return (
            f"needs {', '.join(absent)}: apt-get install iproute2 iptables util-linux"
        )
    probe = f"ipt-probe-{os.getpid()}"
    made = subprocess.run(
        ["ip", "netns", "add", probe], capture_output=True, check=False
    )
    if made.returncode:
        return "this system lets nobody make network namespaces"
    run("ip", "netns", "del", probe)
    return None


class Call:
    """A function that runs on a host."""

    def __init__(self, process: subprocess.Popen[bytes], answer: Path) -> None:
        self.process = process
        self._answer = answer

    def get(self, seconds: float = PATIENCE) -> Any:
        """What it returns. Fails if it raises."""
        self.process.wait(seconds)
        fine, value = pickle.loads(self._answer.read_bytes())
        assert fine, value
        return value


class Host:
    """One of them. What runs on it is ended with it."""

    def __init__(self, name: str, number: int, prefix: str, folder: Path) -> None:
        self.name = name
        self.address = f"{NETWORK}.{number}"
        self._space = f"{prefix}-{name}"
        self._switch = f"{prefix}-switch"
        self._port = f"p{number}"
        self._folder = folder
        self._names = folder / f"uts-{name}"
        self._calls = 0
        self._join()

    def _join(self) -> None:
        run("ip", "netns", "add", self._space)
        run("ip", "-n", self._space, "link", "set", "lo", "up")
        ends = ("netns", self._switch, "type", "veth", "peer", "name", "eth0")
        run("ip", "link", "add", self._port, *ends, "netns", self._space)
        run("ip", "-n", self._switch, "link", "set", self._port, "master", "br0", "up")
        where = ("dev", "eth0")
        run("ip", "-n", self._space, "addr", "add", f"{self.address}/24", *where)
        run("ip", "-n", self._space, "link", "set", "eth0", "up")
        self._names.touch()
        run("unshare", f"--uts={self._names}", "hostname", self.name)

    # --- what runs there --------------------------------------------------------------

    def popen(
        self, *words: str, log: str, hidden: Sequence[Path] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a command there; the `hidden` folders are other, empty ones for it."""
        mounts = "".join(f"mount -t tmpfs tmpfs {folder} && " for folder in hidden)
        shell = ["sh", "-c", f'{mounts}exec "$@"', "sh"]
        enter = ["nsenter", f"--uts={self._names}", "ip", "netns", "exec", self._space]
        with (self._folder / log).open("ab") as output:
            return subprocess.Popen(
                [*enter, *shell, *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start(
        self, f: Callable[..., Any], *arguments: Any, hidden: Sequence[Path] = ()
    ) -> Call:
        """Begin to call a function there."""
        self._calls += 1
        stem = self._folder / f"call-{self.name}-{self._calls}"
        question, answer = stem.with_suffix(".in"), stem.with_suffix(".out")
        question.write_bytes(dill.dumps((f, arguments), recurse=True))
        words = (sys.executable, "-c", CALL, str(question), str(answer))
        process = self.popen(*words, log=f"{stem.name}.log", hidden=hidden)
        return Call(process, answer)

    def call(
        self, f: Callable[..., Any], *arguments: Any, hidden: Sequence[Path] = ()
    ) -> Any:
        """Call a function there, and wait for what it returns."""
        return self.start(f, *arguments, hidden=hidden).get()

    @property
    def pids(self) -> list[int]:
        return [int(pid) for pid in run("ip", "netns", "pids", self._space).split()]

    def is_empty(self) -> bool:
        return not self.pids

    # --- faults -----------------------------------------------------------------------

    def _filter(self, *words: str) -> None:
        run("ip", "netns", "exec", self._space, "iptables", "-w", "5", *words)

    def cut(self) -> None:
        """Every packet from and to it is lost."""
        self._filter("-A", "INPUT", "-i", "eth0", "-j", "DROP")
        self._filter("-A", "OUTPUT", "-o", "eth0", "-j", "DROP")

    def slow_down(self, rate: str) -> None:
        """It sends no more than that: "20mbit"."""
        limit = ("tbf", "rate", rate, "burst", "16kb", "latency", "400ms")
        qdisc = ("qdisc", "replace", "dev", "eth0", "root")
        run("ip", "netns", "exec", self._space, "tc", *qdisc, *limit)

    def heal(self) -> None:
        """Undo every fault."""
        self._filter("-F")
        qdisc = ("tc", "qdisc", "del", "dev", "eth0", "root")
        within = ["ip", "netns", "exec", self._space]
        subprocess.run([*within, *qdisc], capture_output=True, check=False)

    def power_off(self) -> None:
        """All its processes end, and nobody on the network hears of it."""
        run("ip", "-n", self._space, "link", "set", "eth0", "down")
        self._end()

    def _end(self) -> None:
        def has_ended() -> bool:
            for pid in self.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not self.pids

        until(has_ended, f"the processes of {self.name} end")

    def remove(self) -> None:
        self._end()
        run("ip", "netns", "del", self._space)
        run("umount", str(self._names))


class Network:
    """A switch, and hosts by name: `network["h1"]`."""

    def __init__(self, folder: Path) -> None:
        self._prefix = f"ipt{os.getpid()}"
        self._folder = folder
        self._hosts: dict[str, Host] = {}
        self._switch = f"{self._prefix}-switch"
        run("ip", "netns", "add", self._switch)
        run("ip", "-n", self._switch, "link", "set", "lo", "up")
        bridge = ("br0", "type", "bridge", "forward_delay", "0")
        run("ip", "-n", self._switch, "link", "add", *bridge)
        run("ip", "-n", self._switch, "link", "set", "br0", "up")

    def __getitem__(self, name: str) -> Host:
        if name not in self._hosts:
            number = 11 + len(self._hosts)
            host = Host(name, number, self._prefix, self._folder)
            self._hosts[name] = host
        return self._hosts[name]

    def heal(self) -> None:
        for host in self._hosts.values():
            host.heal()

    def close(self) -> None:
        for host in self._hosts.values():
            host.remove()
        run("ip", "netns", "del", self._switch)


class Spread:
    """A controller on host h1, and agents and clients on others."""

    def __init__(self, network: Network, folder: Path, *words: str) -> None:
        self.network = network
        self.folder = folder
        self.place = ClusterPlace("default", "spread")
        self.head = network["h1"]
        module = "ipcluster.launchers.controller_app"
        name = f"--cluster-id={self.place.cluster_id}"
        where = f"--ip={self.head.address}"
        command = (sys.executable, "-m", module, name, where, *words)
        self.controller = self.head.popen(*command, log="controller.out")
        self.await_log("listening on")
        self.agents: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def ticket(self) -> str:
        return str(self.place.client_ticket)

    @property
    def hidden(self) -> list[Path]:
        """What another host does not have: shared memory, and the socket file."""
        return [Path("/dev/shm"), self.place.run_folder]

    def agent(self, name: str, n: int = 2) -> Host:
        """Engines on this host; returns when they have joined."""
        host, log = self.network[name], f"agent-{name}.log"
        module = "ipcluster.launchers.engine_app"
        ticket = f"--ticket={self.place.engine_ticket}"
        words = (sys.executable, "-m", module, f"-n={n}", ticket)
        self.agents[name] = host.popen(*words, log=log, hidden=[Path("/dev/shm")])
        self.await_log(rf"engine \d+ registered from {name}", n)
        return host

    def await_log(self, pattern: str, count: int = 1) -> None:
        """Wait until the controller has logged this so often."""
        import re

        log = self.place.log_folder / "controller.log"

        def has_said() -> bool:
            return log.exists() and len(re.findall(pattern, log.read_text())) >= count

        until(has_said, f"{count} times in the log: {pattern}")

    def client(self, name: str, f: Callable[..., Any], *arguments: Any) -> Call:
        """Begin to call `f(ticket, *arguments)` on this host."""
        hidden = [] if name == "h1" else self.hidden
        return self.network[name].start(f, self.ticket, *arguments, hidden=hidden)

    def close(self) -> None:
        """Stop in order; nothing stays, on no host."""
        self.controller.terminate()
        self.controller.wait(PATIENCE)
        for name, agent in self.agents.items():
            try:
                agent.wait(5.0)
            except subprocess.TimeoutExpired:
                # It was away just now: it would wait for another controller.
                agent.terminate()
                agent.wait(PATIENCE)
            host = self.network[name]
            until(host.is_empty, f"nothing runs on {name}")


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Hosts for all tests, made as they are asked for."""
    if (reason := missing()) is not None:
        pytest.skip(f"{reason}; run as root: python -m pytest -m service")
    network = Network(tmp_path_factory.mktemp("network"))
    yield network
    network.close()


@pytest.fixture
def spread(
    network: Network, ipcluster_dir: Path, tmp_path: Path
) -> Iterator[Callable[..., Spread]]:
    """Makes a cluster on these hosts; words are for the controller."""
    made: list[Spread] = []

    def make(*words: str) -> Spread:
        made.append(Spread(network, tmp_path, *words))
        return made[-1]

    yield make
    network.heal()
    for one in made:
        one.close()
