"""A kernel on another machine: its ports come here through the system's `ssh`.

One connection, which asks for a password once and goes to the background: the
connection file is read through it, and the ports are forwarded by it. All that stands
in a person's `~/.ssh/config` holds. Where there is a terminal, `ssh` asks and complains
there itself; where there is none, nobody can be asked, and why it failed is one line.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile

from ipcluster.shell.console.finding import finding_script
from ipcluster.shell.console.remote import NotReached
from ipcluster.shell.kernel.connection import CHANNELS, Connection

# Seconds for the other machine to run a command, once we are connected.
PATIENCE = 30.0
# How `ssh` fails where it would have asked for a password, or whether a host is known.
_COULD_ASK = ("Permission denied", "Host key verification failed")


class Tunnel:
    """A connection of `ssh` to a host, `[user@]host[:port]`, until `close`."""

    def __init__(self, host: str) -> None:
        name, colon, port = host.rpartition(":")
        if not colon or not port.isdigit() or "]" in port:
            name, port = host, ""
        if not name or name.startswith("-"):
            raise NotReached(f"--ssh takes [user@]host[:port], not {host!r}")
        self.host = name.strip("[]")
        self._port = ["-p", port] if port else []
        self._folder = tempfile.mkdtemp(prefix="ipc-ssh-")
        self._control = ["-S", os.path.join(self._folder, "s")]
        try:
            self._connect()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _connect(self) -> None:
        """Log in; `ssh` goes to the background when that is done.

        Raises:
            NotReached: it cannot.
        """
        options = ["-f", "-N", "-M", "-o", "ControlPersist=no"]
        if _has_terminal():
            self._call(*options, patience=None)
            return
        # A file, for a pipe might be held open by what is in the background.
        with tempfile.TemporaryFile() as said:
            try:
                self._call(*options, patience=None, stderr=said.fileno())
            except NotReached as error:
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip().splitlines()
                why = f": {words[-1].strip().rstrip('.')}" if words else ""
                if any(sign in why for sign in _COULD_ASK):
                    why += "; there is no terminal at which it could ask"
                raise NotReached(f"{error}{why}") from None

    def _call(
        self,
        *options: str,
        script: str = "",
        patience: float | None = PATIENCE,
        stderr: int | None = None,
    ) -> str:
        """Run `ssh`; what it says.

        Raises:
            NotReached: it failed, with its own words.
        """
        command = ["ssh", *self._control, *self._port, *options, "--", self.host]
        if script:
            command.append(script)
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if script else subprocess.DEVNULL,
                stderr=subprocess.PIPE if script or patience else stderr,
                text=True,
                timeout=patience,
            )
        except FileNotFoundError:
            raise NotReached("there is no `ssh` on this machine") from None
        except subprocess.TimeoutExpired:
            raise NotReached(f"{self.host} does not answer") from None
        if done.returncode:
            words = (done.stderr or "").strip().splitlines()
            why = f": {words[-1]}" if words else ""
            raise NotReached(f"ssh {self.host} failed{why}")
        return done.stdout or ""

    def read(self, which: str) -> Connection:
        """The connection file of a kernel there.

        Raises:
            NotReached: there is none.
        """
        try:
            text = self._call(script=finding_script(which))
            found = json.loads(text)
            if not isinstance(found, dict):
                raise ValueError
            return Connection.from_dict(found)
        except (NotReached, ValueError, TypeError):
            what = f"connection file {which!r}" if which else "kernel"
            raise NotReached(f"there is no {what} on {self.host}") from None

    def forward(self, connection: Connection) -> Connection:
        """The same kernel, at ports of this machine.

        Raises:
            NotReached: it cannot be forwarded.
        """
        if connection.transport != "tcp":
            raise NotReached(
                f"a kernel with transport {connection.transport} is reached on its own "
                "machine alone; start it with --transport tcp"
            )
        there = "127.0.0.1" if connection.ip in ("", "*", "0.0.0.0") else connection.ip
        here = dict(zip(CHANNELS, _free_ports(len(CHANNELS)), strict=True))
        options = ["-O", "forward"]
        for channel, port in here.items():
            options += ["-L", f"127.0.0.1:{port}:{there}:{connection.ports[channel]}"]
        self._call(*options)
        return Connection(
            key=connection.key,
            ip="127.0.0.1",
            signature_scheme=connection.signature_scheme,
            ports=here,
            kernel_name=connection.kernel_name,
            more=connection.more,
        )

    def close(self) -> None:
        try:
            self._call("-O", "exit")
        except NotReached:
            pass  # it has ended before
        shutil.rmtree(self._folder, ignore_errors=True)


def _has_terminal() -> bool:
    """Whether `ssh` finds a terminal to ask at, whatever our own input is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    """Ports that are free now, and stay so for a moment."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
