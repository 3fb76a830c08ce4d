"""The `ipshell console` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ipcluster.shell.console.remote import NotReached

if TYPE_CHECKING:
    from ipcluster.shell.console.engine import EngineRemote
    from ipcluster.shell.console.remote import Remote
    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.settings import IPKernelApp

USAGE = """\
usage: ipshell console [options of ipshell]
       ipshell console --existing [FILE | ID | PATTERN] [--ssh [USER@]HOST[:PORT]]
                       [--replay]
       ipshell console [--cluster ID] [--profile NAME] --engine N

The prompt of ipshell, for an interpreter elsewhere. Without options it starts a kernel
and stops it at the end.

  --existing [WHICH]  talk to a kernel that runs, and leave it running: the newest, or
                      the one with this connection file, this id, this glob pattern
  --ssh HOST          it runs on that machine: its ports are tunnelled with `ssh`
  --replay            first show what that kernel has shown, as far as it keeps it
  --engine N          talk to an engine of a cluster, side by side with its tasks
  --cluster ID        of this cluster, else of the most recent; its first engine, if
                      --engine does not say another

Ctrl-D leaves, Ctrl-C interrupts the cell that runs. Others who talk to the same kernel
or engine are seen, with who they are.
"""


class Wrong(ValueError):
    """A command line that says nothing sensible."""


@dataclass
class Wishes:
    """What the command line says."""

    existing: str | None = None  # "": the newest
    ssh: str = ""
    cluster: str | None = None
    profile: str | None = None
    engine: int | None = None
    replay: bool = False
    help: bool = False
    rest: list[str] = field(default_factory=list)

    @property
    def wants_engine(self) -> bool:
        return self.engine is not None or self.cluster is not None


def read_words(words: Sequence[str]) -> Wishes:
    """What these words of a command line say.

    Raises:
        Wrong: they contradict each other, or something is missing.
    """
    wishes, left = Wishes(), list(words)
    while left:
        word = left.pop(0)
        name, has_value, value = word.partition("=")
        if name in ("-h", "--help"):
            wishes.help = True
        elif word == "--replay":
            wishes.replay = True
        elif name == "--existing":
            if not has_value and left and not left[0].startswith("-"):
                value = left.pop(0)
            wishes.existing = value
        elif name in ("--ssh", "--cluster", "--cluster-id", "--profile", "--engine"):
            if not has_value:
                if not left:
                    raise Wrong(f"{name} needs a value")
                value = left.pop(0)
            _set(wishes, name, value)
        else:
            wishes.rest.append(word)
    if wishes.wants_engine and (wishes.existing is not None or wishes.ssh):
        raise Wrong("an engine is reached through its cluster: no --existing, no --ssh")
    if wishes.wants_engine and wishes.replay:
        raise Wrong("an engine keeps nothing of what it has shown: no --replay")
    if (wishes.ssh or wishes.replay) and wishes.existing is None:
        wishes.existing = ""
    return wishes


def _set(wishes: Wishes, name: str, value: str) -> None:
    if name == "--engine":
        if not value.isdigit():
            raise Wrong(f"--engine takes the number of an engine, not {value!r}")
        wishes.engine = int(value)
    elif name == "--ssh":
        wishes.ssh = value
    elif name == "--profile":
        wishes.profile = value
    else:
        wishes.cluster = value


def main(argv: Sequence[str] | None = None) -> int:
    """Talk until the person leaves; the exit status."""
    try:
        wishes = read_words(sys.argv[1:] if argv is None else argv)
        if wishes.help:
            print(USAGE, end="")
            return 0
        return talk(choose(wishes), wishes)
    except Wrong as error:
        print(f"ipshell console: {error}\n{USAGE}", end="", file=sys.stderr)
        return 2
    except NotReached as error:
        print(f"ipshell console: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # while it starts, or `ssh` asks for a password
        print(file=sys.stderr)
        return 130


def choose(wishes: Wishes) -> Remote:
    """The other side that is meant.

    Raises:
        NotReached: there is none.
    """
    if wishes.wants_engine:
        return _engine(wishes)
    if wishes.existing is None:
        return _own()
    return _existing(wishes.existing, wishes.ssh, replay=wishes.replay)


def _own() -> Remote:
    from ipcluster.shell.console.jupyter import KernelRemote
    from ipcluster.shell.console.starting import OwnKernel

    try:
        own = OwnKernel()
    except OSError as error:
        raise NotReached(f"the kernel did not start: {error}") from error
    return KernelRemote(own.connection, "the kernel", own=own)


def _existing(which: str, host: str, *, replay: bool) -> Remote:
    from ipcluster.shell.console.finding import find_file, ident_of
    from ipcluster.shell.console.jupyter import KernelRemote
    from ipcluster.shell.kernel.connection import Connection

    if not host:
        connection = _read(find_file(which))
        title = f"kernel {ident_of(connection.path)}"
        return KernelRemote(connection, title, replay=replay)
    from ipcluster.shell.console.tunnels import Tunnel

    tunnel = Tunnel(host)
    try:
        is_here = bool(which) and os.path.isfile(which)
        found = Connection.read(which) if is_here else tunnel.read(which)
        forwarded = tunnel.forward(found)
    except (OSError, ValueError) as error:
        tunnel.close()
        raise NotReached(str(error)) from error
    except BaseException:
        tunnel.close()
        raise
    title = f"the kernel on {tunnel.host}"
    return KernelRemote(forwarded, title, tunnel=tunnel, replay=replay)


def _read(path: str) -> Connection:
    from ipcluster.shell.kernel.connection import Connection

    try:
        connection = Connection.read(path)
        connection.check()
    except (OSError, ValueError) as error:
        raise NotReached(str(error)) from error
    connection.path = path
    return connection


def face_of_engine(connection: Connection, path: str, told: IPKernelApp) -> int:
    """`ipshell kernel --engine N`: be its face for Jupyter; the exit status."""
    from ipcluster.shell.console.face import run

    profile = None if told.profile == "default" else told.profile
    try:
        remote = _engine(Wishes(None, "", told.cluster, profile, told.engine))
    except NotReached as error:
        print(f"ipshell kernel: {error}", file=sys.stderr)
        return 1
    pid = os.environ.get("JPY_PARENT_PID", "")
    parent = int(pid) if pid.isdigit() and pid != "1" else None
    return run(connection, remote, parent_pid=parent, path=path)


def _engine(wishes: Wishes) -> EngineRemote:
    from ipcluster.client.client import Client
    from ipcluster.shell.console.engine import EngineRemote
    from ipcluster.wire.errors import ClusterError

    try:
        client = Client(wishes.cluster, profile=wishes.profile)
    except (ClusterError, OSError, ValueError) as error:
        raise NotReached(str(error)) from error
    try:
        chosen = client.roster.choose(0 if wishes.engine is None else wishes.engine)
        if wishes.engine is None:
            chosen = client.ids
    except (ClusterError, IndexError) as error:
        client.close()
        raise NotReached(str(error)) from error
    return EngineRemote(client, chosen[0])


def talk(remote: Remote, wishes: Wishes) -> int:
    """One session at the terminal."""
    from ipcluster.engines.interpreter.configuration.application import (
        Settings,
        TerminalIPythonApp,
    )
    from ipcluster.engines.interpreter.configuration.profiles import ProfileError
    from ipcluster.shell.console.shell import ConsoleShell
    from ipcluster.shell.terminal.app import command_line, tell

    line = command_line(wishes.rest)
    if isinstance(line, int):
        remote.close()
        return line
    # What was typed is remembered where it runs.
    line.config["HistoryManager"]["enabled"] = False
    try:
        settings = Settings(TerminalIPythonApp, line.config)
    except ProfileError as error:
        remote.close()
        print(f"ipshell console: {error}", file=sys.stderr)
        return 2
    shell = ConsoleShell(remote, config=settings.config)
    settings.give_to(shell)
    try:
        return _talk(shell, lambda: tell(settings), settings.app.display_banner)
    finally:
        shell.close()


def _talk(shell: object, tell: Callable[[], None], has_banner: bool) -> int:
    from ipcluster.shell.console.shell import ConsoleShell

    assert isinstance(shell, ConsoleShell)
    try:
        banner = shell.open()
    except NotReached as error:
        print(f"ipshell console: {error}", file=sys.stderr)
        return 1
    if has_banner:
        print(banner, end="")
    tell()
    shell.mainloop()
    return 0 if shell.ended is None else 1


if __name__ == "__main__":
    sys.exit(main())
