"""The command line: which rows, against which peers, how often."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence

from benchmarks.kernels import KERNELS
from benchmarks.kernels import OPTIONAL as OPTIONAL_KERNELS
from benchmarks.kernels import PEERS as PEER_KERNELS
from benchmarks.record import record
from benchmarks.rounds import run_row
from benchmarks.row import Row
from benchmarks.rows import ROWS
from benchmarks.shells import OPTIONAL as OPTIONAL_SHELLS
from benchmarks.shells import PEERS as PEER_SHELLS
from benchmarks.shells import SHELLS
from benchmarks.systems import OPTIONAL, SYSTEMS
from benchmarks.systems import PEERS as PEER_SYSTEMS
from benchmarks.table import Result, as_text, summary

PEERS = (*PEER_SYSTEMS, *PEER_SHELLS, *PEER_KERNELS)
PACKAGES = {
    kind.name: kind.package
    for kind in (*SYSTEMS.values(), *SHELLS, *KERNELS)
    if kind.package
}

_VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def arguments() -> argparse.ArgumentParser:
    names = ", ".join(row.name for row in ROWS)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures ipcluster beside its peers and prints ratios.",
        epilog=f"rows: {names}. peers: {', '.join(PEERS)}. See benchmarks/README.md.",
    )
    parser.add_argument("rows", nargs="*", help="which; default: all of them")
    parser.add_argument(
        "--peers", help="only these, separated by commas; 'none' for none"
    )
    parser.add_argument(
        "--peer-python",
        default=sys.executable,
        help="the interpreter that has the peers: loky, ray, ..., ipython, xonsh",
    )
    parser.add_argument("--runs", type=int, help="of each row; default 5, quick 3")
    parser.add_argument("--quick", action="store_true", help="less work in each run")
    parser.add_argument("--record", action="store_true", help="append to RESULTS.md")
    return parser


def chosen_rows(names: Sequence[str], parser: argparse.ArgumentParser) -> list[Row]:
    known = [row.name for row in ROWS]
    for name in names:
        if name not in known:
            parser.error(f"no row {name!r}; there are {', '.join(known)}")
    return [row for row in ROWS if not names or row.name in names]


def chosen_peers(given: str | None, parser: argparse.ArgumentParser) -> list[str]:
    if given is None:
        return list(PEERS)
    names = [name for name in given.split(",") if name not in ("", "none")]
    for name in names:
        if name not in PEERS:
            parser.error(f"no peer {name!r}; there are {', '.join(PEERS)}")
    return names


def installed(python: str, packages: Sequence[str]) -> dict[str, str]:
    """The versions of those that this interpreter has."""
    command = [python, "-c", _VERSIONS, *packages]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60)
    versions: dict[str, str] = json.loads(found.stdout)
    return versions


def interpreter_of(peer_python: str) -> Callable[[str], str]:
    optional = {kind.name for kind in (*OPTIONAL, *OPTIONAL_SHELLS, *OPTIONAL_KERNELS)}
    return lambda system: peer_python if system in optional else sys.executable


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = arguments()
    options = parser.parse_args(argv)
    rows = chosen_rows(options.rows, parser)
    peers = chosen_peers(options.peers, parser)
    runs = options.runs or (3 if options.quick else 5)
    asked = {peer for row in rows for peer in row.peers}
    wanted = {p: PACKAGES[p] for p in peers if p in PACKAGES and p in asked}
    versions = installed(options.peer_python, list(wanted.values()))
    for peer, package in wanted.items():
        if package not in versions:
            peers.remove(peer)
            print(f"{peer} is missing: pip install 'ipcluster[benchmark]' brings it")
    results = []
    for row in rows:
        systems = [*row.ours, *[peer for peer in row.peers if peer in peers]]
        samples = run_row(
            row,
            systems,
            runs,
            quick=options.quick,
            python_of=interpreter_of(options.peer_python),
            say=say,
        )
        results.append(Result(row, samples))
        print(as_text(results[-1]), flush=True)
    if len(results) > 1:
        print(summary(results))
    if options.record:
        ours = installed(sys.executable, ["ipcluster", "pyzmq", "msgspec", "numpy"])
        record(results, {**ours, **versions}, runs, quick=options.quick)
    return 0
