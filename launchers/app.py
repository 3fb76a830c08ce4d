"""The `ipcluster` command: starts, shows, changes and stops clusters.

A command imports what it needs when it runs: `start` has its controller's process
under way before anything that it does not need for that is loaded.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias

from ipcluster import __version__
from ipcluster.launchers.log_options import add_log_options
from ipcluster.wire.own_errors import ClusterError

_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"

DESCRIPTION = """\
Start a cluster of Python engines, see it, change it, stop it.

examples:
  ipcluster start -n 8                  eight engines; Ctrl-C stops everything
  ipcluster start -n 8 --daemonize      the same, in the background
  ipcluster list                        all my clusters
  ipcluster stop                        stop the one in the background

`ipcluster COMMAND --help` says more about each.
"""

EPILOG = """\
A cluster is named by its profile and its id. Without --profile and --cluster-id the
default one is meant, or what IPCLUSTER_PROFILE and IPCLUSTER_ID say. Its files lie in
$IPCLUSTER_DIR, or ~/.ipcluster.
"""


class _Parser(argparse.ArgumentParser):
    """Keeps help texts as they are written, and no option by half its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="ipcluster", description=DESCRIPTION, epilog=EPILOG)
    top.add_argument("--version", action="version", version=f"ipcluster {__version__}")
    commands = top.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=_Parser
    )
    _add_start(commands)
    _add_stop(commands)
    _add_reports(commands)
    _add_engine_commands(commands)
    _add_clean(commands)
    return top


def _add(
    commands: _Commands, name: str, summary: str, examples: str
) -> argparse.ArgumentParser:
    """One command with the options that all have."""
    text = f"{summary[0].upper()}{summary[1:]}.\n\nexamples:\n{examples}"
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=text
    )
    which = made.add_argument_group("which cluster")
    which.add_argument("--profile", default="", metavar="P", help="profile it is in")
    which.add_argument(
        "--profile-dir", default="", metavar="DIR", help="folder of that profile"
    )
    which.add_argument("--cluster-id", default=None, metavar="ID", help="its id")
    return made


def _add_start(commands: _Commands) -> None:
    made = _add(
        commands,
        "start",
        "start a controller and engines",
        "  ipcluster start                       one engine for each core\n"
        "  ipcluster start -n 8 --daemonize      return when all 8 answer\n"
        "  ipcluster start -n 4 --preload numpy  engines have numpy loaded\n"
        "  ipcluster start --cluster-id two      a second cluster beside the first\n"
        "  ipcluster start --ip 0.0.0.0          open to clients of other hosts\n",
    )
    made.add_argument(
        "-n", type=_count, default=None, help="engines; default: cores usable here"
    )
    made.add_argument(
        "--daemonize", action="store_true", help="go on in the background"
    )
    made.add_argument(
        "--ip", default="", help="address to listen on; default: this host alone"
    )
    made.add_argument("--port", type=_port, default=0, help="default: any free port")
    made.add_argument(
        "--location", default="", metavar="HOST", help="name others reach this host by"
    )
    made.add_argument(
        "--preload", default="", metavar="A,B", help="modules engines begin with"
    )
    made.add_argument(
        "--path", default="", metavar="DIR:DIR", help="folders of modules for engines"
    )
    made.add_argument(
        "--engines", default="local", metavar="KIND", help="launcher; default: local"
    )
    made.add_argument(
        "--engine-timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds in which all engines must answer; default: 60",
    )
    add_log_options(made)


def _add_stop(commands: _Commands) -> None:
    made = _add(
        commands,
        "stop",
        "stop a cluster: no process, no file stays",
        "  ipcluster stop                        the default cluster\n"
        "  ipcluster stop --cluster-id two\n"
        "  ipcluster stop --all                  all my clusters on this host\n"
        "  ipcluster stop --signal KILL          do not wait for what runs\n",
    )
    made.add_argument("--all", action="store_true", help="all, in all profiles")
    made.add_argument(
        "--signal",
        type=_signal,
        default=signal.SIGTERM,
        metavar="SIG",
        help="signal to the controller, a name or a number; default: TERM",
    )


def _add_reports(commands: _Commands) -> None:
    made = _add(
        commands,
        "list",
        "list all my clusters",
        "  ipcluster list\n  ipcluster list -o json\n",
    )
    made.add_argument(
        "-o", dest="form", choices=("text", "json"), default="text", help="form"
    )
    made = _add(
        commands,
        "status",
        "show one cluster and its engines; exit status 1 if it does not run",
        "  ipcluster status\n  ipcluster status --cluster-id two -o json\n",
    )
    made.add_argument(
        "-o", dest="form", choices=("text", "json"), default="text", help="form"
    )


def _add_engine_commands(commands: _Commands) -> None:
    made = _add(
        commands,
        "engines",
        "add engines to a cluster that runs",
        "  ipcluster engines -n 2\n",
    )
    made.add_argument(
        "-n", type=_count, default=None, help="how many; default: cores usable here"
    )
    _add_engine_timeout(made)
    made = _add(
        commands,
        "stop-engines",
        "stop engines; the controller goes on",
        "  ipcluster stop-engines                all\n"
        "  ipcluster stop-engines -t 0,2,4-7     those\n",
    )
    _add_targets(made)
    made = _add(
        commands,
        "restart-engines",
        "replace engines by new ones, which get new ids",
        "  ipcluster restart-engines             all\n"
        "  ipcluster restart-engines -t 3        that one\n",
    )
    _add_targets(made)
    _add_engine_timeout(made)


def _add_targets(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "-t",
        "--targets",
        type=_targets,
        default=None,
        metavar="IDS",
        help="ids as 0,2,4-7; default: all",
    )


def _add_engine_timeout(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--engine-timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds in which they must answer; default: 60",
    )


def _add_clean(commands: _Commands) -> None:
    made = _add(
        commands,
        "clean",
        "remove what dead clusters left behind",
        "  ipcluster clean                       in one profile\n"
        "  ipcluster clean --all                 in all profiles\n"
        "  ipcluster clean --all --force         stop those that run as well\n",
    )
    made.add_argument("--all", action="store_true", help="in all profiles")
    made.add_argument("--force", action="store_true", help="stop running ones too")


def _count(text: str) -> int:
    # `-n=4`, as some write it, arrives here as "=4".
    return _whole(text.removeprefix("="), 10_000)


def _port(text: str) -> int:
    return _whole(text, 65_535)


def _whole(text: str, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 to {most}")
    return number


def _signal(text: str) -> int:
    if text.isdecimal() and int(text) in signal.valid_signals():
        return int(text)
    name = text.upper() if text.upper().startswith("SIG") else f"SIG{text.upper()}"
    if name not in signal.Signals.__members__:
        raise argparse.ArgumentTypeError(f"{text!r} is not a signal")
    return signal.Signals[name]


def _targets(text: str) -> frozenset[int] | None:
    """Ids of `0,2,4-7`; None for "all"."""
    if text == "all":
        return None
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"{text!r} is not like 0,2,4-7 or all")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def run(options: argparse.Namespace) -> int:
    """Do what the command line says; the exit status."""
    if options.command == "start":
        from ipcluster.launchers.start_command import start

        return start(options)
    from ipcluster.launchers import commands, reports

    table: dict[str, Callable[[argparse.Namespace], int]] = {
        "stop": commands.stop,
        "clean": commands.clean,
        "engines": commands.add_engines,
        "stop-engines": commands.stop_engines,
        "restart-engines": commands.restart_engines,
        "list": reports.list_clusters,
        "status": reports.status,
    }
    return table[options.command](options)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 1 not done (and why on stderr), 2 not understood."""
    top = parser()
    options = top.parse_args(argv)
    if options.command is None:
        top.print_help()
        return 2
    try:
        return run(options)
    except (ClusterError, OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            # `ipcluster list | head`: the reader has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"ipcluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ipcluster: interrupted", file=sys.stderr)
        return 130
